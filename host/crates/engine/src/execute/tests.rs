//! Executions for tests.

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{Cost, Execution, Outcome};
use gatehouse_domain::id::Id;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::time::Timestamp;
use serde_json::Value;

/// One that succeeded.
pub(crate) fn execution(provider: &str, capability: &str) -> Execution {
    Execution {
        id: Id::new(0, [1; 10]),
        tenant: Id::new(0, [2; 10]),
        integration: Id::new(0, [3; 10]),
        provider: provider.to_owned(),
        plugin: PluginRef { id: provider.to_owned(), version: semver::Version::new(1, 0, 0), digest: String::new() },
        capability: capability.to_owned(),
        effect: Effect::Write,
        actor: Id::new(0, [4; 10]),
        request: Id::new(0, [5; 10]),
        idempotency_key: String::new(),
        outcome: Outcome::Succeeded,
        parameters: Value::Null,
        result: None,
        error: None,
        fault: None,
        calls: Vec::new(),
        log: Vec::new(),
        tries: 1,
        cost: Cost::default(),
        started_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        duration_us: 1_500,
        exact_parameters: true,
        sent_as: String::new(),
        replay_of: None,
        unresolved: None,
        resolution: None,
        decision: None,
        attempt: 1,
        failover_of: None,
        deferred: None,
        mapping: None,
    }
}
