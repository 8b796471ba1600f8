//! A call: a fresh store and instance for one target, run under its limits, and thrown
//! away. Nothing of it survives into another call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::execution::{Cost, Fault, LogLine};
use gatehouse_domain::grant::Limits;
use gatehouse_domain::guest::{Account, GuestError, Registration};
use gatehouse_domain::webhook::Trust;
use serde_json::{Map, Value};

mod cancel;
pub(crate) mod contract;
pub(crate) mod journal;
pub(crate) mod meter;
pub(crate) mod run;
pub(crate) mod state;

pub use cancel::Cancel;
pub(crate) use cancel::CancelOnDrop;

use crate::egress::Egress;
use crate::plugin::Parameters;
use crate::tape::Tape;

/// The capability that [`Target::LookUp`] names for a change that was pushed by `sync.push`. Its
/// parameters are `entity`, `id` where the record has one, `deleted` and `data`; what is found is
/// the provider's id of the record, as a JSON string.
pub const SYNC_PUSH: &str = "SYNC_PUSH";

/// What is called.
#[derive(Debug, Clone)]
pub enum Target {
    /// A capability, with parameters that [`crate::Plugin::parse`] made for this version.
    Capability(Parameters),
    /// `gatehouse:plugin/connection.test`; answers an [`Account`] as JSON.
    ConnectionTest,
    /// `gatehouse:plugin/webhook.parse`, with a delivery that was verified. Answers an array
    /// of events: `id`, `kind`, `provider_kind`, `occurred_at_ms`, `subject` where there is
    /// one, and `data`, an object.
    ParseWebhook {
        /// How far it is to be believed.
        trust: Trust,
        /// The headers, names in lower case, without the signature.
        headers: Vec<(String, String)>,
        /// The raw body.
        body: Vec<u8>,
    },
    /// `gatehouse:plugin/sync.pull`. Answers `records` (`id`, `updated_at_ms` where known,
    /// `deleted`, `data`), `cursor` where there is more, and `complete`.
    SyncPull {
        /// The entity.
        entity: String,
        /// Where to go on; from the beginning where absent.
        cursor: Option<String>,
        /// How many records at most.
        limit: u32,
    },
    /// `gatehouse:plugin/sync.push`. Answers an array of outcomes: `reference`, and either
    /// `ok` with the provider's id or `error` with a [`GuestError`].
    SyncPush {
        /// The entity.
        entity: String,
        /// What to write.
        changes: Vec<Change>,
    },
    /// `gatehouse:plugin/outcomes.look-up`. Answers an object with `kind`: `done` with the
    /// capability's result as `value`, checked against its type; `refused` with a [`GuestError`]
    /// as `value`; `absent`; or `pending`.
    LookUp(Write),
    /// `gatehouse:plugin/registrations.list-registrations`. Answers an array of [`Registration`]s.
    ListRegistrations,
    /// `gatehouse:plugin/registrations.register`. Answers an array of [`Registration`]s.
    Register {
        /// Our address.
        url: String,
        /// The provider's names of events.
        events: Vec<String>,
    },
    /// `gatehouse:plugin/registrations.renew-registration`. Answers a [`Registration`].
    RenewRegistration {
        /// The one to renew.
        registration: Registration,
        /// The events that it is to tell of.
        events: Vec<String>,
    },
    /// `gatehouse:plugin/registrations.unregister`. Answers null.
    Unregister {
        /// The provider's id of the registration.
        id: String,
    },
    /// `gatehouse:plugin/backfill.list-events`. Answers an [`gatehouse_domain::guest::EventPage`].
    ListEvents {
        /// From this moment on, in milliseconds since 1970.
        since_ms: u64,
        /// The provider's names of events.
        events: Vec<String>,
        /// Where to go on; the first page where absent.
        cursor: Option<String>,
    },
}

/// A write whose outcome is to be looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The capability's code.
    pub capability: String,
    /// Its parameters, without secrets.
    pub parameters: Value,
    /// The idempotency key that the call was made under.
    pub reference: String,
    /// When it was first sent, in milliseconds since 1970.
    pub first_sent_at_ms: u64,
    /// When it was last sent, in milliseconds since 1970.
    pub last_sent_at_ms: u64,
}

/// One change to push.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Our reference, the same for every attempt.
    pub reference: String,
    /// The provider's id, where the record exists there.
    pub id: Option<String>,
    /// Whether the record is to be deleted.
    pub deleted: bool,
    /// The record.
    pub data: Map<String, Value>,
}

/// What one call is given.
#[derive(Clone)]
pub struct Call {
    /// Where its requests go.
    pub egress: Arc<dyn Egress>,
    /// The integration's settings.
    pub settings: Map<String, Value>,
    /// The key that makes its writes safe to repeat: the same for every attempt.
    pub idempotency_key: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The account that the last connection test found.
    pub account: Option<Account>,
    /// What it may use.
    pub limits: Limits,
    /// Ends it early when it is set off.
    pub cancel: Option<Cancel>,
    /// Whether it is recorded or played.
    pub tape: Tape,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The answer, or why there is none.
    pub outcome: Answer,
    /// What it used.
    pub cost: Cost,
    /// Lines that the gateway wrote, without secrets.
    pub log: Vec<LogLine>,
    /// How long its fresh instance took to make, where it was made.
    pub instantiation: Option<Duration>,
}

/// A gateway's answer. That it says no and that it fails to answer are different things.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It answered with a result.
    Ok(Value),
    /// It answered that it can not.
    Refused(GuestError),
    /// It did not answer.
    Fault(Fault),
}

impl Answer {
    /// Which of the three it is, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::Refused(_) => "refused",
            Self::Fault(_) => "fault",
        }
    }
}

impl Target {
    /// The function's name, for reports.
    pub(crate) fn function(&self) -> &str {
        match self {
            Self::Capability(parameters) => &parameters.function,
            Self::ConnectionTest => "connection.test",
            Self::ParseWebhook { .. } => "webhook.parse",
            Self::SyncPull { .. } => "sync.pull",
            Self::SyncPush { .. } => "sync.push",
            Self::LookUp(_) => "outcomes.look-up",
            Self::ListRegistrations => "registrations.list-registrations",
            Self::Register { .. } => "registrations.register",
            Self::RenewRegistration { .. } => "registrations.renew-registration",
            Self::Unregister { .. } => "registrations.unregister",
            Self::ListEvents { .. } => "backfill.list-events",
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("attempt", &self.attempt).field("limits", &self.limits).finish_non_exhaustive()
    }
}
