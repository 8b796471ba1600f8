//! The API, one file a concern.

mod connect;
mod docs;
mod execute;
pub(crate) mod hooks;
mod integrations;
mod mapped;
mod market;
pub(crate) mod matrix;
mod once;
mod plugins;
mod providers;
mod requirements;
mod resilience;
mod routing;
mod signed;
mod submissions;
mod tags;
mod tenancy;
mod told;
mod trust;
mod versions;
pub(crate) mod webhooks;
