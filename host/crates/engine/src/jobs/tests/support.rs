//! A queue on a bench: a clock that is set by hand, dice with a seed, storages in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gatehouse_domain::id::TenantId;
use gatehouse_domain::job::Class;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::storage::Storage;
use gatehouse_store::{Artefacts, MemoryStorage, Store};
use serde_json::json;

use crate::clock::Clock;
use crate::jobs::claim::{Room, Turns};
use crate::jobs::{Claimed, Jobs, NewJob, Outcome, Settled};
pub(super) use crate::simulation::Dice;

/// Noon of a day.
pub(super) const NOON: i64 = 1_800_014_400_000;

/// A clock that is set by hand.
#[derive(Clone)]
pub(super) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOON)))
    }

    pub(super) fn go(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A queue with what surrounds it.
pub(super) struct Bench {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Hands,
    pub(super) dice: Dice,
    pub(super) jobs: Jobs,
    pub(super) turns: Turns,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::over(Arc::new(MemoryStorage::new()), Hands::new(), Dice::new(7)).await
    }

    /// A queue that begins over a storage, as a server that starts does.
    pub(super) async fn over(storage: Arc<dyn Storage>, clock: Hands, dice: Dice) -> Self {
        let jobs = queue(&storage, &clock, &dice);
        jobs.begin().await.unwrap();
        Self { storage, clock, dice, jobs, turns: Turns::default() }
    }

    /// Another server over the same storage, as after a kill.
    pub(super) async fn restart(&self) -> Self {
        Self::over(Arc::clone(&self.storage), self.clock.clone(), self.dice.clone()).await
    }

    /// What the runner does before it claims.
    pub(super) async fn turn(&self) {
        while self.jobs.tick().await.unwrap() {}
        while self.jobs.wake_due().await.unwrap() {}
        self.jobs.wake_groups().await.unwrap();
    }

    /// Moves what is due, and claims as much as there is room for.
    pub(super) async fn claim(&mut self, most: usize) -> Vec<Claimed> {
        self.turn().await;
        self.jobs.claim(&mut self.turns, &Room::of(most)).await.unwrap()
    }

    /// Claims one job, which has to be there.
    pub(super) async fn claim_one(&mut self) -> Claimed {
        self.claim(1).await.pop().expect("a job is due")
    }

    pub(super) async fn put(&self, new: NewJob) -> gatehouse_domain::id::JobId {
        self.jobs.enqueue_alone(new).await.unwrap().id()
    }

    pub(super) async fn settle(&self, claimed: &Claimed, outcome: Outcome) -> Settled {
        self.jobs.settle(claimed, outcome).await.unwrap()
    }

    pub(super) async fn done(&self, claimed: &Claimed) -> Settled {
        self.settle(claimed, Outcome::done(self.jobs.0.store.change())).await
    }

    pub(super) fn go(&self, seconds: i64) {
        self.clock.go(SignedDuration::from_secs(seconds));
    }
}

/// A queue over a storage that has not begun.
pub(super) fn queue(storage: &Arc<dyn Storage>, clock: &Hands, dice: &Dice) -> Jobs {
    let dir = std::env::temp_dir().join(format!("gatehouse-jobs-{}", std::process::id()));
    let artefacts = Artefacts::open(dir, 1 << 20).unwrap();
    let store = Store::new(Arc::clone(storage), artefacts);
    let dice = dice.clone();
    Jobs::with_dice(store, Arc::new(clock.clone()), Box::new(move || Ok(dice.roll())))
}

/// A job with a number for its payload.
pub(super) fn job(number: u64) -> NewJob {
    NewJob::new("test", json!(number))
}

pub(super) fn number(claimed: &Claimed) -> u64 {
    claimed.job.payload.as_u64().unwrap()
}

pub(super) fn tenant(number: u8) -> TenantId {
    TenantId::new(1 + i64::from(number), [number; 10])
}

pub(super) fn of(tenant: TenantId, new: NewJob) -> NewJob {
    NewJob { tenant: Some(tenant), ..new }
}

pub(super) fn at(class: Class, new: NewJob) -> NewJob {
    NewJob { class, ..new }
}

pub(super) fn in_group(group: &str, new: NewJob) -> NewJob {
    NewJob { group: Some(group.to_owned()), ..new }
}

/// A record that stands for what a job did: any record will do that tells of its job.
pub(super) fn trace(id: [u8; 32], number: u64) -> gatehouse_store::records::IdempotentAnswer {
    gatehouse_store::records::IdempotentAnswer {
        id,
        request_hash: number.to_string(),
        status: 200,
        content_type: None,
        etag: None,
        location: None,
        body: None,
        expires_at: gatehouse_domain::time::EPOCH,
    }
}
