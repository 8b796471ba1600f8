//! Both exchanges, cut off at every single commit, before it and after it.

use gatehouse_domain::ErrorKind;

use super::super::run::Standing;
use super::support::{At, Place, finish, going_on, operator, root_id};

const TENANTS: usize = 5;
const CREDENTIALS: u8 = 5;

async fn check_root(at: fn(usize) -> At) {
    for moment in 0.. {
        let place = Place::begin(TENANTS, 1).await;
        let (engine, trap) = place.start_with(2, &[1], at(moment)).await;
        let begun = engine.rotate_root_key(&operator()).await;
        let ended = engine.go_on(&going_on()).await;
        let cut_off = begun.is_err() || ended.is_err();
        let commits = trap.commits();

        let engine = place.start(2, &[1]).await;
        let state = engine.root_keys().await.unwrap();
        if state.in_use == root_id(1) {
            engine.rotate_root_key(&operator()).await.unwrap();
        }
        finish(&engine).await;
        let state = engine.root_keys().await.unwrap();
        assert_eq!((state.in_use, state.needed), (root_id(2), vec![root_id(2)]), "cut off at {moment}");
        assert_eq!(state.removable, [root_id(1)]);
        let progress = state.rotation.unwrap();
        let done = (progress.finished, progress.done, progress.total, progress.problem);
        assert_eq!(done, (true, 5, Some(5), None), "cut off at {moment}");
        let again = engine.rotate_root_key(&operator()).await.unwrap_err();
        assert_eq!(again.kind, ErrorKind::Conflict);
        place.check(&place.start(2, &[]).await, 1, 1).await;
        if !cut_off {
            // Its begin, its count, three parts, its end.
            assert_eq!(commits, 6);
            return;
        }
    }
}

#[tokio::test]
async fn the_root_keys_exchange_goes_on_wherever_it_was_cut_off() {
    check_root(At::Before).await;
    check_root(At::After).await;
}

async fn check_tenant(at: fn(usize) -> At) {
    for moment in 0.. {
        let place = Place::begin(1, CREDENTIALS).await;
        let tenant = place.tenants[0];
        let (engine, trap) = place.start_with(1, &[], at(moment)).await;
        let begun = engine.rotate_tenant_key(&operator(), tenant).await;
        let ended = engine.go_on(&going_on()).await;
        let cut_off = begun.is_err() || ended.is_err();
        let commits = trap.commits();

        let engine = place.start(1, &[]).await;
        if engine.tenant_key_state(tenant).await.unwrap().version == 1 {
            engine.rotate_tenant_key(&operator(), tenant).await.unwrap();
        }
        finish(&engine).await;
        let state = engine.tenant_key_state(tenant).await.unwrap();
        assert_eq!((state.version, state.versions, state.rotation), (2, vec![2], None), "cut off at {moment}");
        place.check(&engine, CREDENTIALS, 2).await;
        if !cut_off {
            // Its begin, three parts, the closing of the old key, its end.
            assert_eq!(commits, 6);
            return;
        }
    }
}

#[tokio::test]
async fn a_tenant_keys_exchange_goes_on_wherever_it_was_cut_off() {
    check_tenant(At::Before).await;
    check_tenant(At::After).await;
}

#[tokio::test]
async fn another_root_key_may_take_the_place_of_one_that_is_on_its_way() {
    let place = Place::begin(TENANTS, 1).await;
    let (engine, _) = place.start_with(2, &[1], At::Before(3)).await;
    engine.rotate_root_key(&operator()).await.unwrap();
    engine.go_on(&going_on()).await.unwrap_err();
    let engine = place.start(3, &[1, 2]).await;
    let mut needed = engine.rotate_root_key(&operator()).await.unwrap().needed;
    needed.sort_unstable();
    let mut all = [1, 2, 3].map(root_id);
    all.sort_unstable();
    assert_eq!(needed, all);
    finish(&engine).await;
    assert_eq!(engine.root_keys().await.unwrap().needed, [root_id(3)]);
    place.check(&place.start(3, &[]).await, 1, 1).await;
}

#[tokio::test]
async fn a_key_that_does_not_open_keeps_the_old_root_key_and_stops_no_other() {
    use gatehouse_store::records::TenantKey;
    let place = Place::begin(TENANTS, 1).await;
    let engine = place.start(2, &[1]).await;
    let broken = place.tenants[2];
    let key = engine.tenant_keys(broken).await.unwrap().remove(0);
    let mut change = engine.store().change();
    let wrapped = format!("{}x", key.wrapped);
    change.tenant(broken).replace(&key, &TenantKey { wrapped, ..key.record.clone() }).unwrap();
    change.commit().await.unwrap();
    engine.rotate_root_key(&operator()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(engine.go_on(&going_on()).await.unwrap(), Standing::Blocked);
        let state = engine.root_keys().await.unwrap();
        assert_eq!((state.needed.len(), state.removable), (2, vec![]));
        let problem = state.rotation.unwrap().problem.unwrap();
        assert!(problem.contains(&broken.to_string()), "{problem}");
    }
    // What can be done is done, and with the key repaired so is the rest.
    assert_eq!(engine.keys_not_under(&root_id(2)).await.unwrap(), 1);
    let spoilt = engine.tenant_keys(broken).await.unwrap().remove(0);
    let mut change = engine.store().change();
    change.tenant(broken).replace(&spoilt, &key.record).unwrap();
    change.commit().await.unwrap();
    finish(&engine).await;
    assert_eq!(engine.root_keys().await.unwrap().needed, [root_id(2)]);
}
