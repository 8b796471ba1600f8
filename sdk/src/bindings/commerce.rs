//! The worlds of `gatehouse:commerce`, one for each interface.

pub mod customer_data;
pub mod inventory;
pub mod order_cancelling;
pub mod order_fulfilling;
pub mod orders;
pub mod products;
pub mod store_subscription_changes;
pub mod store_subscriptions;
pub mod types;
