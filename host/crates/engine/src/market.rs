//! The marketplace: what is offered to tenants and what is said of it. It decides who may newly
//! enable a plugin; what a plugin may do is none of its business.

mod listing;
mod withdraw;

pub use withdraw::Withdraw;
