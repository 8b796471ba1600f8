//! A chain loses its beginning to its retention, and to nothing and nobody else.

use gatehouse_domain::audit::AuditEntry;
use gatehouse_store::records::{AuditMark, ChainName};

use super::support::{Place, tenant};

async fn mark_of(place: &Place) -> AuditMark {
    place.engine.0.store.admin().get::<AuditMark>(&ChainName(tenant(1))).await.unwrap().unwrap().record
}

async fn keep(place: &Place, mark: &AuditMark) {
    let mut change = place.engine.0.store.change();
    change.admin().put(mark).unwrap();
    change.commit().await.unwrap();
}

async fn drop_entry(place: &Place, number: u64) {
    let mut change = place.engine.0.store.change();
    change.tenant(tenant(1).unwrap()).delete::<AuditEntry>(&number).unwrap();
    change.commit().await.unwrap();
}

async fn finds(place: &Place, expect: &str) {
    let findings = place.findings(None).await;
    assert!(findings.iter().any(|one| one.contains(expect)), "no {expect:?} in {findings:?}");
}

#[tokio::test]
async fn old_entries_go_once_a_checkpoint_covers_them() {
    let place = Place::begin();
    place.write(tenant(1), 600).await;
    place.engine.checkpoint_audit().await.unwrap();
    let anchor = place.anchor().await;
    place.write(tenant(1), 20).await;
    place.pass(399);
    assert_eq!(place.engine.prune_audit().await.unwrap(), 0, "they are too young");
    place.pass(2);
    assert_eq!(place.engine.prune_audit().await.unwrap(), 600, "the rest is not covered");
    assert_eq!(place.engine.prune_audit().await.unwrap(), 0);
    assert_eq!(place.findings(Some(&anchor)).await, Vec::<String>::new());
    let found = place.auditor().chain(tenant(1), None).await.unwrap();
    assert_eq!((found.pruned, found.entries, found.covered), (600, 20, 600));

    place.engine.checkpoint_audit().await.unwrap();
    place.write(tenant(1), 5).await;
    assert_eq!(place.engine.prune_audit().await.unwrap(), 20);
    let found = place.auditor().chain(tenant(1), None).await.unwrap();
    assert_eq!((found.pruned, found.entries, found.broken), (620, 5, vec![]));
    place.engine.checkpoint_audit().await.unwrap();
    place.pass(500);
    assert_eq!(place.engine.prune_audit().await.unwrap(), 5, "all of it may go");
    place.write(tenant(1), 1).await;
    assert_eq!(place.findings(Some(&anchor)).await, Vec::<String>::new());
    assert_eq!(place.auditor().checkpoints(None).await.unwrap().oldest, Some(3), "and checkpoints but for the newest");
}

#[tokio::test]
async fn nobody_else_takes_entries_from_the_front() {
    let place = Place::begin();
    place.write(tenant(1), 40).await;
    place.engine.checkpoint_audit().await.unwrap();
    let young = mark_of(&place).await;
    place.pass(401);
    place.write(tenant(1), 10).await;
    place.engine.prune_audit().await.unwrap();
    let sealed = mark_of(&place).await;
    let floor = sealed.floor.clone().unwrap();
    assert_eq!((floor.number, young.floor), (40, None));

    keep(&place, &AuditMark { floor: None, ..sealed.clone() }).await;
    finds(&place, "Some(41) follows entry 0: entries are missing").await;
    drop_entry(&place, 41).await;
    keep(&place, &sealed).await;
    finds(&place, "Some(42) follows entry 40: entries are missing").await;
    let second: AuditEntry = serde_json::from_slice(&place.rows(tenant(1)).await[0].bytes).unwrap();
    for forged in [
        gatehouse_domain::audit::AuditFloor { number: 41, hash: second.previous.clone(), ..floor.clone() },
        gatehouse_domain::audit::AuditFloor { hash: second.previous, ..floor.clone() },
        gatehouse_domain::audit::AuditFloor { seal: "0".repeat(64), ..floor },
    ] {
        keep(&place, &AuditMark { floor: Some(forged), ..sealed.clone() }).await;
        finds(&place, "this deployment did not seal that").await;
    }
}

#[tokio::test]
async fn what_is_damaged_is_evidence_and_stays() {
    let place = Place::begin();
    place.write(tenant(1), 40).await;
    place.engine.checkpoint_audit().await.unwrap();
    drop_entry(&place, 8).await;
    place.pass(401);
    assert_eq!(place.engine.prune_audit().await.unwrap(), 7, "up to the damage");
    assert_eq!(place.engine.prune_audit().await.unwrap(), 0);
    finds(&place, "Some(9) follows entry 7: entries are missing").await;
    assert_eq!(place.auditor().chain(tenant(1), None).await.unwrap().entries, 32);
}
