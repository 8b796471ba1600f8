//! Many small lives of a server, each from a seed that is printed when one goes wrong: kills
//! before and after any commit, workers that come back from the dead, clocks that jump.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gatehouse_domain::Result;
use gatehouse_domain::job::Class;
use gatehouse_domain::schedule::{CatchUp, Every, Schedule};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::storage::Storage;
use gatehouse_store::{MemoryStorage, Page, records};
use serde_json::json;

use super::faulty::Mortal;
use super::support::*;
use crate::clock::Clock;
use crate::jobs::claim::{Room, Turns};
use crate::jobs::{Claimed, Jobs, NewJob, NewSchedule, OnWaiting, Outcome, Unique, When};

const PERIOD: u32 = 300;

/// A server that can be killed.
struct Server {
    jobs: Jobs,
    life: Arc<Mortal>,
    turns: Turns,
    running: Vec<Claimed>,
    seen: Timestamp,
}

/// Everything of one simulation.
struct World {
    disk: Arc<MemoryStorage>,
    clock: Hands,
    dice: Dice,
    server: Server,
    /// Claims whose server was killed or that were thought dead, with a way to the disk.
    zombies: Vec<(Jobs, Claimed)>,
    /// Jobs whose enqueueing was acknowledged.
    accepted: BTreeSet<u64>,
    next: u64,
    /// The schedule's next tick as it was last seen, and how many ticks it has passed.
    tick: Option<Timestamp>,
    ticks: usize,
}

impl Server {
    /// Starts until a start is not killed.
    async fn start(disk: &Arc<MemoryStorage>, clock: &Hands, dice: &Dice) -> Self {
        loop {
            let life = Arc::new(Mortal::over(Arc::clone(disk), 20 + dice.below(400), dice.below(2) == 0));
            let storage: Arc<dyn Storage> = life.clone();
            let jobs = queue(&storage, clock, dice);
            if jobs.begin().await.is_ok() {
                return Self { jobs, life, turns: Turns::default(), running: Vec::new(), seen: clock.now() };
            }
        }
    }

    /// What the runner does between two naps.
    async fn pass(&mut self, dice: &Dice) -> Result<()> {
        let now = self.jobs.now();
        if now < self.seen {
            self.jobs.clock_set_back(now).await?;
        }
        self.seen = now;
        if dice.below(4) == 0 {
            self.jobs.sweep().await?;
        }
        while self.jobs.tick().await? {}
        while self.jobs.wake_due().await? {}
        self.jobs.wake_groups().await?;
        let claimed = self.jobs.claim(&mut self.turns, &Room::of(1 + dice.below(6) as usize)).await?;
        self.running.extend(claimed);
        Ok(())
    }
}

impl World {
    async fn new(seed: u64) -> Self {
        let (disk, clock, dice) = (Arc::new(MemoryStorage::new()), Hands::new(), Dice::new(seed));
        let server = Server::start(&disk, &clock, &dice).await;
        let mut world = Self {
            disk,
            clock,
            dice,
            server,
            zombies: Vec::new(),
            accepted: BTreeSet::new(),
            next: 0,
            tick: None,
            ticks: 0,
        };
        let god = world.god();
        let mut change = god.0.store.change();
        let new = NewSchedule {
            name: "s".into(),
            tenant: None,
            every: Every::Interval { seconds: PERIOD },
            catch_up: CatchUp::All,
            kind: "tick".into(),
            payload: json!(null),
            class: Class::Normal,
            unique: None,
            group: None,
        };
        world.tick = Some(god.schedule(&mut change, new).await.unwrap().next_at);
        change.commit().await.unwrap();
        world
    }

    /// A queue over the bare disk, to look and to enqueue without being killed.
    fn god(&self) -> Jobs {
        let storage: Arc<dyn Storage> = self.disk.clone();
        queue(&storage, &self.clock, &self.dice)
    }

