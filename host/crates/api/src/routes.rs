//! One file a resource; each handler reads its input, asks the engine and shapes the answer.

pub(crate) mod audit;
pub(crate) mod available;
pub(crate) mod batches;
pub(crate) mod canaries;
pub(crate) mod capabilities;
pub(crate) mod cassettes;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod execute;
pub(crate) mod executions;
pub(crate) mod health;
pub(crate) mod installs;
pub(crate) mod integrations;
pub(crate) mod intent;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod mappings;
pub(crate) mod market;
pub(crate) mod metrics;
pub(crate) mod oauth;
pub(crate) mod plugins;
pub(crate) mod policies;
pub(crate) mod providers;
pub(crate) mod publishers;
pub(crate) mod records;
pub(crate) mod reviews;
pub(crate) mod roles;
pub(crate) mod rotation;
pub(crate) mod shown;
pub(crate) mod submissions;
pub(crate) mod subscriptions;
pub(crate) mod sync;
pub(crate) mod tenants;
pub(crate) mod versions;
pub(crate) mod webhooks;

use axum::Json;

use crate::problem::Failure;

/// What most handlers answer.
pub(crate) type Answer<T> = Result<Json<T>, Failure>;
