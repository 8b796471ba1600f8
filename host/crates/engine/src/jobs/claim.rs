//! Claiming: takes due jobs from the tenants' lanes in turn and puts them under leases, a batch
//! to a commit. One task of a server claims; its workers get what it claimed.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use gatehouse_domain::id::TenantId;
use gatehouse_domain::job::{Class, Job, JobState};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::{GroupKey, JobGroup, JobLease, Place, ReadyJob};
use gatehouse_store::{Change, Page, Stored};

use super::handler::Claimed;
use super::{Jobs, LEASE, after, place};

/// Which class goes first, claim by claim; the others follow in order of urgency. So each class
/// gets its share of a runner that never rests.
const FIRST: [Class; 16] = {
    use Class::{Bulk as B, Interactive as I, Normal as N, Webhook as W};
    [I, W, I, N, I, W, I, I, I, W, I, N, I, W, I, B]
};
/// The most jobs of one claim. Their payloads fit one commit.
const MOST: usize = 32;
/// The most jobs that one commit moves: some may have to go behind their groups.
const MOVED: usize = 64;

/// A tenant's lane within a class; `None` is the deployment's.
pub(crate) type Lane = Option<TenantId>;

/// How many jobs may be claimed, of which sort.
#[derive(Debug, Clone)]
pub struct Room {
    /// Of all.
    pub total: usize,
    /// Of each class, by its rank.
    pub classes: [usize; 4],
    /// Of one tenant, by what it has already; a tenant that is not here has nothing.
    pub tenants: HashMap<Lane, usize>,
    /// Of any one tenant.
    pub tenant: usize,
    /// How many jobs a tenant gets when it is its turn; one for a tenant that is not here.
    pub weights: Arc<HashMap<TenantId, u32>>,
}

/// Where the claiming has got to. It is a matter of fairness only and needs not be kept.
#[derive(Debug, Default)]
pub struct Turns {
    claim: usize,
    /// By class: the lane that was served last, and how many jobs of its turn it got.
    lanes: [Option<(Lane, usize)>; 4],
}

/// What one claim found.
#[derive(Default)]
struct Picked {
    /// To be claimed.
    jobs: Vec<Stored<Job>>,
    /// To go behind their groups, with the record that holds the group, if it is stored.
    behind: Vec<(Stored<Job>, Option<Stored<JobGroup>>)>,
    /// Groups of jobs of this claim, and whether the claim takes them or had them before.
    groups: HashMap<GroupKey, bool>,
}

impl Picked {
    /// Whether one commit moves no more.
    fn is_full(&self) -> bool {
        self.jobs.len() + self.behind.len() >= MOVED
    }
}

impl Room {
    /// Room for `total` jobs of any sort.
    pub fn of(total: usize) -> Self {
        Self { total, classes: [total; 4], tenants: HashMap::new(), tenant: total, weights: Arc::default() }
    }

    fn left(&self, class: Class, lane: Lane) -> usize {
        let of_class = self.classes.get(class.rank()).copied().unwrap_or(0);
        let of_lane = self.tenant.saturating_sub(self.tenants.get(&lane).copied().unwrap_or(0));
        self.total.min(of_class).min(of_lane)
    }

    fn weight(&self, lane: Lane) -> usize {
        let weight = lane.and_then(|tenant| self.weights.get(&tenant)).copied().unwrap_or(1);
        usize::try_from(weight).unwrap_or(1).max(1)
    }

    fn take(&mut self, class: Class, lane: Lane) {
        self.total = self.total.saturating_sub(1);
        if let Some(left) = self.classes.get_mut(class.rank()) {
            *left = left.saturating_sub(1);
        }
        *self.tenants.entry(lane).or_default() += 1;
    }
}

