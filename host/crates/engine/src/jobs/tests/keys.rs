//! Unique keys: one waiting job under each, and never a lost request.

use gatehouse_domain::ErrorKind;
use gatehouse_domain::time::SignedDuration;

use super::support::*;
use crate::jobs::{Enqueued, NewJob, OnWaiting, Outcome, Unique, When};

fn unique(number: u64, on_waiting: OnWaiting) -> NewJob {
    NewJob { unique: Some(Unique { key: "k".into(), on_waiting }), ..job(number) }
}

fn later(seconds: i64, new: NewJob) -> NewJob {
    NewJob { when: When::After(SignedDuration::from_secs(seconds)), ..new }
}

async fn put(bench: &Bench, new: NewJob) -> Enqueued {
    bench.jobs.enqueue_alone(new).await.unwrap()
}

#[tokio::test]
async fn a_second_job_is_ignored_while_the_first_waits_and_not_while_it_runs() {
    let mut bench = Bench::new().await;
    let first = put(&bench, unique(1, OnWaiting::Ignore)).await;
    assert_eq!(put(&bench, unique(2, OnWaiting::Ignore)).await, Enqueued::Joined(first.id()));
    // Other tenants and kinds have keys of their own.
    let tenants = put(&bench, of(tenant(1), unique(3, OnWaiting::Ignore))).await;
    let kinds = put(&bench, NewJob { kind: "other".into(), ..unique(4, OnWaiting::Ignore) }).await;
    assert!(matches!((tenants, kinds), (Enqueued::New(_), Enqueued::New(_))));
    let mut claimed = bench.claim(8).await;
    claimed.sort_by_key(number);
    assert_eq!(claimed.iter().map(number).collect::<Vec<_>>(), [1, 3, 4]);

    let second = put(&bench, unique(5, OnWaiting::Ignore)).await;
    assert!(matches!(second, Enqueued::New(_)));
    // The first fails and waits again: the key is the second's now.
    bench.settle(&claimed[0], Outcome::retry("no")).await;
    assert_eq!(put(&bench, unique(6, OnWaiting::Ignore)).await, Enqueued::Joined(second.id()));
    bench.go(5);
    let both = bench.claim(8).await;
    assert_eq!(both.len(), 2);
    // The last one that failed gets the free key back.
    bench.settle(&both[0], Outcome::retry("no")).await;
    assert_eq!(put(&bench, unique(7, OnWaiting::Ignore)).await, Enqueued::Joined(both[0].job.id));
}

#[tokio::test]
async fn a_claim_between_the_look_and_the_commit_is_a_conflict_and_not_a_loss() {
    let mut bench = Bench::new().await;
    put(&bench, unique(1, OnWaiting::Ignore)).await;
    let mut change = bench.jobs.0.store.change();
    bench.jobs.enqueue(&mut change.admin(), unique(2, OnWaiting::Ignore)).await.unwrap();
    let claimed = bench.claim_one().await;
    assert_eq!(change.commit().await.unwrap_err().kind, ErrorKind::Conflict);
    bench.done(&claimed).await;
    // And the other way round: enqueued as new while another took the key.
    let mut change = bench.jobs.0.store.change();
    bench.jobs.enqueue(&mut change.admin(), unique(3, OnWaiting::Ignore)).await.unwrap();
    put(&bench, unique(4, OnWaiting::Ignore)).await;
    assert_eq!(change.commit().await.unwrap_err().kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_replacement_brings_its_payload_and_its_time() {
    let mut bench = Bench::new().await;
    let first = put(&bench, later(100, unique(1, OnWaiting::Replace))).await;
    assert_eq!(put(&bench, later(10, unique(2, OnWaiting::Replace))).await, Enqueued::Joined(first.id()));
    bench.go(9);
    assert!(bench.claim(8).await.is_empty());
    bench.go(1);
    let claimed = bench.claim_one().await;
    assert_eq!((claimed.job.id, number(&claimed)), (first.id(), 2));
}

#[tokio::test]
async fn a_debounced_job_waits_for_quiet_but_not_for_ever() {
    let mut bench = Bench::new().await;
    let on_waiting = OnWaiting::Debounce { at_most: SignedDuration::from_secs(30) };
    put(&bench, later(10, unique(0, on_waiting))).await;
    for number in 1..=5 {
        bench.go(5);
        assert!(bench.claim(8).await.is_empty(), "{number}");
        put(&bench, later(10, unique(number, on_waiting))).await;
    }
    bench.go(4);
    assert!(bench.claim(8).await.is_empty());
    bench.go(1);
    assert_eq!(number(&bench.claim_one().await), 5);
}
