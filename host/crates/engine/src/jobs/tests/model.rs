//! Any history of the queue against a model that is a few lines: what may be claimed, what must
//! be, what each job's state is, and that nothing is ever in two places.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_domain::id::JobId;
use gatehouse_domain::job::Class;
use gatehouse_domain::time::SignedDuration;
use gatehouse_store::Page;
use gatehouse_store::records::{JobGroup, JobLease, JobUnique, ReadyJob};
use proptest::prelude::*;

use super::support::*;
use crate::clock::Clock;
use crate::jobs::{Cancelled, Claimed, Enqueued, NewJob, OnWaiting, Outcome, Settled, Unique, When};

#[derive(Debug, Clone)]
enum Step {
    Enqueue { tenant: u8, class: usize, delay: u8, group: Option<u8>, unique: bool },
    Claim(usize),
    Done(usize),
    Retry(usize),
    Park(usize, u8),
    Dead(usize),
    Zombie(usize),
    Cancel(usize),
    Replay(usize),
    Go(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let enqueue = (
        0..3u8,
        0..4usize,
        prop_oneof![3 => Just(0u8), 1 => 0..60u8],
        prop::option::weighted(0.5, 0..2u8),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(tenant, class, delay, group, unique)| Step::Enqueue { tenant, class, delay, group, unique });
    prop_oneof![
        6 => enqueue,
        5 => (1..6usize).prop_map(Step::Claim),
        5 => any::<usize>().prop_map(Step::Done),
        2 => any::<usize>().prop_map(Step::Retry),
        2 => (any::<usize>(), 0..60u8).prop_map(|(at, pause)| Step::Park(at, pause)),
        1 => any::<usize>().prop_map(Step::Dead),
        1 => any::<usize>().prop_map(Step::Zombie),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => any::<usize>().prop_map(Step::Replay),
        4 => (0..60u8).prop_map(Step::Go),
        1 => Just(Step::Restart),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Waiting(i64),
    Running,
    Dead,
}

#[derive(Debug, Clone)]
struct Known {
    at: At,
    tries: u32,
    fence: u64,
    group: Option<(u8, u8)>,
    owner: u8,
    unique: bool,
}

#[derive(Default)]
struct Model {
    jobs: BTreeMap<JobId, Known>,
    /// Groups and who has them, also between two tries.
    taken: BTreeMap<(u8, u8), JobId>,
    /// By tenant, who waits under the key.
    keys: BTreeMap<u8, JobId>,
}

impl Model {
    /// What may be claimed now: due, and first in a free group or the one that has the group.
    fn claimable(&self, now: i64) -> BTreeSet<JobId> {
        let due = |known: &Known| matches!(known.at, At::Waiting(at) if at <= now);
        let first = |id: &JobId, group: (u8, u8)| {
            let mut others = self.jobs.iter().filter(|(_, other)| other.group == Some(group) && due(other));
            others.next().is_some_and(|(first, _)| first == id)
        };
        let may = |id: &JobId, known: &Known| match known.group {
            None => true,
            Some(group) => self.taken.get(&group).map_or_else(|| first(id, group), |holder| holder == id),
        };
        self.jobs.iter().filter(|(id, known)| due(known) && may(id, known)).map(|(id, _)| *id).collect()
    }

    fn claim(&mut self, claimed: &Claimed) {
        let known = self.jobs.get_mut(&claimed.job.id).unwrap();
        (known.at, known.tries, known.fence) = (At::Running, known.tries + 1, known.fence + 1);
        assert_eq!((claimed.job.tries, claimed.job.fence), (known.tries, known.fence));
        if let Some(group) = known.group {
            self.taken.insert(group, claimed.job.id);
        }
        self.keys.retain(|_, holder| *holder != claimed.job.id);
    }

    fn wait(&mut self, id: JobId, at: i64, counted: bool) {
        let known = self.jobs.get_mut(&id).unwrap();
        known.at = At::Waiting(at);
        known.tries -= u32::from(!counted);
        if known.unique {
            self.keys.entry(known.owner).or_insert(id);
        }
    }

    fn end(&mut self, id: JobId, dead: bool) {
        self.taken.retain(|_, holder| *holder != id);
        self.keys.retain(|_, holder| *holder != id);
        if dead {
            self.jobs.get_mut(&id).unwrap().at = At::Dead;
        } else {
            self.jobs.remove(&id);
        }
    }
}

struct Run {
    bench: Bench,
    model: Model,
    running: Vec<Claimed>,
    zombies: Vec<Claimed>,
}

impl Run {
    fn take(&mut self, at: usize) -> Option<Claimed> {
        (!self.running.is_empty()).then(|| self.running.swap_remove(at % self.running.len()))
    }

    fn nth(&self, at: usize) -> Option<(JobId, Known)> {
        let count = self.model.jobs.len();
        (count > 0).then(|| self.model.jobs.iter().nth(at % count).map(|(id, known)| (*id, known.clone())).unwrap())
    }

    fn now(&self) -> i64 {
        self.bench.clock.now().as_millisecond()
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Enqueue { tenant, class, delay, group, unique } => {
                self.enqueue(tenant, class, delay, group, unique).await;
            }
            Step::Claim(most) => self.claim(most).await,
            Step::Done(at) => {
                if let Some(claimed) = self.take(at) {
                    assert_eq!(self.bench.done(&claimed).await, Settled::Done);
                    self.model.end(claimed.job.id, false);
                    self.zombies.push(claimed);
                }
            }
            Step::Retry(at) => self.put_back(at, Outcome::retry("no"), true).await,
            Step::Park(at, pause) => {
                let until = crate::jobs::after(self.bench.jobs.now(), SignedDuration::from_secs(pause.into()));
                self.put_back(at, Outcome::park(until, "wait"), false).await;
            }
            Step::Dead(at) => self.put_back(at, Outcome::dead("never"), true).await,
            Step::Zombie(at) => {
                if let Some(zombie) = self.zombies.get(at % self.zombies.len().max(1)) {
                    assert_eq!(self.bench.done(zombie).await, Settled::Lost);
                }
            }
            Step::Cancel(at) => self.cancel(at).await,
            Step::Replay(at) => self.replay(at).await,
            Step::Go(seconds) => self.bench.go(seconds.into()),
            Step::Restart => self.restart().await,
        }
    }

    async fn enqueue(&mut self, owner: u8, class: usize, delay: u8, group: Option<u8>, unique: bool) {
        // The jobs of a group have one class.
        let class = Class::ALL[if group.is_some() { 2 } else { class }];
        let new = NewJob {
            class,
            when: When::After(SignedDuration::from_secs(delay.into())),
            group: group.map(|group| format!("g{group}")),
            unique: unique.then(|| Unique { key: "k".into(), on_waiting: OnWaiting::Ignore }),
            ..of(tenant(owner), job(0))
        };
        let enqueued = self.bench.jobs.enqueue_alone(new).await.unwrap();
        match (unique.then(|| self.model.keys.get(&owner)).flatten(), enqueued) {
            (Some(holder), Enqueued::Joined(id)) => assert_eq!(*holder, id),
            (None, Enqueued::New(id)) => {
                let at = At::Waiting(self.now() + 1000 * i64::from(delay));
                let group = group.map(|group| (owner, group));
                self.model.jobs.insert(id, Known { at, tries: 0, fence: 0, group, owner, unique });
                if unique {
                    self.model.keys.insert(owner, id);
                }
            }
            (holder, enqueued) => panic!("{enqueued:?} where {holder:?} waits"),
        }
    }

    async fn claim(&mut self, most: usize) {
        let mut left = most;
        // A look that only moved jobs behind their groups is followed by another.
        for _ in 0..4 {
            let may = self.model.claimable(self.now());
            let claimed = self.bench.claim(left).await;
            left -= claimed.len();
            for claimed in claimed {
                assert!(may.contains(&claimed.job.id), "claimed what could not be: {:?}", claimed.job);
                self.model.claim(&claimed);
                self.running.push(claimed);
            }
        }
        let still = self.model.claimable(self.now());
        assert!(left == 0 || still.is_empty(), "{left} more could be claimed of {still:?}");
    }

    async fn put_back(&mut self, at: usize, outcome: Outcome, counted: bool) {
        let Some(claimed) = self.take(at) else { return };
        let id = claimed.job.id;
        match self.bench.settle(&claimed, outcome).await {
            Settled::Waiting { until } => self.model.wait(id, until.as_millisecond(), counted),
            Settled::Dead => self.model.end(id, true),
            settled => panic!("{settled:?}"),
        }
        self.zombies.push(claimed);
    }

    async fn cancel(&mut self, at: usize) {
        let Some((id, known)) = self.nth(at) else { return };
        let cancelled = self.bench.jobs.cancel(Some(tenant(known.owner)), id).await;
        match known.at {
            At::Waiting(_) => {
                assert_eq!(cancelled.unwrap(), Cancelled::Removed);
                self.model.end(id, false);
            }
            At::Running => {
                assert_eq!(cancelled.unwrap(), Cancelled::Told);
                let own = self.running.iter().position(|claimed| claimed.job.id == id).unwrap();
                let claimed = self.running.swap_remove(own);
                assert_eq!(self.bench.settle(&claimed, Outcome::retry("told")).await, Settled::Cancelled);
                self.model.end(id, false);
            }
            At::Dead => assert!(cancelled.is_err()),
        }
    }

    async fn replay(&mut self, at: usize) {
        let Some((id, known)) = self.nth(at) else { return };
        let replayed = self.bench.jobs.replay_dead(Some(tenant(known.owner)), id).await;
        assert_eq!(replayed.is_ok(), known.at == At::Dead);
        if replayed.is_ok() {
            self.model.jobs.get_mut(&id).unwrap().tries = 0;
            let now = self.now();
            self.model.wait(id, now, true);
        }
    }

    async fn restart(&mut self) {
        self.bench = self.bench.restart().await;
        let now = self.now();
        // In the order of the leases, which is that of the ids.
        self.running.sort_by_key(|claimed| claimed.job.id);
        for zombie in self.running.drain(..) {
            if self.model.jobs[&zombie.job.id].tries >= 12 {
                self.model.end(zombie.job.id, true);
            } else {
                self.model.wait(zombie.job.id, now, true);
            }
            self.zombies.push(zombie);
        }
    }

    /// The small records are exactly those that the model asks for.
    async fn compare(&self) {
        let admin = self.bench.jobs.0.store.admin();
        let page = Page::first(1000);
        let of = |wanted: fn(&At) -> bool| -> BTreeSet<JobId> {
            self.model.jobs.iter().filter(|(_, known)| wanted(&known.at)).map(|(id, _)| *id).collect()
        };
        let waiting = admin.list::<ReadyJob>(&page).await.unwrap().items;
        let ids: BTreeSet<JobId> = waiting.iter().map(|ready| ready.job).collect();
        assert_eq!(ids.len(), waiting.len(), "a job waits in two places");
        assert_eq!(ids, of(|at| matches!(at, At::Waiting(_))));
        let leases = admin.list::<JobLease>(&page).await.unwrap().items;
        assert_eq!(leases.iter().map(|lease| lease.job).collect::<BTreeSet<_>>(), of(|at| *at == At::Running));
        let keys = admin.list::<JobUnique>(&page).await.unwrap().items;
        let held: BTreeSet<JobId> = self.model.keys.values().copied().collect();
        assert_eq!(keys.iter().map(|key| key.job).collect::<BTreeSet<_>>(), held);
        let taken: BTreeSet<JobId> = self.model.taken.values().copied().collect();
        let groups = admin.list::<JobGroup>(&page).await.unwrap().items;
        let holders = groups.iter().filter_map(|group| match group {
            JobGroup::Taken { job, .. } => Some(*job),
            JobGroup::Faults { .. } => None,
        });
        assert_eq!(holders.collect::<BTreeSet<_>>(), taken);
        let all = admin.list::<gatehouse_domain::job::Job>(&page).await.unwrap().items;
        assert_eq!(all.len(), self.model.jobs.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_is_as_the_model_says(steps in prop::collection::vec(step(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new().await;
            let mut run = Run { bench, model: Model::default(), running: Vec::new(), zombies: Vec::new() };
            for step in &steps {
                run.step(step).await;
                run.compare().await;
            }
        });
    }
}
