//! Where jobs wait: one small record for each waiting job, whose key is its place. Lanes, times
//! and groups are read as ranges of keys.

use gatehouse_domain::id::{JobId, TenantId};
use gatehouse_domain::job::{Class, Job, JobState};
use gatehouse_domain::schedule::Schedule;
use gatehouse_domain::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::{GroupKey, digest, group_key, tenant_bytes};
use crate::page::Cursor;
use crate::record::{GlobalRecord, Kind, Record, RecordId};

/// Where a waiting job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// In its tenant's lane, to be claimed. Lanes hold no job that is not due.
    Due(Class, Option<TenantId>),
    /// Until its time, in milliseconds since 1970.
    Later(i64),
    /// Behind its group.
    Behind(GroupKey),
    /// Not a job but a schedule's next tick, in milliseconds since 1970. The sixteen bytes are
    /// a digest of its name.
    Tick(i64),
}

/// A waiting job's place. The value is the job's kind, or the name of the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyJob {
    /// Where it waits.
    pub place: Place,
    /// The job.
    pub job: JobId,
    /// Its kind; the schedule's name for a tick.
    pub kind: String,
}

impl ReadyJob {
    /// Where this job waits; `None` for one that does not.
    pub fn of(job: &Job) -> Option<Self> {
        let place = match &job.state {
            JobState::Ready => Place::Due(job.class, job.tenant),
            JobState::Delayed { run_at, .. } => Place::Later(run_at.as_millisecond()),
            JobState::Queued => Place::Behind(group_key(job.tenant, job.group.as_deref()?)),
            JobState::Running | JobState::Dead { .. } => return None,
        };
        Some(Self { place, job: job.id, kind: job.kind.clone() })
    }

    /// What the ids of all due jobs of a class begin with.
    pub fn class_prefix(class: Class) -> Vec<u8> {
        vec![DUE, class as u8]
    }

    /// What the ids of the jobs in a lane begin with.
    pub fn lane_prefix(class: Class, tenant: Option<TenantId>) -> Vec<u8> {
        let mut bytes = Self::class_prefix(class);
        bytes.extend_from_slice(&tenant_bytes(tenant));
        bytes
    }

    /// The place after all jobs of a lane.
    pub fn lane_end(class: Class, tenant: Option<TenantId>) -> Cursor {
        let mut bytes = Self::lane_prefix(class, tenant);
        bytes.extend_from_slice(&[0xff; 16]);
        Cursor(bytes)
    }

    /// The place of a record in its list.
    pub fn cursor(&self) -> Cursor {
        Cursor(self.id().key_bytes())
    }

    /// What the ids of jobs that wait for their time begin with.
    pub fn later_prefix() -> Vec<u8> {
        vec![LATER]
    }

    /// What the ids of ticks begin with.
    pub fn tick_prefix() -> Vec<u8> {
        vec![TICK]
    }

    /// What the ids of the jobs behind any group, or behind one, begin with.
    pub fn behind_prefix(group: Option<&GroupKey>) -> Vec<u8> {
        let mut bytes = vec![BEHIND];
        bytes.extend_from_slice(group.map_or(&[][..], |group| group));
        bytes
    }

    /// The place after all jobs behind a group.
    pub fn behind_end(group: &GroupKey) -> Cursor {
        let mut bytes = Self::behind_prefix(Some(group));
        bytes.extend_from_slice(&[0xff; 16]);
        Cursor(bytes)
    }

    /// The place of a schedule's next tick.
    pub fn tick(schedule: &Schedule) -> Self {
        let [digest @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest(&[schedule.name.as_bytes()]);
        let place = Place::Tick(schedule.next_at.as_millisecond());
        Self { place, job: JobId::from_bytes(digest), kind: schedule.name.clone() }
    }
}

const DUE: u8 = 0;
const LATER: u8 = 1;
const BEHIND: u8 = 2;
const TICK: u8 = 3;

impl RecordId for (Place, JobId) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = match self.0 {
            Place::Due(class, tenant) => ReadyJob::lane_prefix(class, tenant),
            Place::Later(at) => [&[LATER], at.max(0).to_be_bytes().as_slice()].concat(),
            Place::Behind(group) => ReadyJob::behind_prefix(Some(&group)),
            Place::Tick(at) => [&[TICK], at.max(0).to_be_bytes().as_slice()].concat(),
        };
        bytes.extend_from_slice(&self.1.to_bytes());
        bytes
    }
}

/// The opposite of `key_bytes`.
fn place(id: &[u8]) -> Option<(Place, JobId)> {
    let (&sort, rest) = id.split_first()?;
    let (rest, job) = rest.split_last_chunk::<16>()?;
    let place = match sort {
        DUE => {
            let (class, tenant) = rest.split_first()?;
            let tenant: [u8; 16] = tenant.try_into().ok()?;
            let tenant = (tenant != [0; 16]).then(|| TenantId::from_bytes(tenant));
            Place::Due(*Class::ALL.get(usize::from(*class))?, tenant)
        }
        LATER => Place::Later(i64::from_be_bytes(rest.try_into().ok()?)),
        BEHIND => Place::Behind(rest.try_into().ok()?),
        TICK => Place::Tick(i64::from_be_bytes(rest.try_into().ok()?)),
        _ => return None,
    };
    Some((place, JobId::from_bytes(*job)))
}

impl Record for ReadyJob {
    const KIND: Kind = Kind::ReadyJob;
    const SCHEMA: u8 = 1;
    type Id = (Place, JobId);
    fn id(&self) -> Self::Id {
        (self.place, self.job)
    }
    fn encode(&self) -> Result<Vec<u8>> {
        Ok(self.kind.clone().into_bytes())
    }
    fn decode(id: &[u8], bytes: &[u8]) -> Result<Self> {
        let corrupt = || Error::new(ErrorKind::Corrupt, "the place of a waiting job can not be read");
        let (place, job) = place(id).ok_or_else(corrupt)?;
        let kind = String::from_utf8(bytes.to_vec()).map_err(|_| corrupt())?;
        Ok(Self { place, job, kind })
    }
}
impl GlobalRecord for ReadyJob {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_key() {
        let tenant = TenantId::new(7, [1; 10]);
        let job = JobId::new(9, [2; 10]);
        for at in [
            Place::Due(Class::Interactive, None),
            Place::Due(Class::Bulk, Some(tenant)),
            Place::Later(1_700_000_000_000),
            Place::Behind([3; 16]),
            Place::Tick(5),
        ] {
            assert_eq!(place(&(at, job).key_bytes()), Some((at, job)));
        }
        for wrong in [&[][..], &[9; 30], &[DUE; 17], &[LATER; 20]] {
            assert_eq!(place(wrong), None, "{wrong:?}");
        }
    }
}
