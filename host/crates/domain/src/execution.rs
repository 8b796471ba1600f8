//! Executions: one record for each call of a capability.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::capability::Effect;
use crate::guest::GuestError;
use crate::id::{ExecutionId, IntegrationId, KeyId, RequestId, TenantId};
use crate::plugin::PluginRef;
use crate::routing::Decision;
use crate::time::Timestamp;

pub mod deferred;
pub mod mapped;
pub mod resolution;

pub use deferred::Deferred;
pub use mapped::Mapped;
pub use resolution::{How, Resolution, Unresolved};

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Accepted to be made later; nothing of it has left.
    Queued,
    /// Begun; a write that is still so after a crash is unknown.
    Running,
    /// The gateway answered with a result.
    Succeeded,
    /// It failed, and is known to have done nothing at the provider or to have been refused there.
    Failed,
    /// A write was sent and its answer never came. It is looked up, never assumed.
    Unknown,
    /// It was taken back before it had done anything.
    Cancelled,
}

/// The record of one call.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Execution {
    /// Its identifier.
    pub id: ExecutionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which integration was called.
    pub integration: IntegrationId,
    /// The provider's code.
    pub provider: String,
    /// The plugin version that ran.
    pub plugin: PluginRef,
    /// The capability's code.
    pub capability: String,
    /// Whether it can change something at the provider.
    pub effect: Effect,
    /// The key that asked.
    pub actor: KeyId,
    /// The request that asked.
    pub request: RequestId,
    /// The key that makes its writes safe to repeat.
    pub idempotency_key: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The parameters, without secrets.
    pub parameters: Value,
    /// The result, without secrets.
    pub result: Option<Value>,
    /// The gateway's answer, where it said no.
    pub error: Option<GuestError>,
    /// What stopped the gateway, where it could not answer.
    pub fault: Option<Fault>,
    /// Requests that went to the provider, in order, those of earlier tries among them.
    pub calls: Vec<ProviderCall>,
    /// How often the gateway was called: more than once only where nothing had been done.
    #[serde(default = "once")]
    pub tries: u32,
    /// Lines that the gateway logged.
    pub log: Vec<LogLine>,
    /// What it used.
    pub cost: Cost,
    /// When it began.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Whether the parameters are those that were asked for: nothing had to be taken out of
    /// them. Only then can the call be made again.
    #[serde(default)]
    pub exact_parameters: bool,
    /// A digest of the settings and of the version of the credential that it was sent with. With
    /// others the provider may know nothing of it, as of a call to another account.
    #[serde(default)]
    pub sent_as: String,
    /// The execution that this one makes again.
    #[serde(default)]
    pub replay_of: Option<ExecutionId>,
    /// What is being done to find out its outcome, while that is unknown.
    #[serde(default)]
    pub unresolved: Option<Unresolved>,
    /// How an outcome that was unknown was found out.
    #[serde(default)]
    pub resolution: Option<Resolution>,
    /// How the integration was chosen, where the call was by intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Which attempt at the intent it is, from 1.
    #[serde(default = "once")]
    pub attempt: u32,
    /// The attempt before this one, which had done nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover_of: Option<ExecutionId>,
    /// How it was accepted, where nobody waits for it: asynchronously, or in a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Deferred>,
    /// The mapping that it went through: its parameters are those after it, and so is its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapped>,
}

impl Execution {
    /// Whether the call is over. That of an unknown outcome is: what became of it is asked for
    /// by other means.
    pub fn has_ended(&self) -> bool {
        !matches!(self.outcome, Outcome::Queued | Outcome::Running)
    }
}

fn once() -> u32 {
    1
}

/// Why a gateway could not answer: a fault, as opposed to an answer that says no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// The component trapped.
    Trap {
        /// What the runtime reports.
        message: String,
        /// The component's frames, innermost first.
        backtrace: Vec<String>,
    },
    /// A limit was hit.
    Limit {
        /// Which one, by its name in the grant.
        limit: String,
        /// What it is set to, in the limit's unit.
        max: u64,
    },
    /// The host failed.
    Host {
        /// What happened, in terms safe to show.
        message: String,
    },
}

impl Fault {
    /// The fault in a sentence.
    pub fn describe(&self) -> String {
        match self {
            Self::Trap { message, .. } => format!("the gateway trapped: {message}"),
            Self::Limit { limit, max } => format!("the gateway hit its limit `{limit}` of {max}"),
            Self::Host { message } => message.clone(),
        }
    }

    /// Whether it speaks against the plugin's code. A provider that takes too long, and a host that
    /// fails, would do the same to any code.
    pub fn is_of_the_code(&self) -> bool {
        match self {
            Self::Trap { .. } => true,
            Self::Limit { limit, .. } => limit != "egress_ms",
            Self::Host { .. } => false,
        }
    }
}

/// One request to the provider, without secrets and without bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderCall {
    /// The method.
    pub method: String,
    /// Scheme, host and path; query values are left out.
    pub url: String,
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
    /// Bytes sent in the body.
    pub request_bytes: u64,
    /// Bytes received in the body.
    pub response_bytes: u64,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Whether it was a write whose answer never came.
    pub answer_lost: bool,
    /// Whether it is a `POST` that is known to only read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads: bool,
    /// What kind of reason [`ProviderCall::error`] is, to branch on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CallFailure>,
    /// What the answer said of the provider's limits, where it said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateSeen>,
}

impl ProviderCall {
    /// Whether it can have changed something at the provider (RFC 9110 §9.2.1).
    pub fn writes(&self) -> bool {
        !self.reads && !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}

/// Why a request has no answer that was passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallFailure {
    /// A rule refused it, or the request could not be right; nothing was sent.
    Refused,
    /// No connection was made: the provider has not seen it.
    Connect,
    /// It was sent and no whole answer came in time.
    Timeout,
    /// The connection or the answer broke.
    Interrupted,
    /// The answer was larger than the limit.
    TooLarge,
    /// The call had used up one of its own limits; nothing was sent.
    Limit,
}

/// What an answer said of the provider's limits, read from the headers that the manifest names
/// and from `Retry-After`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RateSeen {
    /// Requests left in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// Requests in a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Until the window begins anew, in milliseconds from the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_ms: Option<u64>,
    /// How long the provider asks to wait (RFC 9110 §10.2.3), in milliseconds from the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// One line that a gateway logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The line.
    pub message: String,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
}

/// What a call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Processor time, in epoch ticks of ten milliseconds; 0 is less than one.
    pub cpu_ticks: u64,
    /// The largest linear memory, in bytes.
    pub memory_bytes: u64,
    /// Calls from the component to the host.
    pub host_calls: u64,
    /// Time spent in the component and its imports, in microseconds.
    pub wall_us: u64,
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn what_any_code_would_meet_does_not_speak_against_the_code() {
        let limit = |limit: &str| Fault::Limit { limit: limit.to_owned(), max: 1 };
        for (fault, expect) in [
            (Fault::Trap { message: "unreachable".to_owned(), backtrace: Vec::new() }, true),
            (limit("cpu_ms"), true),
            (limit("memory_bytes"), true),
            (limit("wall_ms"), true),
            (limit("egress_ms"), false),
            (Fault::Host { message: "gone".to_owned() }, false),
        ] {
            assert_eq!(fault.is_of_the_code(), expect, "{fault:?}");
        }
    }
}
