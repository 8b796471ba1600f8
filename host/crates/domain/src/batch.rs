//! Batches: many calls that are accepted at once, each with a result of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Problem;
use crate::execution::Outcome;
use crate::id::{BatchId, ExecutionId, KeyId};
use crate::time::Timestamp;

/// In which order the calls of a batch are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Several at a time, in no order.
    #[default]
    Parallel,
    /// One after the other, as they are listed.
    Sequential,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Batch {
    /// Its identifier.
    pub id: BatchId,
    /// The key that asked for it.
    pub actor: KeyId,
    /// In which order its calls are made.
    pub mode: Mode,
    /// Whether no further call is begun after one that did not succeed.
    pub stop_on_error: bool,
    /// How many calls it has.
    pub total: u32,
    /// What has become of them.
    pub counts: Counts,
    /// When it was accepted.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When somebody took back what was not begun.
    #[schemars(with = "Option<String>")]
    pub cancelled_at: Option<Timestamp>,
    /// When its last call ended.
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
    /// When a call of it ended last: one that can not be made for an hour after that is given up.
    #[schemars(with = "String")]
    pub moved_at: Timestamp,
}

/// How many calls of a batch there are, by what has become of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BatchCounts")]
pub struct Counts {
    /// Not begun.
    pub queued: u32,
    /// Under way.
    pub running: u32,
    /// Done.
    pub succeeded: u32,
    /// Failed or refused.
    pub failed: u32,
    /// Sent, and what became of them is being asked for.
    pub unknown: u32,
    /// Taken back before they had done anything.
    pub cancelled: u32,
}

impl Counts {
    /// Counts one more call.
    pub fn add(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Queued => &mut self.queued,
            Outcome::Running => &mut self.running,
            Outcome::Succeeded => &mut self.succeeded,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Cancelled => &mut self.cancelled,
        };
        *count += 1;
    }

    /// Whether every call has ended.
    pub fn all_ended(&self) -> bool {
        self.queued + self.running == 0
    }
}

/// One call of a batch. What it carries is sealed elsewhere until it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The batch.
    pub batch: BatchId,
    /// Its place in the batch, from 0.
    pub index: u32,
    /// The call's record, from the moment on in which it is begun.
    pub execution: ExecutionId,
    /// The capability's code.
    pub capability: String,
    /// The host app's own name for it.
    pub reference: Option<String>,
    /// Why it could not be begun.
    pub refused: Option<Refusal>,
}

/// Why a call was refused before anything of it left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// What was wrong, in a sentence.
    pub message: String,
    /// Where, in what was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Problem>,
}
