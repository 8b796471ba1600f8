//! What a gateway answers when it fails: `gatehouse:plugin/types.error`, as Rust.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cassette::Content;

/// The closed list of `gatehouse:plugin/types.error-kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuestErrorKind {
    /// The parameters can not be right.
    InvalidInput,
    /// The provider does not accept the credential.
    Unauthorized,
    /// The credential may not do this.
    Forbidden,
    /// The provider knows no such record.
    NotFound,
    /// The record's state does not allow this.
    Conflict,
    /// The provider understood and said no.
    Declined,
    /// Too many requests; nothing was done.
    RateLimited,
    /// The provider can not answer now; nothing was done.
    Unavailable,
    /// A write was sent and its answer never came.
    UnknownOutcome,
    /// The provider can not do this at all.
    Unsupported,
    /// Any other error that the provider reported.
    Provider,
}

/// An answer that says no: the gateway's `error` record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestError {
    /// What a caller branches on.
    pub kind: GuestErrorKind,
    /// A sentence for a person.
    pub message: String,
    /// The provider's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// The provider's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// How long the provider asks to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Who a credential belongs to at the provider: `gatehouse:plugin/types.account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// The provider's id of the account.
    pub id: String,
    /// A name a person would know it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether the account moves real money and real data.
    pub live: bool,
}

/// A provider's registration of one of our endpoints: `gatehouse:plugin/registrations.registration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WebhookRegistration")]
pub struct Registration {
    /// The provider's id of it.
    pub id: String,
    /// The address that is told.
    pub url: String,
    /// The provider's names of the events that are told of; `*` where it is all of them.
    pub events: Vec<String>,
    /// Whether the provider has it switched on.
    pub active: bool,
    /// When it ends by itself, in milliseconds since 1970; absent where it does not.
    pub expires_at_ms: Option<u64>,
}

/// A page of a provider's own list of events: `gatehouse:plugin/backfill.event-page`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// The events, in any order.
    pub events: Vec<ListedEvent>,
    /// Where to go on; absent at the end.
    pub cursor: Option<String>,
}

/// An event of a provider's own list: `gatehouse:plugin/backfill.listed-event`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedEvent {
    /// The provider's id of it, the same as in the webhook.
    pub id: String,
    /// When it happened, in milliseconds since 1970.
    pub occurred_at_ms: u64,
    /// The body that the webhook would have had.
    pub body: Content,
}
