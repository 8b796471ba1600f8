//! Syncs: which records of an integration are pulled and pushed, how a run stands, and what
//! became of each record. Shapes and states only; nothing here asks a provider.

mod change;
mod log;
mod record;
mod run;
mod settings;

pub use change::{ChangeState, SyncChange};
pub use log::{Excerpt, LogAction, LogOutcome, SyncLog};
pub use record::{Action, Origin, SyncFeed, SyncedRecord};
pub use run::{Counts, Phase, RunMode, RunState, SyncRun, Trigger};
pub use settings::{ConflictRule, EntitySettings, SyncSchedule};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{IntegrationId, RunId};
use crate::time::Timestamp;

/// The longest pause between two runs, in minutes: a year.
pub const LONGEST_MINUTES: u32 = 365 * 24 * 60;
/// The longest id of a record at a provider, in bytes.
pub const LONGEST_RECORD_ID: usize = 512;

/// SHA-256 of a record's content as canonical JSON, in hexadecimal.
pub type ContentHash = String;

/// Names that paths have for other things.
const RESERVED: [&str; 5] = ["settings", "status", "logs", "runs", "preview"];

/// Whether a text can name an entity.
pub fn is_entity_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    (1..=64).contains(&name.len()) && begins && name.bytes().all(fits) && !RESERVED.contains(&name)
}

/// Where the sync of one entity stands between its runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncState {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// The cursor that the next incremental run begins with: the one that the last page was read
    /// with, so that this page is read again and nothing between two runs is missed.
    pub mark: Option<String>,
    /// When the mark was taken.
    #[schemars(with = "Option<String>")]
    pub mark_at: Option<Timestamp>,
    /// How many records are known and not deleted.
    pub known: u64,
    /// The run that is under way or held; there is never a second one.
    pub current: Option<RunId>,
    /// The last run that ended.
    pub last_run: Option<RunId>,
    /// When a run last ended well.
    #[schemars(with = "Option<String>")]
    pub last_success_at: Option<Timestamp>,
    /// How many runs have ended.
    pub runs: u64,
    /// How many of them ended well.
    pub succeeded: u64,
    /// The time that the ended runs took together, from their start to their end, in milliseconds.
    pub total_ms: u64,
    /// Records that the last run read or wrote.
    pub last_count: u64,
    /// Records that failed in the last run.
    pub last_failed: u64,
}

impl SyncState {
    /// Before the first run.
    pub fn new(integration: IntegrationId, entity: &str) -> Self {
        Self {
            integration,
            entity: entity.to_owned(),
            mark: None,
            mark_at: None,
            known: 0,
            current: None,
            last_run: None,
            last_success_at: None,
            runs: 0,
            succeeded: 0,
            total_ms: 0,
            last_count: 0,
            last_failed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_have_plain_names() {
        for (name, fits) in [
            ("contacts", true),
            ("tax_rates-2", true),
            ("", false),
            ("2nd", false),
            ("A", false),
            ("a/b", false),
            ("a\0", false),
            ("runs", false),
        ] {
            assert_eq!(is_entity_name(name), fits, "{name}");
        }
        assert!(!is_entity_name(&"x".repeat(65)));
    }
}
