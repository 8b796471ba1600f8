//! Jobs, and where each one waits, runs or ended. A job's own record says what it is; the
//! small records beside it are indexes that are written in the same commit.

mod place;

use gatehouse_domain::id::{JobId, TenantId};
use gatehouse_domain::job::Job;
use gatehouse_domain::schedule::Schedule;
use gatehouse_domain::time::Timestamp;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::encoding::hex;
use crate::record::{GlobalRecord, Kind, Record, RecordId};

pub use place::{Place, ReadyJob};

/// A digest of a tenant and the name of one of its groups.
pub type GroupKey = [u8; 16];

/// The right to settle a job. It exists as long as the claim does: whoever finds it gone has
/// lost the job. Only its time is ever replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLease {
    /// The job.
    pub job: JobId,
    /// Which of its claims.
    pub fence: u64,
    /// The job's kind.
    pub kind: String,
    /// The epoch of the server that claimed it.
    pub owner: u64,
    /// Until when, unless it is extended.
    pub until: Timestamp,
}

/// The job that waits under a unique key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobUnique {
    /// A digest of tenant, kind and key.
    #[serde(with = "hex")]
    pub key: [u8; 32],
    /// The job.
    pub job: JobId,
}

/// Lists the dead jobs of a tenant in the order of their deaths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    /// Whose it was.
    pub tenant: Option<TenantId>,
    /// When it was given up.
    pub at: Timestamp,
    /// The job, whose record is kept.
    pub job: JobId,
    /// Its kind.
    pub kind: String,
}

/// A group that is taken: by a job that runs, or by one that failed and is to be tried again.
/// A gate of another sort is kept beside it: code of a job kind that faulted again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobGroup {
    /// Taken by a job.
    Taken {
        /// The group.
        group: GroupKey,
        /// The job.
        job: JobId,
    },
    /// How often code faulted in a row.
    Faults {
        /// The kind of job.
        kind: String,
        /// What faulted, such as a plugin's version.
        key: String,
        /// How often, without a success in between.
        count: u32,
        /// When it was last so.
        at: Timestamp,
        /// The last fault's words.
        reason: String,
    },
}

/// How often the server was started over this data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeEpoch {
    /// Grows with each start.
    pub epoch: u64,
    /// The latest time that was seen, to know a clock that was set back meanwhile.
    pub seen_at: Timestamp,
}

impl JobUnique {
    /// The digest for a job's key.
    pub fn key_of(tenant: Option<TenantId>, kind: &str, key: &str) -> [u8; 32] {
        digest(&[&tenant_bytes(tenant), kind.as_bytes(), key.as_bytes()])
    }
}

impl DeadJob {
    /// What the ids of a tenant's dead jobs begin with.
    pub fn prefix_of(tenant: Option<TenantId>) -> Vec<u8> {
        tenant_bytes(tenant).to_vec()
    }
}

impl JobGroup {
    /// The id of a group.
    pub fn taken_id(group: &GroupKey) -> Vec<u8> {
        [&[0], group.as_slice()].concat()
    }

    /// The id of the faults of `key` in jobs of `kind`.
    pub fn faults_id(kind: &str, key: &str) -> Vec<u8> {
        [&[1], digest(&[kind.as_bytes(), key.as_bytes()]).as_slice()].concat()
    }

    /// What the ids of all faults begin with.
    pub fn faults_prefix() -> Vec<u8> {
        vec![1]
    }
}

/// The digest of a tenant's group.
pub fn group_key(tenant: Option<TenantId>, group: &str) -> GroupKey {
    let [key @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest(&[&tenant_bytes(tenant), group.as_bytes()]);
    key
}

/// Sixteen zero bytes stand for the deployment: a tenant's id holds the time it was made.
fn tenant_bytes(tenant: Option<TenantId>) -> [u8; 16] {
    tenant.map_or([0; 16], TenantId::to_bytes)
}

/// SHA-256 over the parts, each with its length, so that no two lists of parts are alike.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

impl Record for Job {
    const KIND: Kind = Kind::Job;
    const SCHEMA: u8 = 1;
    type Id = JobId;
    fn id(&self) -> JobId {
        self.id
    }
}
impl GlobalRecord for Job {}

impl RecordId for (JobId, u64) {
    fn key_bytes(&self) -> Vec<u8> {
        [self.0.to_bytes().as_slice(), &self.1.to_be_bytes()].concat()
    }
}

impl Record for JobLease {
    const KIND: Kind = Kind::JobLease;
    const SCHEMA: u8 = 1;
    type Id = (JobId, u64);
    fn id(&self) -> Self::Id {
        (self.job, self.fence)
    }
}
impl GlobalRecord for JobLease {}

impl Record for JobUnique {
    const KIND: Kind = Kind::JobUnique;
    const SCHEMA: u8 = 1;
    type Id = [u8; 32];
    fn id(&self) -> Self::Id {
        self.key
    }
}
impl GlobalRecord for JobUnique {}

/// The time is six bytes of milliseconds, as in ids, so that retention treats both alike.
impl RecordId for (Option<TenantId>, Timestamp, JobId) {
    fn key_bytes(&self) -> Vec<u8> {
        let [_, _, at @ ..] = self.1.as_millisecond().max(0).to_be_bytes();
        [tenant_bytes(self.0).as_slice(), &at, &self.2.to_bytes()].concat()
    }
}

impl Record for DeadJob {
    const KIND: Kind = Kind::DeadJob;
    const SCHEMA: u8 = 1;
    type Id = (Option<TenantId>, Timestamp, JobId);
    fn id(&self) -> Self::Id {
        (self.tenant, self.at, self.job)
    }
}
impl GlobalRecord for DeadJob {}

impl RecordId for Vec<u8> {
    fn key_bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl Record for JobGroup {
    const KIND: Kind = Kind::JobGroup;
    const SCHEMA: u8 = 1;
    type Id = Vec<u8>;
    fn id(&self) -> Vec<u8> {
        match self {
            Self::Taken { group, .. } => Self::taken_id(group),
            Self::Faults { kind, key, .. } => Self::faults_id(kind, key),
        }
    }
}
impl GlobalRecord for JobGroup {}

impl Record for Schedule {
    const KIND: Kind = Kind::Schedule;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.name.clone()
    }
}
impl GlobalRecord for Schedule {}

impl Record for NodeEpoch {
    const KIND: Kind = Kind::NodeEpoch;
    const SCHEMA: u8 = 1;
    type Id = ();
    fn id(&self) -> Self::Id {}
}
impl GlobalRecord for NodeEpoch {}
