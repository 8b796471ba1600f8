//! One run of the sync of one entity: what it was asked for, where it stands, and what it did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{IntegrationId, RunId};
use crate::manifest::SyncDirection;
use crate::time::Timestamp;

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// Everything from the beginning.
    Full,
    /// What changed since the mark; everything where there is none.
    Incremental,
    /// Everything from the beginning, and every record is told of again even where it is as it was.
    Reset,
}

/// What began a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody asked for it.
    Manual,
    /// Its time had come.
    Schedule,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for its turn.
    Queued,
    /// It is at work.
    Running,
    /// It waits until it may go on by itself: for a limit of the provider, or after a failure.
    Waiting,
    /// It waits for a person: it would delete too much.
    Held,
    /// It did what it was to do.
    Succeeded,
    /// It ended without its goal.
    Failed,
    /// It was ended early, as its integration or entity was switched off.
    Cancelled,
    /// A person decided that what it would have deleted stays.
    Discarded,
}

/// What a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It reads pages.
    Pull,
    /// It looks for records that the provider no longer has.
    Sweep,
    /// It pushes changes.
    Push,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "RunCounts")]
pub struct Counts {
    /// Records that the provider sent, also those that were as known.
    pub read: u64,
    /// Records that were not known.
    pub added: u64,
    /// Records that had changed.
    pub updated: u64,
    /// Records that are gone.
    pub deleted: u64,
    /// Records that were as known, our own pushes that came back among them.
    pub unchanged: u64,
    /// Records that could not be taken in or pushed.
    pub failed: u64,
    /// Changes that the provider took.
    pub pushed: u64,
    /// Records that both sides had changed.
    pub conflicts: u64,
    /// Changes of which nobody knows whether the provider took them, and which wait for a person.
    pub held: u64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncRun {
    /// Its identifier.
    pub id: RunId,
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// What it reads.
    pub mode: RunMode,
    /// Which ways records travel.
    pub direction: SyncDirection,
    /// What began it.
    pub trigger: Trigger,
    /// Where it stands.
    pub state: RunState,
    /// Why it waits, is held or did not reach its goal.
    pub reason: Option<String>,
    /// Until when it waits.
    #[schemars(with = "Option<String>")]
    pub waits_until: Option<Timestamp>,
    /// What it is at.
    pub phase: Phase,
    /// The cursor of the page that is to be read next.
    pub cursor: Option<String>,
    /// The cursor that the last page was read with.
    pub mark: Option<String>,
    /// Whether it began at the beginning, so that it can find out what is gone.
    pub from_start: bool,
    /// Whether it has read every page.
    pub read_all: bool,
    /// Whether the gateway said that every record was seen.
    pub complete: bool,
    /// When its pull began; a later round begins anew.
    #[schemars(with = "Option<String>")]
    pub pull_began_at: Option<Timestamp>,
    /// The version of the entity's mapping that its records pass through; none where there was none
    /// when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<u32>,
    /// How many pages it has read.
    pub pages: u64,
    /// What it did.
    pub counts: Counts,
    /// How many records were known when it began.
    pub known_before: u64,
    /// How many records it found to be gone.
    pub missing: Option<u64>,
    /// Whether a person said that they may be deleted.
    pub approved: bool,
    /// How often its pull was made anew to find out what became of a push.
    pub rounds: u32,
    /// How often it failed in a row.
    pub failures: u32,
    /// When it was asked for.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was first at work.
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When anything of it changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
    /// How long it was at work, in milliseconds, without its waits.
    pub busy_ms: u64,
}

impl RunState {
    /// Whether a run in this state is over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Discarded)
    }
}
