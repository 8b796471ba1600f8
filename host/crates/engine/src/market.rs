//! The marketplace: what is offered to tenants and what is said of it. It decides who may newly
//! enable a plugin; what a plugin may do is none of its business.

mod available;
mod listing;
mod reviews;
mod shown;
mod uses;
mod withdraw;

pub use available::{Available, Known, Own, Search};
pub use shown::{Content, Which};
pub(crate) use uses::Uses;
pub use withdraw::Withdraw;