    async fn step(&mut self) {
        match self.dice.below(20) {
            0..=4 => self.enqueue().await,
            5..=9 => {
                let dice = self.dice.clone();
                self.server.pass(&dice).await.ok();
            }
            10..=14 => self.settle().await,
            15 => self.bury().await,
            16 => self.zombie().await,
            17 | 18 => self.clock.go(SignedDuration::from_secs(self.dice.below(50) as i64)),
            _ => self.jump(),
        }
        self.watch_ticks().await;
        if self.server.life.is_dead() {
            let fresh = Server::start(&self.disk, &self.clock, &self.dice).await;
            let dead = std::mem::replace(&mut self.server, fresh);
            // Its workers live on and find another way to the disk.
            let god = self.god();
            self.zombies.extend(dead.running.into_iter().map(|claimed| (god.clone(), claimed)));
            self.watch_ticks().await;
        }
    }

    fn jump(&self) {
        if self.dice.below(6) == 0 {
            let days = if self.dice.below(2) == 0 { 24 } else { -24 };
            self.clock.go(SignedDuration::from_hours(days));
        }
    }

    async fn enqueue(&mut self) {
        let at = self.next;
        self.next += 1;
        let roll = self.dice.below(12);
        let when = match self.dice.below(4) {
            0 => When::After(SignedDuration::from_secs(self.dice.below(120) as i64)),
            _ => When::Now,
        };
        let new = NewJob {
            when,
            class: Class::ALL[self.dice.below(4) as usize],
            group: (roll < 4).then(|| format!("g{}", roll % 2)),
            // Replaced jobs would be lost on purpose; ignored ones are not accepted.
            unique: (roll == 5).then(|| Unique { key: "u".into(), on_waiting: OnWaiting::Ignore }),
            ..of(tenant(self.dice.below(3) as u8), job(at))
        };
        let new = if roll < 4 { NewJob { class: Class::Normal, ..new } } else { new };
        if let Ok(crate::jobs::Enqueued::New(_)) = self.server.jobs.enqueue_alone(new).await {
            self.accepted.insert(at);
        }
    }

    /// A completion that leaves a trace for each time that it is stored.
    fn trace(&self, jobs: &Jobs, claimed: &Claimed) -> gatehouse_store::Change {
        let mut change = jobs.0.store.change();
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(&claimed.job.id.to_bytes());
        digest[16..24].copy_from_slice(&claimed.job.fence.to_be_bytes());
        let number = claimed.job.payload.as_u64().unwrap_or(u64::MAX >> 1);
        change.admin().put(&super::support::trace(digest, number)).unwrap();
        change
    }

    async fn settle(&mut self) {
        if self.server.running.is_empty() {
            return;
        }
        let at = self.dice.below(self.server.running.len() as u64) as usize;
        let claimed = self.server.running.swap_remove(at);
        let jobs = self.server.jobs.clone();
        let outcome = match self.dice.below(8) {
            0 => Outcome::retry("no"),
            1 => Outcome::park(jobs.now(), "later"),
            2 => Outcome::fault("v1", "trap"),
            _ => Outcome::done(self.trace(&jobs, &claimed)),
        };
        jobs.settle(&claimed, outcome).await.ok();
    }

    /// A worker hangs: its server knows no more of it.
    async fn bury(&mut self) {
        if let Some(claimed) = self.server.running.pop() {
            self.zombies.push((self.god(), claimed));
        }
    }

    async fn zombie(&mut self) {
        if self.zombies.is_empty() {
            return;
        }
        let at = self.dice.below(self.zombies.len() as u64) as usize;
        let (jobs, claimed) = self.zombies.swap_remove(at);
        let change = self.trace(&jobs, &claimed);
        jobs.settle(&claimed, Outcome::done(change)).await.unwrap();
    }

    /// Counts the ticks that the schedule passed since it was last looked at.
    async fn watch_ticks(&mut self) {
        let schedule = self.god().schedules(&Page::first(1)).await.unwrap().items.pop().unwrap();
        let before = self.tick.replace(schedule.next_at).unwrap();
        let passed = schedule.next_at.duration_since(before).as_secs();
        if passed > 0 {
            assert_eq!(passed % i64::from(PERIOD), 0, "a tick was moved off its rhythm");
            self.ticks += usize::try_from(passed / i64::from(PERIOD)).unwrap();
        }
    }

