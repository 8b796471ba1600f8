//! The worlds of `gatehouse:payments`, one for each interface.

pub mod captures;
pub mod charges;
pub mod customers;
pub mod links;
pub mod payment_cancelling;
pub mod refunds;
pub mod transactions;
pub mod types;
