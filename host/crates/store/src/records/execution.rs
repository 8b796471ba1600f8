//! Executions, where to find an integration's, and the requests that must not run twice.

use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::{ExecutionId, IntegrationId, TenantId};
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{GlobalRecord, Kind, Record, TenantRecord};

/// Lists an integration's executions in the order of their time. Written with the execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionByIntegration {
    /// The integration.
    pub integration: IntegrationId,
    /// Its execution.
    pub execution: ExecutionId,
}

/// A request that was made with an idempotency key: the same key again is answered with the
/// same execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotentRequest {
    /// The caller's key, at most 255 bytes.
    pub key: String,
    /// A digest of the request: the same key with another request is refused.
    pub request_hash: String,
    /// What was begun.
    pub execution: ExecutionId,
    /// When the key may be used anew.
    pub expires_at: Timestamp,
    /// Whether another attempt may follow the execution, so that its failure is not the answer
    /// yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// A call whose outcome is not known yet. Written with the execution before anything is sent,
/// deleted with its outcome: what is left after a crash was interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Whose it is.
    pub tenant: TenantId,
    /// The call.
    pub execution: ExecutionId,
}

/// Lists the executions whose outcome is unknown, in the order of their time. Written with
/// the outcome, deleted when it is found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownExecution {
    /// The execution.
    pub execution: ExecutionId,
    /// Its integration.
    pub integration: IntegrationId,
}

impl Record for UnknownExecution {
    const KIND: Kind = Kind::UnknownExecution;
    const SCHEMA: u8 = 1;
    type Id = ExecutionId;
    fn id(&self) -> ExecutionId {
        self.execution
    }
}
impl TenantRecord for UnknownExecution {}

impl Record for Intent {
    const KIND: Kind = Kind::Intent;
    const SCHEMA: u8 = 1;
    type Id = ExecutionId;
    fn id(&self) -> ExecutionId {
        self.execution
    }
}
impl GlobalRecord for Intent {}

impl Record for Execution {
    const KIND: Kind = Kind::Execution;
    const SCHEMA: u8 = 1;
    type Id = ExecutionId;
    fn id(&self) -> ExecutionId {
        self.id
    }
}
impl TenantRecord for Execution {}

impl Record for ExecutionByIntegration {
    const KIND: Kind = Kind::ExecutionByIntegration;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, ExecutionId);
    fn id(&self) -> Self::Id {
        (self.integration, self.execution)
    }
}
impl TenantRecord for ExecutionByIntegration {}

impl Record for IdempotentRequest {
    const KIND: Kind = Kind::IdempotentRequest;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.key.clone()
    }
}
impl TenantRecord for IdempotentRequest {}