    /// Lets a server that nobody kills do all that is left.
    async fn drain(&mut self) {
        let storage: Arc<dyn Storage> = self.disk.clone();
        let mut bench = Bench::over(storage, self.clock.clone(), self.dice.clone()).await;
        self.watch_ticks().await;
        let now = bench.jobs.now();
        bench.jobs.clock_set_back(now).await.unwrap();
        self.watch_ticks().await;
        let schedule: Schedule = bench.jobs.schedules(&Page::first(1)).await.unwrap().items.pop().unwrap();
        let ahead = schedule.next_at.duration_since(now).as_secs();
        assert!(ahead <= 2 * i64::from(PERIOD), "the schedule stalls for {ahead} s");
        for _ in 0..600 {
            let claimed = bench.claim(32).await;
            self.watch_ticks().await;
            if claimed.is_empty()
                && bench
                    .jobs
                    .counts()
                    .await
                    .unwrap()
                    .kinds
                    .values()
                    .all(|count| count.delayed == 0 && count.ready == 0 && count.queued == 0)
            {
                return;
            }
            for claimed in claimed {
                let change = self.trace(&bench.jobs, &claimed);
                bench.jobs.settle(&claimed, Outcome::done(change)).await.unwrap();
            }
            if self.dice.below(2) == 0 {
                // Not so far that the schedule makes new jobs for ever.
                let mut change = bench.jobs.0.store.change();
                if bench.jobs.unschedule(&mut change, "s").await.is_ok() {
                    change.commit().await.unwrap();
                    self.tick = None;
                    return Box::pin(self.drain_jobs(bench)).await;
                }
            }
        }
        panic!("the queue does not run dry");
    }

    async fn drain_jobs(&mut self, mut bench: Bench) {
        for _ in 0..5000 {
            let claimed = bench.claim(32).await;
            for claimed in &claimed {
                let change = self.trace(&bench.jobs, claimed);
                bench.jobs.settle(claimed, Outcome::done(change)).await.unwrap();
            }
            let counts = bench.jobs.counts().await.unwrap();
            if counts
                .kinds
                .values()
                .all(|count| (count.ready, count.delayed, count.queued, count.running) == (0, 0, 0, 0))
            {
                return;
            }
            bench.go(600);
        }
        panic!("the queue does not run dry: {:?}", bench.jobs.counts().await.unwrap());
    }

    /// Each accepted job ended once, in an effect or as a dead letter.
    async fn judge(&self) {
        let god = self.god();
        let mut ends: BTreeMap<u64, usize> = BTreeMap::new();
        let mut page = Page::first(1000);
        loop {
            let found = god.0.store.admin().list::<records::IdempotentAnswer>(&page).await.unwrap();
            for trace in &found.items {
                let number: u64 = trace.request_hash.parse().unwrap();
                *ends.entry(number).or_default() += 1;
            }
            let Some(next) = found.next else { break };
            page.after = Some(next);
        }
        for dead in god.0.store.admin().list::<records::DeadJob>(&Page::first(1000)).await.unwrap().items {
            let job = god.job_of(dead.tenant, dead.job).await.unwrap();
            *ends.entry(job.payload.as_u64().unwrap_or(u64::MAX)).or_default() += 1;
        }
        for number in 0..self.next {
            let count = ends.get(&number).copied().unwrap_or(0);
            let least = usize::from(self.accepted.contains(&number));
            assert!((least..=1).contains(&count), "the job {number} ended {count} times");
        }
        let of_ticks: usize = ends.range(self.next..).map(|(_, count)| *count).sum();
        assert_eq!(of_ticks, self.ticks, "ticks and the jobs that they made");
    }
}

#[test]
fn no_job_is_lost_and_none_ends_twice() {
    for seed in crate::simulation::seeds(60) {
        let run = std::panic::AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut world = World::new(seed).await;
                for _ in 0..250 {
                    world.step().await;
                }
                world.drain().await;
                world.judge().await;
            });
        });
        if let Err(panic) = std::panic::catch_unwind(run) {
            let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("seed {seed} (SIM_SEED={seed}): {words}");
        }
    }
}