impl Jobs {
    /// Claims up to as many due jobs as there is room for. They are this server's from then on.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn claim(&self, turns: &mut Turns, room: &Room) -> Result<Vec<Claimed>> {
        let mut most = room.total.min(MOST);
        while most > 0 {
            let picked = self.pick(turns, Room { total: most, ..room.clone() }).await?;
            if picked.jobs.is_empty() && picked.behind.is_empty() {
                break;
            }
            match self.take(&picked).await {
                Ok(claimed) if claimed.is_empty() => {}
                Ok(claimed) => return Ok(claimed),
                // A job was replaced or cancelled meanwhile: fewer at a time meet it alone.
                Err(error) if error.kind == ErrorKind::Conflict => most /= 2,
                Err(error) => return Err(error),
            }
        }
        Ok(Vec::new())
    }

    async fn pick(&self, turns: &mut Turns, mut room: Room) -> Result<Picked> {
        let mut picked = Picked::default();
        let first = FIRST.get(turns.claim % FIRST.len()).copied().unwrap_or(Class::Interactive);
        turns.claim = turns.claim.wrapping_add(1);
        let others = Class::ALL.into_iter().filter(|class| *class != first);
        for class in std::iter::once(first).chain(others) {
            if room.total == 0 {
                break;
            }
            self.pick_class(class, turns, &mut room, &mut picked).await?;
        }
        Ok(picked)
    }

    /// Goes round the lanes of a class, to each its turn, until there is no more room or nothing
    /// more to take.
    async fn pick_class(&self, class: Class, turns: &mut Turns, room: &mut Room, picked: &mut Picked) -> Result<()> {
        let Some(turn) = turns.lanes.get_mut(class.rank()) else { return Ok(()) };
        let mut open = self.lanes(class, *turn, room).await?;
        let mut places: HashMap<Lane, Page> = HashMap::new();
        while !open.is_empty() {
            let weights: usize = open.iter().map(|lane| room.weight(*lane)).sum();
            let (total, mut still_open) = (room.total, Vec::new());
            for lane in open {
                let weight = room.weight(lane);
                let served = turn.filter(|(last, served)| *last == lane && *served < weight).map_or(0, |turn| turn.1);
                let due = (total * weight / weights).max(weight - served);
                let wanted = room.left(class, lane).min(due);
                if wanted == 0 || picked.is_full() {
                    continue;
                }
                let page = places.entry(lane).or_default();
                page.limit = wanted;
                let before = picked.jobs.len();
                if self.pick_lane(class, lane, page, room, picked).await? {
                    still_open.push(lane);
                }
                *turn = Some((lane, served + picked.jobs.len() - before));
            }
            open = still_open;
        }
        Ok(())
    }

    /// The lanes that hold due jobs, as many as there is room for, beginning with the one whose
    /// turn is not over or after the one that was served last.
    async fn lanes(&self, class: Class, turn: Option<(Lane, usize)>, room: &Room) -> Result<Vec<Lane>> {
        let admin = self.0.store.admin();
        let prefix = ReadyJob::class_prefix(class);
        let last = turn.map(|(lane, _)| lane);
        let unserved = turn.filter(|(lane, served)| *served < room.weight(*lane) && room.left(class, *lane) > 0);
        let unserved = match unserved {
            Some((lane, _)) if self.has_jobs(class, lane).await? => Some(lane),
            _ => None,
        };
        let mut lanes: Vec<Lane> = unserved.into_iter().collect();
        let mut page = Page { after: last.map(|lane| ReadyJob::lane_end(class, lane)), ..Page::first(1) };
        let mut wrapped = last.is_none();
        while lanes.len() < room.total {
            let found = admin.list_under::<ReadyJob>(&prefix, &page).await?.items.pop();
            let Some(ReadyJob { place: Place::Due(_, lane), .. }) = found else {
                if wrapped {
                    break;
                }
                (page.after, wrapped) = (None, true);
                continue;
            };
            // Once round: the lane that was served last comes last.
            if wrapped && last.is_some_and(|last| lane > last || (lane == last && unserved.is_some())) {
                break;
            }
            page.after = Some(ReadyJob::lane_end(class, lane));
            if room.left(class, lane) > 0 {
                lanes.push(lane);
            }
        }
        Ok(lanes)
    }

    async fn has_jobs(&self, class: Class, lane: Lane) -> Result<bool> {
        let prefix = ReadyJob::lane_prefix(class, lane);
        Ok(!self.0.store.admin().list_under::<ReadyJob>(&prefix, &Page::first(1)).await?.items.is_empty())
    }

    /// Picks from one lane; whether there may be more in it.
    async fn pick_lane(
        &self,
        class: Class,
        lane: Lane,
        page: &mut Page,
        room: &mut Room,
        picked: &mut Picked,
    ) -> Result<bool> {
        let prefix = ReadyJob::lane_prefix(class, lane);
        let found = self.0.store.admin().list_under::<ReadyJob>(&prefix, page).await?;
        for ready in &found.items {
            if picked.is_full() {
                return Ok(false);
            }
            let Some(job) = self.0.store.admin().get::<Job>(&ready.job).await? else { continue };
            // Moved since the list was read.
            if ReadyJob::of(&job).as_ref() != Some(ready) {
                continue;
            }
            if self.sort(job, picked).await? {
                room.take(class, lane);
            }
        }
        page.after = found.next;
        Ok(page.after.is_some())
    }

    /// Picks a job, or has it go behind its group; whether it was picked.
    async fn sort(&self, job: Stored<Job>, picked: &mut Picked) -> Result<bool> {
        let Some(group) = place::group_of(&job) else {
            picked.jobs.push(job);
            return Ok(true);
        };
        if picked.groups.contains_key(&group) {
            picked.behind.push((job, None));
            return Ok(false);
        }
        let admin = self.0.store.admin();
        let held = admin.get::<JobGroup>(&JobGroup::taken_id(&group)).await?;
        match held.as_deref() {
            // It failed and has its turn again.
            Some(JobGroup::Taken { job: holder, .. }) if *holder == job.id => {}
            Some(_) => {
                picked.behind.push((job, held));
                return Ok(false);
            }
            None if self.is_behind(&group, &job).await? => {
                self.0.freed.lock().unwrap_or_else(PoisonError::into_inner).push(group);
                picked.behind.push((job, None));
                return Ok(false);
            }
            None => {}
        }
        picked.groups.insert(group, held.is_none());
        picked.jobs.push(job);
        Ok(true)
    }

    /// Whether an earlier job of the group waits behind it.
    async fn is_behind(&self, group: &GroupKey, job: &Job) -> Result<bool> {
        let prefix = ReadyJob::behind_prefix(Some(group));
        let first = self.0.store.admin().list_under::<ReadyJob>(&prefix, &Page::first(1)).await?.items.pop();
        Ok(first.is_some_and(|first| first.job < job.id))
    }

    async fn take(&self, picked: &Picked) -> Result<Vec<Claimed>> {
        let mut change = self.0.store.change();
        let mut claimed = Vec::with_capacity(picked.jobs.len());
        for job in &picked.jobs {
            claimed.push(Claimed::new(self.lend(job, picked, &mut change)?));
        }
        for (job, held) in &picked.behind {
            // A group that is freed meanwhile must not leave this one behind it for good.
            if let Some(held) = held {
                change.admin().unchanged(held)?;
            }
            let next = Job { state: JobState::Queued, ..job.record.clone() };
            change.admin().replace(job, &next)?;
            place::shift(&mut change.admin(), job, &next)?;
        }
        change.commit().await?;
        Ok(claimed)
    }

    /// Moves a job under a lease.
    fn lend(&self, job: &Stored<Job>, picked: &Picked, change: &mut Change) -> Result<Job> {
        let mut next = job.record.clone();
        next.state = JobState::Running;
        next.tries += 1;
        next.fence += 1;
        next.holds_key = false;
        let scope = &mut change.admin();
        scope.replace(job, &next)?;
        place::shift(scope, job, &next)?;
        scope.create(&JobLease {
            job: next.id,
            fence: next.fence,
            kind: next.kind.clone(),
            owner: self.0.epoch.load(Ordering::Acquire),
            until: after(self.now(), LEASE),
        })?;
        if let Some(group) = place::group_of(&next).filter(|group| picked.groups.get(group) == Some(&true)) {
            scope.create(&JobGroup::Taken { group, job: next.id })?;
        }
        Ok(next)
    }
}
