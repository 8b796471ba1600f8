//! The runner: one task that claims, sweeps and ticks, and a bounded number of workers. It sleeps
//! until the store tells of new jobs, a worker ends or a time comes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::job::Class;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::Page;
use gatehouse_store::records::{Place, ReadyJob};
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use super::claim::{Lane, Room, Turns};
use super::handler::{Claimed, Outcome, Signal};
use super::{Jobs, LEASE};

/// How long the runner sleeps at most. Waking costs a look at the clock, no read.
const NAP: Duration = Duration::from_secs(1);
/// How often the time is written down.
const NOTE_TIME: SignedDuration = SignedDuration::from_mins(10);
/// What a clock may go back by itself without having been set.
const SET_BACK: SignedDuration = SignedDuration::from_secs(1);

/// How much the runner does at a time.
#[derive(Debug, Clone)]
pub struct RunnerLimits {
    /// How many jobs run at the same time. Default 16.
    pub concurrency: usize,
    /// How many of them one tenant may have, in percent. Default 75.
    pub tenant_percent: usize,
    /// How long running jobs get to end when the server stops. Default 10 s.
    pub stop_within: Duration,
    /// How many jobs a tenant gets when it is its turn; 1 for one that is not here.
    pub weights: HashMap<TenantId, u32>,
}

impl Default for RunnerLimits {
    fn default() -> Self {
        Self { concurrency: 16, tenant_percent: 75, stop_within: Duration::from_secs(10), weights: HashMap::new() }
    }
}

/// Claims jobs and has them done.
pub struct Runner {
    jobs: Jobs,
    limits: RunnerLimits,
    weights: Arc<HashMap<TenantId, u32>>,
    turns: Turns,
    workers: JoinSet<(Class, Lane)>,
    classes: [usize; 4],
    tenants: HashMap<Lane, usize>,
    /// The first time that anything waits for.
    next_due: Option<Timestamp>,
    next_sweep: Timestamp,
    next_note: Timestamp,
    seen: Timestamp,
}

impl Runner {
    /// A runner of jobs. There is one to a process.
    pub fn new(jobs: Jobs, limits: RunnerLimits) -> Self {
        let now = jobs.now();
        let weights = Arc::new(limits.weights.clone());
        Self {
            jobs,
            limits,
            weights,
            turns: Turns::default(),
            workers: JoinSet::new(),
            classes: [0; 4],
            tenants: HashMap::new(),
            next_due: None,
            next_sweep: now,
            next_note: now,
            seen: now,
        }
    }

