//! What became of one record in one run. What was as known is counted and has no row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ContentHash;
use crate::id::{ChangeId, RunId};
use crate::time::Timestamp;

/// What was done, or was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogAction {
    /// A record was added.
    Added,
    /// A record was changed.
    Updated,
    /// A record was deleted.
    Deleted,
    /// A change was pushed.
    Pushed,
    /// A record that the provider sent could not be taken in.
    Pulled,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogOutcome {
    /// It was done.
    Done,
    /// It could not be done.
    Failed,
    /// Both sides had changed the record, and the provider's change stays.
    Conflict,
    /// It was sent, and nobody knows yet whether it was done.
    Unknown,
    /// It waits for a person.
    Held,
}

/// What went over the line, told by its digest and its size, and by its beginning where that
/// helps a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// The digest of the whole.
    pub hash: ContentHash,
    /// How many bytes the whole has, as JSON.
    pub bytes: u64,
    /// Its beginning, at most 4 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncLog {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// In which run.
    pub run: RunId,
    /// Of which entity.
    pub entity: String,
    /// The record's id at the provider, where it has one.
    pub record: Option<String>,
    /// The change that was pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeId>,
    /// What was done, or was to be done.
    pub action: LogAction,
    /// What became of it.
    pub outcome: LogOutcome,
    /// What was sent to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Excerpt>,
    /// What the provider sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Excerpt>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long the call took that it was part of, in microseconds.
    pub duration_us: u64,
}

impl Excerpt {
    /// The most bytes of a body that are kept.
    pub const MOST: usize = 4 << 10;
}
