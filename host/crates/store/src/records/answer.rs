//! Answers that are given again to requests with the same idempotency key.

use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record, TenantRecord};

/// The answer to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotentAnswer {
    /// A digest of the tenant, the route and the key; in hexadecimal in JSON.
    #[serde(with = "hex")]
    pub id: [u8; 32],
    /// A digest of the request: the same key with another request is refused.
    pub request_hash: String,
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// The tag of what was made, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Where what was made is, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The body, sealed, as an answer may hold a new key; absent where it was too large to keep.
    pub body: Option<String>,
    /// When the key may be used anew.
    pub expires_at: Timestamp,
}

impl Record for IdempotentAnswer {
    const KIND: Kind = Kind::IdempotentAnswer;
    const SCHEMA: u8 = 1;
    type Id = [u8; 32];
    fn id(&self) -> [u8; 32] {
        self.id
    }
}
impl TenantRecord for IdempotentAnswer {}
impl GlobalRecord for IdempotentAnswer {}
