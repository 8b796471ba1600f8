//! One tenant floods, the others do not notice: a simulation of a runner with its limits.

use std::collections::BTreeMap;

use super::support::*;
use crate::jobs::claim::Room;

/// Jain's index: 1 where all have the same.
fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    sum * sum / (shares.len() as f64 * shares.iter().map(|share| share * share).sum::<f64>())
}

#[tokio::test]
async fn a_flood_of_one_tenant_does_not_delay_the_others() {
    for seed in 0..3 {
        let mut bench =
            Bench::over(std::sync::Arc::new(gatehouse_store::MemoryStorage::new()), Hands::new(), Dice::new(seed))
                .await;
        for _ in 0..100 {
            let mut change = bench.jobs.0.store.change();
            for _ in 0..100 {
                bench.jobs.enqueue(&mut change.admin(), of(tenant(0), job(0))).await.unwrap();
            }
            change.commit().await.unwrap();
        }
        // Twenty others each add a job in most rounds; jobs take one to four rounds on 16 workers.
        let (mut running, mut waits, mut served) = (Vec::new(), BTreeMap::<u64, Vec<usize>>::new(), BTreeMap::new());
        let mut begun = BTreeMap::new();
        for round in 0..400usize {
            for owner in 1..=20u8 {
                if bench.dice.below(5) == 0 {
                    let id = bench.put(of(tenant(owner), job(owner.into()))).await;
                    begun.insert(id, round);
                }
            }
            let mut room = Room { tenant: 12, ..Room::of(16 - running.len()) };
            for (claimed, _) in &running {
                let claimed: &crate::jobs::Claimed = claimed;
                *room.tenants.entry(claimed.job.tenant).or_default() += 1;
            }
            for claimed in bench.jobs.claim(&mut bench.turns, &room).await.unwrap() {
                *served.entry(number(&claimed)).or_insert(0.0) += 1.0;
                if let Some(begun) = begun.get(&claimed.job.id) {
                    waits.entry(number(&claimed)).or_default().push(round - begun);
                }
                running.push((claimed, round + 1 + bench.dice.below(4) as usize));
            }
            let (ended, still): (Vec<_>, Vec<_>) = running.into_iter().partition(|(_, until)| *until <= round + 1);
            running = still;
            for (claimed, _) in ended {
                bench.done(&claimed).await;
            }
        }
        let others: Vec<f64> = (1..=20).map(|owner| served.get(&owner).copied().unwrap_or(0.0)).collect();
        assert!(jain(&others) >= 0.95, "seed {seed}: Jain {} of {others:?}", jain(&others));
        let longest = waits.values().flatten().max().unwrap();
        assert!(*longest <= 12, "seed {seed}: one waited for {longest} rounds");
        assert!(served[&0] > 100.0, "seed {seed}: the flood got {} only", served[&0]);
    }
}
