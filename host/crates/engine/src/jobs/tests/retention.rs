//! Dead letters go after their time, counted from their deaths, and nothing else does.

use gatehouse_domain::job::Job;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::{EPOCH, SignedDuration};
use gatehouse_store::records::{DeadJob, JobGroup};
use gatehouse_store::{Page, Retention};

use super::support::*;
use crate::jobs::{NewJob, Outcome, When};

#[tokio::test]
async fn dead_jobs_are_kept_for_as_long_as_the_operator_says() {
    let mut bench = Bench::new().await;
    let mut change = bench.jobs.0.store.change();
    change.admin().create(&Tenant::new(tenant(1), "t".into(), serde_json::Map::new(), EPOCH)).unwrap();
    change.commit().await.unwrap();
    bench.put(NewJob { when: When::After(SignedDuration::from_hours(24 * 365)), ..job(7) }).await;
    // One dies each day, for the tenant and for the deployment in turn, after an old fault.
    for day in 0..100u64 {
        let new = if day % 2 == 0 { of(tenant(1), job(day)) } else { job(day) };
        bench.put(new).await;
        let claimed = bench.claim_one().await;
        if day == 50 {
            bench.settle(&claimed, Outcome::fault("v1", "trap")).await;
            bench.go(5);
            let again = bench.claim_one().await;
            bench.settle(&again, Outcome::dead("no")).await;
        } else {
            bench.settle(&claimed, Outcome::dead("no")).await;
        }
        bench.go(86_400);
    }
    let retention = Retention { dead_jobs_days: 30, ..Retention::default() };
    let store = &bench.jobs.0.store;
    assert_eq!(store.prune(bench.jobs.now(), &retention).await.unwrap().dead_jobs, 70);
    assert_eq!(store.prune(bench.jobs.now(), &retention).await.unwrap().dead_jobs, 0);
    let page = Page::first(1000);
    assert_eq!(store.admin().list::<DeadJob>(&page).await.unwrap().items.len(), 30);
    assert_eq!(store.admin().list::<Job>(&page).await.unwrap().items.len(), 31);
    assert!(store.admin().list::<JobGroup>(&page).await.unwrap().items.is_empty());
    for owner in [Some(tenant(1)), None] {
        let left = bench.jobs.dead(owner, &page).await.unwrap().items;
        assert!(left.len() == 15 && left.iter().all(|dead| dead.payload.as_u64().unwrap() >= 70), "{left:?}");
    }
}
