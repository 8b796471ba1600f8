//! The use cases of Gatehouse. It decides what happens and in which order; it knows no
//! HTTP status, no database, no wasm and no plaintext secret.
//!
//! Read in this order: [`Engine`] and what it is made of, who asks, then one file a use case.

mod clock;
mod engine;
mod expression;
mod loaded;
mod name;
mod narrow;
pub mod sandbox;
mod schema;
mod work;

pub mod caller;
pub mod idempotency;
pub mod keys;
pub mod roles;
pub mod tag;
pub mod tenants;

pub mod rotation;

pub mod catalog;
pub mod compatibility;
pub mod installs;
pub mod market;
pub mod providers;
pub mod publishers;
pub mod trust;

pub mod integrations;
pub mod links;
pub mod oauth;

pub mod resilience;

pub mod batches;
pub mod cassettes;
pub mod deferred;
pub mod execute;
pub mod executions;
pub mod ledger;
pub mod rehearsal;
pub mod routing;

pub mod mapping;
pub mod subscriptions;
pub mod sync;
pub mod upkeep;
pub mod webhook;

pub mod audit;
pub mod events;
pub mod health;
pub mod metrics;

pub mod jobs;

mod housekeeping;
mod quarantine;
mod recover;

#[cfg(test)]
mod simulation;

pub use caller::Caller;
pub use clock::{Clock, SystemClock};
pub use engine::{Engine, Parts, Policy};
pub use health::{Component, Health, HealthLimits};

/// What the layers above hand down without being able to open it.
pub use gatehouse_broker::Credentials;
