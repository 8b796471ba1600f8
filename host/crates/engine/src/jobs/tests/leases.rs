//! Leases: who lost a job can not settle it, and what is left behind returns.

use std::sync::Arc;

use gatehouse_domain::ErrorKind;
use gatehouse_domain::job::JobState;
use gatehouse_store::storage::Storage;
use gatehouse_store::{Page, SledConfig, SledStorage, records};

use super::support::*;
use crate::jobs::{Claimed, Counts, NewJob, Outcome, Settled, Signal, Unique};

const DAY: i64 = 86_400;

/// A change that shows whether it was stored.
fn effect(bench: &Bench, claimed: &Claimed) -> gatehouse_store::Change {
    let mut change = bench.jobs.0.store.change();
    let digest = [u8::try_from(claimed.job.fence).unwrap(); 32];
    change.admin().create(&super::support::trace(digest, 1)).unwrap();
    change
}

async fn effects(bench: &Bench) -> usize {
    bench.jobs.0.store.admin().list::<records::IdempotentAnswer>(&Page::first(100)).await.unwrap().items.len()
}

#[tokio::test]
async fn after_a_restart_jobs_return_at_once_and_zombies_can_not_settle_them() {
    let mut bench = Bench::new().await;
    bench.put(job(1)).await;
    let zombie = bench.claim_one().await;
    let mut next = bench.restart().await;
    for outcome in [
        Outcome::done(effect(&bench, &zombie)),
        Outcome::retry("no").with(effect(&bench, &zombie)),
        Outcome::park(bench.jobs.now(), "wait").with(effect(&bench, &zombie)),
        Outcome::dead("never").with(effect(&bench, &zombie)),
    ] {
        assert_eq!(bench.settle(&zombie, outcome).await, Settled::Lost);
    }
    let mut page = effect(&bench, &zombie);
    zombie.guard(&mut page).unwrap();
    assert_eq!(page.commit().await.unwrap_err().kind, ErrorKind::Conflict);

    let again = next.claim_one().await;
    assert_eq!((again.job.id, again.job.fence, again.job.tries), (zombie.job.id, 2, 2));
    assert_eq!(bench.settle(&zombie, Outcome::done(effect(&bench, &zombie))).await, Settled::Lost);
    assert_eq!(effects(&next).await, 0);
    let mut page = bench.jobs.0.store.change();
    again.guard(&mut page).unwrap();
    page.commit().await.unwrap();
    assert_eq!(next.settle(&again, Outcome::done(effect(&next, &again))).await, Settled::Done);
    assert_eq!(bench.settle(&zombie, Outcome::done(effect(&bench, &zombie))).await, Settled::Lost);
    assert_eq!(effects(&next).await, 1);
}

