//! The audit trail: a chain of entries for each tenant, and one for the operators, with what
//! checkpoints say of them.

use gatehouse_domain::audit::{AuditCheckpoint, AuditEntry, AuditFloor, AuditHead};
use gatehouse_domain::id::TenantId;
use serde::{Deserialize, Serialize};

use crate::record::{GlobalRecord, Kind, Record, RecordId, TenantRecord};

/// The end of the chain of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnd {
    /// Where the chain ends.
    pub head: AuditHead,
}

/// What the deployment keeps of one chain beside its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditMark {
    /// Whose chain it is; absent for the operators' own.
    pub tenant: Option<TenantId>,
    /// Where it ended at the newest checkpoint that names it.
    pub covered: AuditHead,
    /// Where it begins; absent as long as nothing of it was pruned.
    pub floor: Option<AuditFloor>,
}

/// Whose chain something is about; none for the operators' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainName(pub Option<TenantId>);

impl RecordId for ChainName {
    fn key_bytes(&self) -> Vec<u8> {
        self.0.map_or_else(|| vec![0], |tenant| [&[1], tenant.to_bytes().as_slice()].concat())
    }
}

impl Record for AuditMark {
    const KIND: Kind = Kind::AuditMark;
    const SCHEMA: u8 = 1;
    type Id = ChainName;
    fn id(&self) -> ChainName {
        ChainName(self.tenant)
    }
}
impl GlobalRecord for AuditMark {}

impl Record for AuditCheckpoint {
    const KIND: Kind = Kind::AuditCheckpoint;
    const SCHEMA: u8 = 1;
    type Id = u64;
    fn id(&self) -> u64 {
        self.number
    }
}
impl GlobalRecord for AuditCheckpoint {}

impl Record for AuditEntry {
    const KIND: Kind = Kind::AuditEntry;
    const SCHEMA: u8 = 1;
    type Id = u64;
    fn id(&self) -> u64 {
        self.statement.number
    }
}
impl TenantRecord for AuditEntry {}
impl GlobalRecord for AuditEntry {}

impl Record for ChainEnd {
    const KIND: Kind = Kind::ChainEnd;
    const SCHEMA: u8 = 1;
    type Id = ();
    fn id(&self) -> Self::Id {}
}
impl TenantRecord for ChainEnd {}
impl GlobalRecord for ChainEnd {}
