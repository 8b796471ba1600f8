//! The audit trail: a chain of entries for each tenant, and one for the operators.

use gatehouse_domain::audit::{AuditEntry, AuditHead};
use serde::{Deserialize, Serialize};

use crate::record::{GlobalRecord, Kind, Record, TenantRecord};

/// The end of the chain of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnd {
    /// Where the chain ends.
    pub head: AuditHead,
}

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
