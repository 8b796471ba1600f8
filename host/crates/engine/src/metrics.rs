//! Metrics: what is counted and timed, under which names, and the text that a scraper reads.
//!
//! Every name, unit, help text and label stands in one constant, in the file of its layer.
//! The layers below know nothing of metrics: the engine counts what they report. No label
//! holds what a guest or a caller made up, so the number of series is bounded.

mod circuits;
mod connections;
mod declared;
mod egress;
mod executions;
mod jobs;
mod plugins;
mod process;
mod registry;
mod series;
mod storage;
mod subscriptions;
mod syncs;
mod system;
mod webhooks;

pub use circuits::Circuits;
pub(crate) use circuits::NotClosed;
pub use connections::Connections;
pub use declared::{Declared, FAST_SECONDS, Kind, SECONDS};
pub use egress::Egress;
pub(crate) use executions::outcome;
pub use executions::{Executions, InFlight};
pub use jobs::Jobs;
pub use plugins::Plugins;
pub use registry::Registry;
pub use series::{Counters, Gauges, Histograms, MOST_SERIES, MOST_VALUES, Value};
pub(crate) use storage::Metered;
pub use storage::{Operation, Operations};
pub use subscriptions::Subscriptions;
pub use syncs::Syncs;
pub(crate) use system::{Readings, System};
pub use webhooks::{Received, Webhooks};

use gatehouse_domain::time::Timestamp;

/// All metrics of the engine, and the registry that others add theirs to.
pub struct Metrics {
    /// Everything that a scrape shows.
    pub registry: Registry,
    /// Calls of capabilities.
    pub executions: Executions,
    /// Requests to providers.
    pub egress: Egress,
    /// Runs of plugins, and loading them.
    pub plugins: Plugins,
    /// What the store does.
    pub store: Operations,
    /// Webhooks in.
    pub webhooks: Webhooks,
    /// Connecting.
    pub connections: Connections,
    /// Syncs.
    pub syncs: Syncs,
    /// Webhooks out.
    pub subscriptions: Subscriptions,
    /// Background jobs.
    pub jobs: Jobs,
    /// Circuit breakers.
    pub circuits: Circuits,
    /// What is read as a scrape comes.
    pub(crate) system: System,
}

impl Metrics {
    /// All metrics at zero, for a process that began at `started`.
    pub fn new(started: Timestamp) -> Self {
        let registry = Registry::default();
        Self {
            executions: Executions::new(&registry),
            egress: Egress::new(&registry),
            plugins: Plugins::new(&registry),
            store: Operations::new(&registry),
            webhooks: Webhooks::new(&registry),
            connections: Connections::new(&registry),
            syncs: Syncs::new(&registry),
            subscriptions: Subscriptions::new(&registry),
            jobs: Jobs::new(&registry),
            circuits: Circuits::new(&registry),
            system: System::new(&registry, started),
            registry,
        }
    }

    /// Every metric that the engine declares.
    pub fn declared() -> impl Iterator<Item = &'static Declared> {
        let layers: [&'static [&'static Declared]; 12] = [
            executions::DECLARED,
            egress::DECLARED,
            plugins::DECLARED,
            storage::DECLARED,
            webhooks::DECLARED,
            connections::DECLARED,
            syncs::DECLARED,
            subscriptions::DECLARED,
            jobs::DECLARED,
            circuits::DECLARED,
            system::DECLARED,
            process::DECLARED,
        ];
        layers.into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests;
