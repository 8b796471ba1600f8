//! Jobs: work that was accepted and is done later, at least once. Shapes and states only;
//! when and where a job runs is decided above.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{JobId, TenantId};
use crate::time::Timestamp;

/// How urgent a job is. A more urgent class is preferred, a less urgent one never starved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Somebody waits for it.
    Interactive,
    /// A provider told us something.
    Webhook,
    /// Everything else.
    Normal,
    /// Much work that nobody waits for.
    Bulk,
}

impl Class {
    /// All classes, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Interactive, Self::Webhook, Self::Normal, Self::Bulk];

    /// Its place among [`Class::ALL`].
    pub fn rank(self) -> usize {
        self as usize
    }
}

/// Where a job is in its life. A job that is done is no more: its record is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum JobState {
    /// It may run as soon as there is room.
    Ready,
    /// It waits for its time.
    Delayed {
        /// The time.
        #[schemars(with = "String")]
        run_at: Timestamp,
        /// When a wait of a given length began; none where the time itself was asked for.
        #[schemars(with = "Option<String>")]
        since: Option<Timestamp>,
    },
    /// It waits for the jobs of its group that came before it.
    Queued,
    /// It runs, under the lease with the job's fence.
    Running,
    /// It was given up; it is kept and can be replayed.
    Dead {
        /// When.
        #[schemars(with = "String")]
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

/// A try that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// When it ended.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What went wrong. Never a secret.
    pub reason: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    /// Its identifier. Ids of one server grow in the order of enqueueing.
    pub id: JobId,
    /// For whom it is done; none for work of the deployment.
    pub tenant: Option<TenantId>,
    /// What is to be done, such as `sync.pull`.
    pub kind: String,
    /// What the handler needs to know.
    pub payload: Value,
    /// How urgent it is.
    pub class: Class,
    /// Where it is in its life.
    #[serde(flatten)]
    pub state: JobState,
    /// Its key, where there may be only one waiting job of this kind with the same key.
    pub unique: Option<String>,
    /// Whether it is the one that waits under its key.
    pub holds_key: bool,
    /// Its group: jobs of the same tenant and group run one after the other, in order.
    pub group: Option<String>,
    /// How many tries were begun; a parked one does not count.
    pub tries: u32,
    /// How often it was claimed. Only the newest claim may settle it.
    pub fence: u64,
    /// Whether somebody asked to stop it while it runs.
    pub cancel: bool,
    /// The last tries that failed, oldest first; at most [`Job::FAILURES`].
    pub failures: Vec<Failure>,
    /// When it was enqueued.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
}

impl Job {
    /// How many failures are kept.
    pub const FAILURES: usize = 5;

    /// The most bytes of a reason that are kept.
    pub const REASON: usize = 1000;

    /// Notes a failure and forgets the oldest beyond [`Job::FAILURES`].
    pub fn note(&mut self, at: Timestamp, mut reason: String) {
        reason.truncate(reason.floor_char_boundary(Self::REASON));
        self.failures.push(Failure { at, reason });
        let beyond = self.failures.len().saturating_sub(Self::FAILURES);
        self.failures.drain(..beyond);
    }
}
