//! Cassettes: one call as it was recorded, with everything that crossed between the gateway and
//! the host. A call can be run again from its cassette alone. Nothing here records or replays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::execution::{Fault, LogLine};
use crate::guest::{Account, GuestError};
use crate::id::{CassetteId, IntegrationId};
use crate::plugin::PluginRef;
use crate::time::Timestamp;
use crate::webhook::Trust;

/// The version of the format. A cassette of a later one is refused.
pub const FORMAT: u32 = 1;

/// Which calls of an integration are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// None.
    Off,
    /// The first call of each function in a minute.
    #[default]
    Sample,
    /// Every call, as far as the server keeps up.
    All,
}

/// A recorded call. It holds no secret: the gateway never saw one, and what it saw was scrubbed
/// once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cassette {
    /// The version of this format, which is 1.
    pub format: u32,
    /// Its identifier. That of an execution's has the same 32 digits as the execution's own.
    pub id: CassetteId,
    /// Which integration was called.
    pub integration: IntegrationId,
    /// The provider's code.
    pub provider: String,
    /// The plugin version that ran.
    pub plugin: PluginRef,
    /// What was called, and with what.
    pub called: Called,
    /// What the call could ask of its context.
    pub context: Context,
    /// What the host answered as the gateway called it, in order within each kind.
    pub effects: Effects,
    /// What the gateway answered.
    pub answer: Answered,
    /// Lines that the gateway logged.
    pub log: Vec<LogLine>,
    /// When the call ended.
    #[schemars(with = "String")]
    pub recorded_at: Timestamp,
}

/// What was called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Called {
    /// A capability.
    Capability {
        /// Its code.
        capability: String,
        /// The parameters as the gateway got them.
        parameters: Value,
    },
    /// `webhook.parse`.
    ParseWebhook {
        /// How far the delivery is to be believed.
        trust: Trust,
        /// The headers, without the signature.
        headers: Vec<(String, String)>,
        /// The raw body.
        body: Content,
    },
    /// `sync.pull`.
    SyncPull {
        /// The entity.
        entity: String,
        /// Where to go on.
        cursor: Option<String>,
        /// How many records at most.
        limit: u32,
    },
    /// `sync.push`.
    SyncPush {
        /// The entity.
        entity: String,
        /// What was to be written.
        changes: Vec<PushedChange>,
    },
}

/// One change of a push.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PushedChange {
    /// Our reference.
    pub reference: String,
    /// The provider's id, where the record exists there.
    pub id: Option<String>,
    /// Whether the record is to be deleted.
    pub deleted: bool,
    /// The record.
    pub data: Map<String, Value>,
}

/// What a call can ask of its context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CassetteContext")]
pub struct Context {
    /// The integration's settings, with what is known of the account.
    pub settings: Map<String, Value>,
    /// The key that makes the call's writes safe to repeat.
    pub idempotency_key: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// The account that the last connection test had found.
    pub account: Option<Account>,
}

/// What the host answered as the gateway called it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effects {
    /// Requests to the provider with their answers, both as the gateway saw them.
    pub exchanges: Vec<Exchange>,
    /// Each answer to how much time is left, in milliseconds.
    pub remaining_ms: Vec<u64>,
    /// Each reading of the wall clock, in nanoseconds since 1970.
    pub wall_ns: Vec<u64>,
    /// Each reading of the monotonic clock, in nanoseconds.
    pub monotonic_ns: Vec<u64>,
    /// All random bytes that were given, in base64.
    pub random: String,
}

/// A request to the provider with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// What the gateway asked for, before the host attached any credential.
    pub request: Asked,
    /// What it got.
    pub response: Got,
}

/// A request as the gateway made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// A path relative to the base URL, or an absolute URL.
    pub url: String,
    /// Query pairs.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// The auth scheme that was named.
    pub auth: Option<String>,
    /// The idempotency key that was given.
    pub idempotency_key: Option<String>,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CassetteBody")]
pub enum Body {
    /// None.
    Empty,
    /// Bytes.
    Bytes(Content),
    /// A JSON document, as text.
    Json(String),
    /// Pairs of a form.
    Form(Vec<(String, String)>),
}

/// Bytes: as text where they are UTF-8, else in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CassetteContent")]
pub enum Content {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Base64(String),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Got {
    /// An answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Content,
    },
    /// None, and why.
    Failure {
        /// Which of the contract's `http-error` it is, such as `timeout`.
        error: String,
        /// What it says.
        message: String,
        /// The most bytes of an answer, for `too-large`.
        max: Option<u64>,
    },
}

/// What the gateway answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Answered {
    /// A result.
    Ok {
        /// It.
        result: Value,
    },
    /// That it can not.
    Refused {
        /// Why.
        error: GuestError,
    },
    /// Nothing: it was stopped.
    Fault {
        /// Why.
        fault: Fault,
    },
}

/// What is known of a cassette without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CassetteLabel")]
pub struct Label {
    /// Its identifier.
    pub id: CassetteId,
    /// Which integration was called.
    pub integration: IntegrationId,
    /// The plugin version that ran.
    pub plugin: PluginRef,
    /// What was called: a capability's code, or `webhook.parse`, `sync.pull contacts` and the like.
    pub function: String,
    /// The capability's code, where it was one.
    pub capability: Option<String>,
    /// How large it is, in bytes of JSON.
    pub bytes: u64,
    /// When the call ended.
    #[schemars(with = "String")]
    pub recorded_at: Timestamp,
}

impl Called {
    /// What was called, as [`Label::function`] says it.
    pub fn function(&self) -> String {
        match self {
            Self::Capability { capability, .. } => capability.clone(),
            Self::ParseWebhook { .. } => "webhook.parse".to_owned(),
            Self::SyncPull { entity, .. } => format!("sync.pull {entity}"),
            Self::SyncPush { entity, .. } => format!("sync.push {entity}"),
        }
    }

    /// The capability's code, where it is one.
    pub fn capability(&self) -> Option<&str> {
        if let Self::Capability { capability, .. } = self { Some(capability) } else { None }
    }
}

impl Cassette {
    /// Its label, with its size in bytes.
    pub fn label(&self, bytes: u64) -> Label {
        Label {
            id: self.id,
            integration: self.integration,
            plugin: self.plugin.clone(),
            function: self.called.function(),
            capability: self.called.capability().map(str::to_owned),
            bytes,
            recorded_at: self.recorded_at,
        }
    }
}
