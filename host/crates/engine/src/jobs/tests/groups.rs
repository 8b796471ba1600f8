//! Groups: one job at a time, in order, whatever happens to the jobs before.

use super::support::*;
use crate::jobs::{Outcome, Settled};

async fn numbers(bench: &mut Bench) -> Vec<u64> {
    bench.claim(32).await.iter().map(number).collect()
}

#[tokio::test]
async fn a_group_runs_one_job_at_a_time_in_order() {
    let mut bench = Bench::new().await;
    for at in 0..200 {
        bench.put(in_group(["a", "b"][usize::try_from(at % 2).unwrap()], job(at))).await;
        // The order is that of enqueueing, not that of the clock.
        bench.go(-60);
    }
    bench.put(of(tenant(1), in_group("a", job(1000)))).await;
    let mut claimed = bench.claim(32).await;
    claimed.sort_by_key(number);
    assert_eq!(claimed.iter().map(number).collect::<Vec<_>>(), [0, 1, 1000]);
    bench.done(&claimed.pop().unwrap()).await;
    for expected in 2..200 {
        assert!(bench.claim(32).await.is_empty(), "{expected}");
        bench.done(&claimed.remove(0)).await;
        claimed.push(bench.claim_one().await);
        assert_eq!(number(claimed.last().unwrap()), expected);
    }
}

#[tokio::test]
async fn a_group_waits_for_a_job_that_failed_and_not_for_one_that_is_gone() {
    let mut bench = Bench::new().await;
    let mut ids = Vec::new();
    for at in 0..6 {
        ids.push(bench.put(in_group("a", job(at))).await);
    }
    let first = bench.claim_one().await;
    let Settled::Waiting { until } = bench.settle(&first, Outcome::retry("no")).await else { panic!() };
    bench.clock.go(until.duration_since(bench.jobs.now()) - gatehouse_domain::time::SignedDuration::from_millis(1));
    assert_eq!(numbers(&mut bench).await, [0u64; 0]);
    bench.go(1);
    let first = bench.claim_one().await;
    assert_eq!(number(&first), 0);
    bench.settle(&first, Outcome::dead("no")).await;
    let second = bench.claim_one().await;
    assert_eq!(number(&second), 1);
    // One that waits behind the group is cancelled, then the one that runs, then one between tries.
    bench.jobs.cancel(None, ids[2]).await.unwrap();
    bench.jobs.cancel(None, ids[1]).await.unwrap();
    bench.settle(&second, Outcome::retry("told to end")).await;
    let fourth = bench.claim_one().await;
    assert_eq!(number(&fourth), 3);
    bench.settle(&fourth, Outcome::retry("no")).await;
    bench.jobs.cancel(None, ids[3]).await.unwrap();
    assert_eq!(numbers(&mut bench).await, [4]);
    // The dead one, replayed, takes its turn like any other.
    bench.jobs.replay_dead(None, ids[0]).await.unwrap();
    assert_eq!(numbers(&mut bench).await, [0u64; 0]);
}

#[tokio::test]
async fn a_kill_between_the_end_of_a_job_and_the_next_turn_strands_nobody() {
    let mut bench = Bench::new().await;
    for at in 0..3 {
        bench.put(in_group("a", job(at))).await;
    }
    let first = bench.claim_one().await;
    assert!(bench.claim(8).await.is_empty());
    bench.done(&first).await;
    let mut bench = bench.restart().await;
    assert_eq!(numbers(&mut bench).await, [1]);
    // Killed while it ran: it comes back as the first of its group.
    let mut bench = bench.restart().await;
    assert_eq!(numbers(&mut bench).await, [1]);
}

#[tokio::test]
async fn a_newcomer_does_not_pass_the_one_that_waits_behind_the_group() {
    let mut bench = Bench::new().await;
    for at in 0..2 {
        bench.put(in_group("a", job(at))).await;
    }
    let first = bench.claim_one().await;
    assert!(bench.claim(8).await.is_empty());
    bench.done(&first).await;
    // It comes while the group is free and nobody has been woken yet.
    bench.put(in_group("a", job(2))).await;
    let room = crate::jobs::claim::Room::of(8);
    assert!(bench.jobs.claim(&mut bench.turns, &room).await.unwrap().is_empty());
    assert_eq!(numbers(&mut bench).await, [1]);
}
