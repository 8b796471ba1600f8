//! The life of one job: done, failed, parked, faulted, given up, replayed, cancelled.

use async_trait::async_trait;
use std::sync::Arc;

use gatehouse_domain::job::{Job, JobState};
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::DeadJob;
use gatehouse_store::{Page, records};
use serde_json::json;

use super::support::*;
use crate::jobs::{Cancelled, Claimed, Counts, Handler, NewJob, Outcome, Settled, Signal, Tries, When};

#[tokio::test]
async fn a_job_is_done_once_and_gone() {
    let mut bench = Bench::new().await;
    let id = bench.put(job(1)).await;
    let claimed = bench.claim_one().await;
    assert_eq!((claimed.job.id, claimed.job.tries, claimed.job.fence), (id, 1, 1));
    assert_eq!(bench.jobs.counts().await.unwrap().kinds["test"].running, 1);
    assert!(bench.claim(8).await.is_empty());
    assert_eq!(bench.done(&claimed).await, Settled::Done);
    assert!(bench.claim(8).await.is_empty());
    assert_eq!(bench.jobs.job_of(None, id).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(bench.jobs.counts().await.unwrap(), Counts::default());
}

#[tokio::test]
async fn a_job_exists_if_its_change_is_committed() {
    let mut bench = Bench::new().await;
    let mut change = bench.jobs.0.store.change();
    bench.jobs.enqueue(&mut change.admin(), job(1)).await.unwrap();
    assert!(bench.claim(8).await.is_empty());
    change.commit().await.unwrap();
    assert_eq!(bench.claim(8).await.len(), 1);
}

#[tokio::test]
async fn effects_and_the_end_of_the_job_are_one_commit() {
    let mut bench = Bench::new().await;
    bench.put(job(1)).await;
    let effect = super::support::trace([1; 32], 1);
    let claimed = bench.claim_one().await;
    let mut change = bench.jobs.0.store.change();
    change.admin().create(&effect).unwrap();
    assert_eq!(bench.settle(&claimed, Outcome::done(change)).await, Settled::Done);
    assert!(bench.jobs.0.store.admin().get::<records::IdempotentAnswer>(&[1; 32]).await.unwrap().is_some());

    // An effect that can not be stored leaves the job to be tried again.
    bench.put(job(2)).await;
    let claimed = bench.claim_one().await;
    let mut change = bench.jobs.0.store.change();
    change.admin().create(&effect).unwrap();
    let settled = bench.settle(&claimed, Outcome::done(change)).await;
    assert!(matches!(settled, Settled::Waiting { .. }), "{settled:?}");
    bench.go(5);
    let again = bench.claim_one().await;
    assert!(again.job.failures[0].reason.contains("changed by another request"), "{:?}", again.job.failures);

    // A handler that commits by itself, under the lease.
    let mut change = bench.jobs.0.store.change();
    again.done(&mut change).unwrap();
    change.commit().await.unwrap();
    assert_eq!(bench.settle(&again, Outcome::settled()).await, Settled::Done);
    assert_eq!(bench.jobs.counts().await.unwrap(), Counts::default());
}

#[tokio::test]
async fn a_failure_waits_longer_each_time_and_ends_in_a_dead_letter() {
    let mut bench = Bench::new().await;
    let id = bench.put(of(tenant(1), job(9))).await;
    for failed in 1..=12u32 {
        let claimed = bench.claim_one().await;
        assert_eq!(claimed.job.tries, failed);
        let settled = bench.settle(&claimed, Outcome::retry(format!("failure {failed}"))).await;
        let longest = SignedDuration::from_secs((5i64 << (failed - 1)).min(6 * 3600));
        match settled {
            Settled::Waiting { until } => {
                let pause = until.duration_since(bench.jobs.now());
                assert!(pause <= longest && !pause.is_negative(), "{failed}: {pause}");
                assert!(pause.is_zero() || bench.claim(1).await.is_empty(), "{failed}: claimed before its time");
                bench.clock.go(pause);
            }
            settled => assert_eq!((failed, settled), (12, Settled::Dead)),
        }
    }
    let dead = bench.jobs.dead(Some(tenant(1)), &Page::first(10)).await.unwrap().items;
    let [dead] = dead.as_slice() else { panic!("{dead:?}") };
    let reasons: Vec<_> = dead.failures.iter().map(|failure| failure.reason.as_str()).collect();
    assert_eq!(reasons, ["failure 8", "failure 9", "failure 10", "failure 11", "failure 12"]);
    assert!(matches!(&dead.state, JobState::Dead { reason, .. } if reason == "failure 12"));
    assert!(bench.jobs.dead(None, &Page::first(10)).await.unwrap().items.is_empty());
    assert!(bench.jobs.dead(Some(tenant(2)), &Page::first(10)).await.unwrap().items.is_empty());

    assert_eq!(bench.jobs.replay_dead(Some(tenant(2)), id).await.unwrap_err().kind, ErrorKind::NotFound);
    bench.jobs.replay_dead(Some(tenant(1)), id).await.unwrap();
    assert_eq!(bench.jobs.replay_dead(Some(tenant(1)), id).await.unwrap_err().kind, ErrorKind::Conflict);
    let claimed = bench.claim_one().await;
    assert_eq!((claimed.job.id, claimed.job.tries, number(&claimed)), (id, 1, 9));
    bench.done(&claimed).await;
    assert!(bench.jobs.0.store.admin().list::<DeadJob>(&Page::first(1)).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_parked_try_does_not_count_and_a_dead_one_ends_at_once() {
    let mut bench = Bench::new().await;
    bench.put(job(1)).await;
    for _ in 0..30 {
        let claimed = bench.claim_one().await;
        assert_eq!(claimed.job.tries, 1);
        let until = crate::jobs::after(bench.jobs.now(), SignedDuration::from_secs(10));
        assert_eq!(bench.settle(&claimed, Outcome::park(until, "rate limited")).await, Settled::Waiting { until });
        bench.go(9);
        assert!(bench.claim(1).await.is_empty());
        bench.go(1);
    }
    let claimed = bench.claim_one().await;
    assert_eq!(claimed.job.fence, 31);
    assert_eq!(bench.settle(&claimed, Outcome::dead("no such record")).await, Settled::Dead);
    assert_eq!(bench.jobs.counts().await.unwrap().kinds["test"].dead, 1);
}

#[tokio::test]
async fn a_wait_can_be_asked_for_and_the_longer_of_two_is_taken() {
    let mut bench = Bench::new().await;
    let run_at = crate::jobs::after(bench.jobs.now(), SignedDuration::from_secs(100));
    bench.put(NewJob { when: When::At(run_at), ..job(1) }).await;
    bench.put(NewJob { when: When::After(SignedDuration::from_secs(50)), ..job(2) }).await;
    bench.put(NewJob { when: When::After(SignedDuration::from_secs(-5)), ..job(3) }).await;
    for (wait, expected) in [(0, vec![3]), (49, vec![]), (1, vec![2]), (49, vec![]), (1, vec![1])] {
        bench.go(wait);
        let claimed = bench.claim(8).await;
        assert_eq!(claimed.iter().map(number).collect::<Vec<_>>(), expected);
    }
    bench.put(job(4)).await;
    let claimed = bench.claim_one().await;
    let error = gatehouse_domain::Error::unavailable("too many requests").retry_after(3_600_000);
    let Settled::Waiting { until } = bench.settle(&claimed, error.into()).await else { panic!() };
    assert_eq!(until.duration_since(bench.jobs.now()), SignedDuration::from_hours(1));
}

#[tokio::test]
async fn what_waits_can_be_cancelled_and_what_runs_is_told() {
    let mut bench = Bench::new().await;
    let id = bench.put(job(1)).await;
    assert_eq!(bench.jobs.cancel(Some(tenant(1)), id).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(bench.jobs.cancel(None, id).await.unwrap(), Cancelled::Removed);
    assert_eq!(bench.jobs.cancel(None, id).await.unwrap_err().kind, ErrorKind::NotFound);
    assert!(bench.claim(8).await.is_empty());

    for outcome in [Outcome::retry("no"), Outcome::park(bench.jobs.now(), "wait"), Outcome::dead("never")] {
        let id = bench.put(job(2)).await;
        let claimed = bench.claim_one().await;
        bench.jobs.0.running.lock().unwrap().insert(id, claimed.clone());
        assert_eq!(bench.jobs.cancel(None, id).await.unwrap(), Cancelled::Told);
        assert_eq!(claimed.signal(), Signal::Cancel);
        assert_eq!(bench.settle(&claimed, outcome).await, Settled::Cancelled);
        assert_eq!(bench.jobs.counts().await.unwrap(), Counts::default());
    }
    let id = bench.put(job(3)).await;
    let claimed = bench.claim_one().await;
    bench.jobs.cancel(None, id).await.unwrap();
    assert_eq!(bench.done(&claimed).await, Settled::Done);
    assert_eq!(bench.jobs.counts().await.unwrap(), Counts::default());
}

#[tokio::test]
async fn a_job_that_can_not_be_is_refused_with_its_name() {
    let bench = Bench::new().await;
    let long = "x".repeat(256);
    for (new, kind, part) in [
        (NewJob::new("", json!(1)), ErrorKind::Invalid, "``"),
        (NewJob::new("Sync", json!(1)), ErrorKind::Invalid, "`Sync`"),
        (NewJob::new("x".repeat(65), json!(1)), ErrorKind::Invalid, "64"),
        (NewJob::new("big", json!("x".repeat(32 << 10))), ErrorKind::TooLarge, "32768"),
        (in_group("", job(1)), ErrorKind::Invalid, "group"),
        (in_group(&long, job(1)), ErrorKind::Invalid, "256"),
    ] {
        let error = bench.jobs.enqueue_alone(new).await.unwrap_err();
        assert!(error.kind == kind && error.message.contains(part), "{error}");
    }
}

/// Runs code `v1` or `v2`, whichever its payload names.
struct Coded;

#[async_trait]
impl Handler for Coded {
    fn kind(&self) -> &'static str {
        "test"
    }
    fn tries(&self) -> Tries {
        Tries { most: 100, ..Tries::default() }
    }
    async fn code(&self, job: &Job) -> Option<String> {
        job.payload.as_u64().map(|version| format!("v{version}"))
    }
    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        Ok(Outcome::fault(format!("v{}", number(job)), "out of memory"))
    }
}

#[tokio::test]
async fn code_that_faults_three_times_in_a_row_is_parked_and_no_other() {
    let mut bench = Bench::new().await;
    bench.jobs.register(Arc::new(Coded));
    bench.put(job(1)).await;
    for _ in 0..2 {
        let claimed = bench.claim_one().await;
        assert!(matches!(bench.jobs.work(claimed).await.unwrap(), Settled::Waiting { .. }));
        bench.go(3600);
    }
    // A success in between forgets them.
    bench.put(job(1)).await;
    for claimed in bench.claim(2).await {
        bench.done(&claimed).await;
    }
    bench.put(job(1)).await;
    for faults in 1..=3 {
        assert!(bench.jobs.quarantined(&Page::first(10)).await.unwrap().is_empty(), "after {faults}");
        let claimed = bench.claim_one().await;
        bench.jobs.work(claimed).await.unwrap();
        bench.go(if faults < 3 { 3600 } else { 60 });
    }
    let closed = bench.jobs.quarantined(&Page::first(10)).await.unwrap();
    assert_eq!((closed[0].code.as_str(), closed[0].faults, closed[0].reason.as_str()), ("v1", 3, "out of memory"));
    let claimed = bench.claim_one().await;
    let tries = claimed.job.tries;
    let Settled::Waiting { until } = bench.jobs.work(claimed).await.unwrap() else { panic!() };
    assert_eq!(until.duration_since(bench.jobs.now()), SignedDuration::from_mins(15));
    bench.put(job(2)).await;
    let other = bench.claim_one().await;
    assert_eq!(bench.done(&other).await, Settled::Done);
    bench.go(15 * 60);
    bench.jobs.release("test", "v1").await.unwrap();
    assert_eq!(bench.jobs.release("test", "v1").await.unwrap_err().kind, ErrorKind::NotFound);
    let claimed = bench.claim_one().await;
    assert_eq!(claimed.job.tries, tries, "a parked try does not count");
    assert_eq!(bench.done(&claimed).await, Settled::Done);
}
