//! The audit trail: who changed what, when, in a chain of which no link can be altered,
//! taken out or put elsewhere without the later ones showing it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{KeyId, RequestId, TenantId};
use crate::time::Timestamp;

mod checkpoint;

pub use checkpoint::{AuditCheckpoint, AuditFloor, ChainTip};

/// The hash before the first entry of a chain.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// The holder of a key of the tenant's own.
    Key {
        /// The key.
        id: KeyId,
    },
    /// The holder of an operator's key, for the deployment or acting for a tenant.
    Operator {
        /// The key.
        id: KeyId,
    },
    /// Gatehouse itself, such as a resolver or a schedule.
    System,
}

/// What one entry says. Records are named by the digests of their JSON: the trail proves what
/// was there without keeping a second copy of it.
///
/// A digest is the SHA-256 of the record as compact JSON, in UTF-8, without a space or a line end
/// around it, its fields in the order in which they are stored. The API answers tenants, roles and
/// policies in this very form, so who kept such an answer byte by byte checks it with
/// `sha256sum`. `before` of an entry is `after` of the one before it for the same target, as long
/// as nothing that is not audited, such as the outcome of a test, changed the record in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// Its place in the chain, from 1, without a gap.
    pub number: u64,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Whose chain it is; absent for the operators' own.
    pub tenant: Option<TenantId>,
    /// What was done, such as `integration.created`.
    pub action: String,
    /// To what: an id, or a name where the thing has none.
    pub target: String,
    /// The request that asked for it.
    pub request: Option<RequestId>,
    /// SHA-256 of the record before, in hexadecimal.
    pub before: Option<String>,
    /// SHA-256 of the record after, in hexadecimal.
    pub after: Option<String>,
    /// How often, in an entry that stands for several of the same; absent in any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Actor {
    /// Whether `text` names it: its key's id, or its kind.
    pub fn is(&self, text: &str) -> bool {
        match self {
            Self::Key { id } => text == "key" || text == id.to_string(),
            Self::Operator { id } => text == "operator" || text == id.to_string(),
            Self::System => text == "system",
        }
    }
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// What it says.
    #[serde(flatten)]
    pub statement: Statement,
    /// The hash of the entry before; [`GENESIS`] for the first.
    pub previous: String,
    /// SHA-256 over a zero byte, `previous` and the statement's JSON, in hexadecimal.
    pub hash: String,
    /// HMAC-SHA-256 of `hash` under a key of the deployment, in hexadecimal: who can write to the
    /// disk and has not the root key can not make a chain of their own.
    pub seal: String,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditHead {
    /// The number of the newest entry; 0 for an empty chain.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

impl Default for AuditHead {
    fn default() -> Self {
        Self { number: 0, hash: GENESIS.to_owned() }
    }
}
