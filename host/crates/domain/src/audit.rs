//! The audit trail: who changed what, when, in a chain of which no link can be altered,
//! taken out or put elsewhere without the later ones showing it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{KeyId, RequestId, TenantId};
use crate::time::Timestamp;

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
