//! What is known of a call beside the call itself where it was accepted first and made later.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{BatchId, JobId};
use crate::time::Timestamp;

/// How a call that nobody waits for was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deferred {
    /// When it was accepted. Its `started_at` is when it was begun.
    #[schemars(with = "String")]
    pub accepted_at: Timestamp,
    /// The job that makes it; absent for a call of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The batch that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// What it waits for, where it could not be made at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}
