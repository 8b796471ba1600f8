//! Calls that were accepted and are not over: what they carry, and the batches they belong to.

use gatehouse_domain::batch::{Batch, Item};
use gatehouse_domain::id::{BatchId, ExecutionId, KeyId, RequestId, TenantId};
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, RecordId, TenantRecord};

/// What is needed to make a call that was accepted: who asked, and exactly what for. It is there
/// as long as the call may be made. What deletes it takes the call back; a call is begun only in
/// a commit that finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedCall {
    /// The call.
    pub execution: ExecutionId,
    /// The key that asked.
    pub actor: KeyId,
    /// The tenant that an operator's key acted for.
    pub acting_for: Option<TenantId>,
    /// The request that asked.
    pub request: RequestId,
    /// The version of the tenant's key that it is sealed under.
    pub key_version: u32,
    /// What was asked for, sealed, as parameters may hold secrets; in base64.
    pub sealed: String,
}

impl Record for QueuedCall {
    const KIND: Kind = Kind::QueuedCall;
    const SCHEMA: u8 = 1;
    type Id = ExecutionId;
    fn id(&self) -> ExecutionId {
        self.execution
    }
}
impl TenantRecord for QueuedCall {}

impl Record for Batch {
    const KIND: Kind = Kind::Batch;
    const SCHEMA: u8 = 1;
    type Id = BatchId;
    fn id(&self) -> BatchId {
        self.id
    }
}
impl TenantRecord for Batch {}

/// A batch and a place in it.
impl RecordId for (BatchId, u32) {
    fn key_bytes(&self) -> Vec<u8> {
        [self.0.to_bytes().as_slice(), &self.1.to_be_bytes()].concat()
    }
}

impl Record for Item {
    const KIND: Kind = Kind::BatchItem;
    const SCHEMA: u8 = 1;
    type Id = (BatchId, u32);
    fn id(&self) -> Self::Id {
        (self.batch, self.index)
    }
}
impl TenantRecord for Item {}