    /// Runs jobs until `stop` says so, then lets those that run end, up to the limit.
    pub async fn run(mut self, mut stop: Receiver<bool>) {
        let mut news = self.jobs.0.store.admin().watch::<ReadyJob>();
        let mut look = true;
        while !*stop.borrow() {
            if look || self.is_time() {
                match self.pass().await {
                    Ok(true) => {
                        look = true;
                        self.jobs.beat();
                        self.note_ended();
                        continue;
                    }
                    Ok(false) => look = false,
                    Err(error) => {
                        tracing::error!(%error, "the job queue could not be read or written; it is tried again");
                        tokio::select! {
                            biased;
                            () = tokio::time::sleep(NAP) => {}
                            _ = stop.wait_for(|stop| *stop) => break,
                        }
                        look = true;
                        continue;
                    }
                }
            }
            self.jobs.beat();
            let nap = self.nap();
            tokio::select! {
                biased;
                () = news.changed() => look = true,
                () = self.jobs.0.wake.notified() => look = true,
                Some(ended) = self.workers.join_next() => { self.ended(ended); self.note_ended(); look = true; }
                () = tokio::time::sleep(nap) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        self.wind_down().await;
    }

    /// One look at everything that may be due; whether there may be more to do at once.
    pub(super) async fn pass(&mut self) -> Result<bool> {
        if !self.jobs.has_begun() {
            self.jobs.begin().await?;
        }
        self.mind_the_clock().await?;
        let mut more = self.jobs.tick().await?;
        more |= self.jobs.wake_due().await?;
        self.jobs.wake_groups().await?;
        let claimed = self.claim().await?;
        more |= !claimed.is_empty() && self.free() > 0;
        for claimed in claimed {
            self.set_to_work(claimed);
        }
        if !more {
            self.next_due = self.jobs.first_due().await?;
        }
        Ok(more)
    }

    async fn claim(&mut self) -> Result<Vec<Claimed>> {
        if self.free() == 0 {
            return Ok(Vec::new());
        }
        let room = self.room();
        self.jobs.claim(&mut self.turns, &room).await
    }

    async fn mind_the_clock(&mut self) -> Result<()> {
        let now = self.jobs.now();
        if now.duration_since(self.seen) < -SET_BACK {
            self.jobs.clock_set_back(now).await?;
            (self.next_sweep, self.next_note) = (now, now);
        }
        self.seen = now;
        if now >= self.next_sweep {
            self.jobs.sweep().await?;
            self.next_sweep = super::after(now, LEASE / 3);
        }
        if now >= self.next_note {
            self.jobs.note_time(now).await?;
            self.next_note = super::after(now, NOTE_TIME);
        }
        Ok(())
    }

    fn set_to_work(&mut self, claimed: Claimed) {
        let (jobs, class, lane) = (self.jobs.clone(), claimed.job.class, claimed.job.tenant);
        if let Some(count) = self.classes.get_mut(class.rank()) {
            *count += 1;
        }
        *self.tenants.entry(lane).or_default() += 1;
        self.workers.spawn(async move {
            let id = claimed.job.id;
            if let Err(error) = jobs.work(claimed).await {
                tracing::error!(%error, job.id = %id, "a job could not be settled; it returns when its lease is over");
            }
            (class, lane)
        });
    }

    fn note_ended(&mut self) {
        while let Some(ended) = self.workers.try_join_next() {
            self.ended(ended);
        }
    }

    fn ended(&mut self, ended: Result<(Class, Lane), tokio::task::JoinError>) {
        let Ok((class, lane)) = ended else { return };
        if let Some(count) = self.classes.get_mut(class.rank()) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.tenants.get_mut(&lane) {
            *count -= 1;
            if *count == 0 {
                self.tenants.remove(&lane);
            }
        }
    }

    fn free(&self) -> usize {
        self.limits.concurrency.saturating_sub(self.workers.len())
    }

    /// What may be claimed: the less urgent classes leave some room to the more urgent ones, and
    /// every tenant some to the others.
    fn room(&self) -> Room {
        let most = self.limits.concurrency;
        let ceilings = [most, most, most * 3 / 4, most / 2];
        let mut classes = [0; 4];
        for ((room, ceiling), used) in classes.iter_mut().zip(ceilings).zip(self.classes) {
            *room = ceiling.max(1).saturating_sub(used);
        }
        Room {
            total: self.free(),
            classes,
            tenants: self.tenants.clone(),
            tenant: (most * self.limits.tenant_percent / 100).max(1),
            weights: Arc::clone(&self.weights),
        }
    }

    pub(super) fn is_time(&self) -> bool {
        let now = self.jobs.now();
        let is_over = |time: Timestamp| time <= now;
        now.duration_since(self.seen) < -SET_BACK || self.next_due.is_some_and(is_over) || is_over(self.next_sweep)
    }

    fn nap(&self) -> Duration {
        let left = self.next_due.map(|due| due.duration_since(self.jobs.now()));
        left.and_then(|left| Duration::try_from(left).ok()).unwrap_or(NAP).clamp(Duration::from_millis(1), NAP)
    }

    /// Tells the jobs that run to end, and puts back those that do not: their tries do not count.
    async fn wind_down(&mut self) {
        let running = |jobs: &Jobs| -> Vec<Claimed> {
            let running = jobs.0.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.values().cloned().collect()
        };
        running(&self.jobs).iter().for_each(|claimed| claimed.tell(Signal::Stop));
        let all = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(self.limits.stop_within, all).await.is_ok() {
            return;
        }
        for claimed in running(&self.jobs) {
            let outcome = Outcome::park(self.jobs.now(), "the server stopped");
            if let Err(error) = self.jobs.settle(&claimed, outcome).await {
                tracing::warn!(%error, job.id = %claimed.job.id, "a running job returns at the next start");
            }
        }
    }
}

impl Jobs {
    /// The first time that a job or a schedule waits for.
    async fn first_due(&self) -> Result<Option<Timestamp>> {
        let mut first = None;
        for prefix in [ReadyJob::later_prefix(), ReadyJob::tick_prefix()] {
            let found = self.0.store.admin().list_under::<ReadyJob>(&prefix, &Page::first(1)).await?.items.pop();
            if let Some(ReadyJob { place: Place::Later(at) | Place::Tick(at), .. }) = found {
                let at = gatehouse_domain::time::from_millis(at);
                first = Some(first.map_or(at, |first: Timestamp| first.min(at)));
            }
        }
        Ok(first)
    }
}