#[tokio::test]
async fn a_lease_runs_out_when_its_worker_is_gone_and_not_while_it_lives() {
    let mut bench = Bench::new().await;
    for at in 0..2 {
        bench.put(job(at)).await;
    }
    let both = bench.claim(2).await;
    // The first one runs here; nothing is known of the second.
    bench.jobs.0.running.lock().unwrap().insert(both[0].job.id, both[0].clone());
    bench.go(60);
    bench.jobs.sweep().await.unwrap();
    assert!(bench.claim(8).await.is_empty());
    bench.go(1);
    bench.jobs.sweep().await.unwrap();
    let again = bench.claim_one().await;
    assert_eq!((again.job.id, again.job.fence), (both[1].job.id, 2));
    for jump in [DAY, -2 * DAY, DAY] {
        bench.go(jump);
        bench.jobs.sweep().await.unwrap();
        assert!(bench.claim(8).await.iter().all(|claimed| claimed.job.id != both[0].job.id), "{jump}");
    }
    assert_eq!(bench.done(&both[0]).await, Settled::Done);
    assert_eq!(bench.done(&both[1]).await, Settled::Lost);
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_make_a_lease_last_for_a_day() {
    let mut bench = Bench::new().await;
    bench.put(job(1)).await;
    bench.claim_one().await;
    bench.go(-DAY);
    bench.jobs.sweep().await.unwrap();
    bench.go(61);
    bench.jobs.sweep().await.unwrap();
    assert_eq!(bench.claim(8).await.len(), 1);
}

#[tokio::test]
async fn a_job_that_kills_every_worker_is_given_up() {
    let mut bench = Bench::new().await;
    bench.put(job(1)).await;
    for tries in 1..=12 {
        assert_eq!(bench.claim_one().await.job.tries, tries);
        bench = bench.restart().await;
    }
    let dead = bench.jobs.dead(None, &Page::first(9)).await.unwrap().items;
    assert!(matches!(&dead[0].state, JobState::Dead { reason, .. } if reason.contains("worker was gone")), "{dead:?}");
    assert!(bench.claim(8).await.is_empty());
}

#[tokio::test]
async fn a_cancelled_job_does_not_return_and_its_loser_is_told() {
    let mut bench = Bench::new().await;
    let id = bench.put(job(1)).await;
    let claimed = bench.claim_one().await;
    bench.jobs.cancel(None, id).await.unwrap();
    let next = bench.restart().await;
    assert_eq!(next.jobs.counts().await.unwrap(), Counts::default());
    bench.jobs.0.running.lock().unwrap().insert(id, claimed.clone());
    bench.jobs.sweep().await.unwrap();
    assert_eq!(claimed.signal(), Signal::Lost);
}

#[tokio::test]
async fn pauses_follow_a_clock_that_is_set_back_and_appointments_do_not() {
    let mut bench = Bench::new().await;
    bench.go(DAY);
    let pause = crate::jobs::When::After(gatehouse_domain::time::SignedDuration::from_secs(100));
    bench.put(NewJob { when: pause, ..job(1) }).await;
    let date = crate::jobs::after(bench.jobs.now(), gatehouse_domain::time::SignedDuration::from_secs(100));
    bench.put(NewJob { when: crate::jobs::When::At(date), ..job(2) }).await;
    bench.go(-DAY);
    bench.jobs.clock_set_back(bench.jobs.now()).await.unwrap();
    bench.go(99);
    assert!(bench.claim(8).await.is_empty());
    bench.go(1);
    assert_eq!(bench.claim(8).await.iter().map(number).collect::<Vec<_>>(), [1]);
    bench.go(DAY);
    assert_eq!(bench.claim(8).await.iter().map(number).collect::<Vec<_>>(), [2]);
}

fn sled(dir: &std::path::Path) -> Arc<dyn Storage> {
    let mut config = SledConfig::new(dir);
    config.cache_bytes = 8 << 20;
    config.space.full_bytes = 0;
    config.space.ballast_bytes = 1 << 20;
    Arc::new(SledStorage::open(config).unwrap())
}

#[tokio::test]
async fn everything_is_there_when_the_embedded_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::over(sled(dir.path()), Hands::new(), Dice::new(1)).await;
    for at in 0..40 {
        let unique = (at % 4 == 0).then(|| Unique { key: at.to_string(), on_waiting: crate::jobs::OnWaiting::Ignore });
        let group = (at % 5 == 0).then(|| "g".to_owned());
        bench.put(NewJob { unique, group, ..of(tenant(u8::try_from(at % 3).unwrap()), job(at)) }).await;
    }
    let mut claimed = bench.claim(9).await;
    assert_eq!(claimed.len(), 9);
    let done = claimed.split_off(6);
    for claimed in &done {
        bench.done(claimed).await;
    }
    bench.storage.close().await.unwrap();
    let Bench { clock, dice, .. } = bench;

    let mut bench = Bench::over(sled(dir.path()), clock, dice).await;
    for zombie in &claimed {
        assert_eq!(bench.done(zombie).await, Settled::Lost);
    }
    let mut seen: Vec<u64> = done.iter().map(number).collect();
    loop {
        let claimed = bench.claim(16).await;
        if claimed.is_empty() {
            break;
        }
        for claimed in claimed {
            seen.push(number(&claimed));
            assert_eq!(bench.done(&claimed).await, Settled::Done);
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..40).collect::<Vec<_>>());
    assert_eq!(bench.jobs.counts().await.unwrap(), Counts::default());
    bench.storage.close().await.unwrap();
}
