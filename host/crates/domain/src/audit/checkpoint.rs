//! Checkpoints of the audit trail: signed statements of where every chain ended, to be kept where
//! the data is not. It makes no hash and no signature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::TenantId;
use crate::time::Timestamp;

/// Where one chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChainTip {
    /// Whose chain it is; absent for the operators' own.
    pub tenant: Option<TenantId>,
    /// The number of its newest entry.
    pub number: u64,
    /// That entry's hash.
    pub hash: String,
}

impl ChainTip {
    /// What a leaf of the tree is the hash of: the chain, the number and the hash, a line each.
    pub fn leaf(&self) -> String {
        format!("{}\n{}\n{}\n", chain_name(self.tenant), self.number, self.hash)
    }
}

/// A signed statement of where every chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditCheckpoint {
    /// Its number, from 1, without a gap.
    pub number: u64,
    /// When it was made.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How many chains there were.
    pub chains: u64,
    /// How many entries they had together, pruned ones too.
    pub entries: u64,
    /// The root of the Merkle tree (RFC 6962 §2.1, SHA-256) over [`ChainTip::leaf`] of every chain,
    /// the operators' first and then by the tenants' ids, in hexadecimal.
    pub root: String,
    /// SHA-256 of [`AuditCheckpoint::text`] of the one before, in hexadecimal;
    /// [`super::GENESIS`] for the first.
    pub previous: String,
    /// The Ed25519 signature (RFC 8032) of [`AuditCheckpoint::text`], in base64.
    pub signature: String,
    /// The ends that moved since the one before; of the others it says what that one said.
    pub ends: Vec<ChainTip>,
}

impl AuditCheckpoint {
    /// What is signed: a line for the form, then number, moment, chains, entries, root and
    /// previous, each with a line end behind it.
    pub fn text(&self) -> String {
        let Self { number, at, chains, entries, root, previous, .. } = self;
        format!("gatehouse audit checkpoint v1\n{number}\n{at}\n{chains}\n{entries}\n{root}\n{previous}\n")
    }
}

/// Where a chain begins whose older entries went with their retention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditFloor {
    /// The number of the last entry that was pruned.
    pub number: u64,
    /// Its hash.
    pub hash: String,
    /// When it was pruned.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// HMAC-SHA-256 under the key that seals entries, of the chain, the number and the hash: nobody
    /// else can take entries away from the front.
    pub seal: String,
}

impl AuditFloor {
    /// What is sealed.
    pub fn text(&self, tenant: Option<TenantId>) -> String {
        format!("gatehouse audit floor v1\n{}\n{}\n{}\n", chain_name(tenant), self.number, self.hash)
    }
}

fn chain_name(tenant: Option<TenantId>) -> String {
    tenant.map_or_else(|| "operators".to_owned(), |tenant| tenant.to_string())
}
