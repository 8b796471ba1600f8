//! Who goes first: urgency, tenants in turn, weights, and claims that do not look at what is not due.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gatehouse_domain::job::Class;
use gatehouse_domain::time::SignedDuration;

use super::support::*;
use crate::jobs::claim::Room;
use crate::jobs::{NewJob, When};

async fn flood(bench: &Bench, owner: u8, count: u64) {
    for _ in 0..count {
        bench.put(of(tenant(owner), job(owner.into()))).await;
    }
}

/// How often each number was claimed in `rounds` claims of `room`.
async fn served(bench: &mut Bench, room: &Room, rounds: usize) -> BTreeMap<u64, usize> {
    let mut served = BTreeMap::new();
    for _ in 0..rounds {
        for claimed in bench.jobs.claim(&mut bench.turns, room).await.unwrap() {
            *served.entry(number(&claimed)).or_default() += 1;
        }
    }
    served
}

#[tokio::test]
async fn tenants_take_turns_whatever_one_of_them_piles_up() {
    for most in [1, 2, 3, 5, 16, 32] {
        let mut bench = Bench::new().await;
        flood(&bench, 1, 700).await;
        for owner in 2..=6 {
            flood(&bench, owner, 100).await;
        }
        let rounds = 240 / most;
        let served = served(&mut bench, &Room::of(most), rounds).await;
        assert_eq!(served.len(), 6, "{most}: {served:?}");
        let (fewest, many) = (served.values().min().unwrap(), served.values().max().unwrap());
        assert!(many - fewest <= most.min(6), "{most}: {served:?}");
    }
}

#[tokio::test]
async fn a_tenant_that_comes_late_is_served_with_the_next_claim() {
    let mut bench = Bench::new().await;
    flood(&bench, 1, 100).await;
    bench.claim(16).await;
    flood(&bench, 9, 1).await;
    assert!(bench.claim(2).await.iter().any(|claimed| number(claimed) == 9));
}

#[tokio::test]
async fn a_weight_is_a_share() {
    for most in [1, 4, 16] {
        let mut bench = Bench::new().await;
        flood(&bench, 1, 400).await;
        flood(&bench, 2, 400).await;
        let room = Room { weights: Arc::new(HashMap::from([(tenant(2), 3)])), ..Room::of(most) };
        let served = served(&mut bench, &room, 320 / most).await;
        assert!((236..=244).contains(&served[&2]), "{most}: {served:?}");
    }
}

#[tokio::test]
async fn a_tenant_and_a_class_get_no_more_than_their_room() {
    let mut bench = Bench::new().await;
    flood(&bench, 1, 20).await;
    flood(&bench, 2, 20).await;
    let room = Room { tenant: 6, tenants: HashMap::from([(Some(tenant(1)), 4)]), ..Room::of(16) };
    assert_eq!(served(&mut bench, &room, 1).await, BTreeMap::from([(1, 2), (2, 6)]));
    let mut room = Room::of(16);
    room.classes[Class::Normal.rank()] = 3;
    assert_eq!(served(&mut bench, &room, 1).await.values().sum::<usize>(), 3);
}

#[tokio::test]
async fn the_urgent_go_first_and_nobody_is_starved() {
    let mut bench = Bench::new().await;
    for class in Class::ALL {
        for _ in 0..400 {
            bench.put(at(class, job(class.rank() as u64))).await;
        }
    }
    let served = served(&mut bench, &Room::of(1), 320).await;
    assert_eq!(served, BTreeMap::from([(0, 180), (1, 80), (2, 40), (3, 20)]));
    // One urgent job among much that is not: claimed with the first claim.
    let mut bench = Bench::new().await;
    for _ in 0..100 {
        bench.put(at(Class::Bulk, job(3))).await;
    }
    bench.put(at(Class::Interactive, job(0))).await;
    assert_eq!(number(&bench.claim_one().await), 0);
}

#[tokio::test]
async fn jobs_that_are_not_due_are_not_looked_at() {
    let mut bench = Bench::new().await;
    let counting = Arc::new(super::faulty::Counting::over(Arc::clone(&bench.storage)));
    for _ in 0..3000 {
        bench.put(NewJob { when: When::After(SignedDuration::from_hours(1)), ..of(tenant(1), job(1)) }).await;
    }
    let storage: Arc<dyn gatehouse_store::storage::Storage> = counting.clone();
    bench.jobs = queue(&storage, &bench.clock, &bench.dice);
    flood(&bench, 2, 1).await;
    counting.reset();
    assert_eq!(bench.claim(1).await.len(), 1);
    assert!(counting.rows() < 120, "{} rows were read for one claim", counting.rows());
    assert!(counting.calls() < 20, "{} calls were made for one claim", counting.calls());
}

#[tokio::test]
async fn a_lane_that_ran_dry_in_the_middle_of_its_turn_stops_nobody() {
    let mut bench = Bench::new().await;
    for at in 0..3 {
        bench.put(in_group("a", of(tenant(1), job(at)))).await;
    }
    flood(&bench, 2, 3).await;
    let room = Room { weights: Arc::new(HashMap::from([(tenant(2), 100)])), ..Room::of(1) };
    assert_eq!(served(&mut bench, &room, 8).await, BTreeMap::from([(0, 1), (2, 3)]));
    flood(&bench, 3, 2).await;
    assert_eq!(served(&mut bench, &room, 3).await, BTreeMap::from([(3, 2)]));
}
