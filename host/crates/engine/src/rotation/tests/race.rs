//! Somebody else who writes between any two commits of an exchange: a credential, a tenant, a
//! deletion. Nothing becomes unreadable, and what is newer wins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Page;
use gatehouse_store::records::{ClosedKey, Rotation, SealedCredential, TenantKey};

use super::super::run::Standing;
use super::support::{At, Place, finish, going_on, integration, operator, root_id};
use crate::Engine;
use crate::tag::IfMatch;
use crate::tenants::NewTenant;

const CREDENTIALS: u8 = 5;

/// Asks until nobody else came first, as a caller does that is told of a conflict.
async fn begin(engine: &Engine, place: &Place) {
    loop {
        match engine.rotate_tenant_key(&operator(), place.tenants[0]).await {
            Err(error) if error.kind == ErrorKind::Conflict => {}
            outcome => return drop(outcome.unwrap()),
        }
    }
}

#[tokio::test]
async fn a_credential_that_was_sealed_before_is_stored_readable_or_not_at_all() {
    let mut refused = 0;
    for moment in 0..8 {
        let place = Place::begin(1, CREDENTIALS).await;
        // Sealed by the old key and put together before the exchange; stored somewhere in its middle.
        let writer = place.start(1, &[]).await;
        let newer = place.seal(&writer, 2, 9).await;
        let mut work = writer.own_work(None);
        writer.keep_credential(&mut work, place.tenants[0], &newer).await.unwrap();
        let stored = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stored);
        let store = async move {
            match work.commit_now().await {
                Ok(()) => told.store(true, Ordering::Relaxed),
                Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
            }
        };
        let (engine, trap) = place.start_with(1, &[], At::Let(moment, Box::pin(store))).await;
        begin(&engine, &place).await;
        finish(&engine).await;
        if trap.commits() <= moment {
            break;
        }
        place.check(&engine, CREDENTIALS, 2).await;
        let tenant = engine.0.store.tenant(place.tenants[0]);
        let now = tenant.get::<SealedCredential>(&integration(2)).await.unwrap().unwrap();
        let stored = stored.load(Ordering::Relaxed);
        assert_eq!(now.version == 9, stored, "at {moment} the newer credential was lost");
        refused += usize::from(!stored);
        assert_eq!(engine.tenant_key_state(place.tenants[0]).await.unwrap().versions, [2]);
    }
    // Only between the closing of the old key and its end is the door shut.
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn a_tenant_that_is_made_or_deleted_meanwhile_holds_up_no_root_key() {
    for moment in 0..8 {
        let place = Place::begin(5, 1).await;
        let other = place.start(1, &[2]).await;
        let (kept, gone) = (place.tenants[0], place.tenants[3]);
        let meanwhile = async move {
            let new = NewTenant { name: "new".to_owned(), ..NewTenant::default() };
            other.create_tenant(&operator(), new).await.unwrap();
            other.delete_tenant(&operator(), gone, &IfMatch::Anything).await.unwrap();
        };
        let (engine, trap) = place.start_with(2, &[1], At::Let(moment, Box::pin(meanwhile))).await;
        retried(async || engine.rotate_root_key(&operator()).await).await;
        finish(&engine).await;
        if trap.commits() <= moment {
            assert!(moment >= 6, "only {moment} moments were tried");
            return;
        }
        assert_eq!(engine.root_keys().await.unwrap().needed, [root_id(2)]);
        assert_eq!(engine.keys_not_under(&root_id(2)).await.unwrap(), 0, "at {moment}");
        assert_eq!(engine.tenant_keys(gone).await.unwrap().len(), 0);
        assert_eq!(engine.tenant_keys(kept).await.unwrap().len(), 1);
    }
    panic!("it takes more moments than were tried");
}

/// A new tenant's key that was sealed under the old root key, before the exchange.
#[tokio::test]
async fn a_key_that_was_sealed_before_does_not_come_in_behind_the_scan() {
    let place = Place::begin(3, 1).await;
    let late = place.start(1, &[]).await;
    let mut work = late.own_work(None);
    late.add_tenant_key(&mut work, place.tenants[1], 2).await.unwrap();
    let engine = place.start(2, &[1]).await;
    engine.rotate_root_key(&operator()).await.unwrap();
    assert_eq!(work.commit_now().await.unwrap_err().kind, ErrorKind::Conflict);
    finish(&engine).await;
    assert_eq!(engine.keys_not_under(&root_id(2)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_tenant_that_is_deleted_meanwhile_leaves_no_key_and_no_trace_of_the_exchange() {
    for moment in 0..8 {
        let place = Place::begin(1, CREDENTIALS).await;
        let tenant = place.tenants[0];
        let other = place.start(1, &[]).await;
        let delete = async move {
            other.delete_tenant(&operator(), tenant, &IfMatch::Anything).await.unwrap();
        };
        let (engine, trap) = place.start_with(1, &[], At::Let(moment, Box::pin(delete))).await;
        // At the first moment there is no tenant any more to begin with.
        let begun = retried_or(async || engine.rotate_tenant_key(&operator(), tenant).await).await;
        assert!(begun.is_ok() || moment == 0, "{begun:?}");
        while engine.go_on(&going_on()).await.is_err() {}
        while engine.go_on(&going_on()).await.unwrap() != Standing::Idle {}
        if trap.commits() <= moment {
            return;
        }
        let admin = engine.0.store.admin();
        assert_eq!(engine.0.store.tenant(tenant).list::<TenantKey>(&Page::first(9)).await.unwrap().items, []);
        assert_eq!(admin.list::<Rotation>(&Page::first(9)).await.unwrap().items, [], "at {moment}");
        assert_eq!(admin.list::<ClosedKey>(&Page::first(9)).await.unwrap().items, [], "at {moment}");
    }
    panic!("it takes more moments than were tried");
}

#[tokio::test]
async fn a_credential_that_comes_after_its_key_was_destroyed_is_refused() {
    let place = Place::begin(1, CREDENTIALS).await;
    let writer = place.start(1, &[]).await;
    let newer = place.seal(&writer, 2, 9).await;
    let mut late = writer.own_work(None);
    writer.keep_credential(&mut late, place.tenants[0], &newer).await.unwrap();
    let engine = place.start(1, &[]).await;
    begin(&engine, &place).await;
    finish(&engine).await;
    assert_eq!(late.commit_now().await.unwrap_err().kind, ErrorKind::Conflict);
    // Put together only now, it can not be sealed again either: that is told before the commit.
    let mut later = writer.own_work(None);
    let refused = writer.keep_credential(&mut later, place.tenants[0], &newer).await.unwrap_err();
    assert!(refused.kind == ErrorKind::Conflict && refused.message.contains("destroyed"), "{refused}");
    place.check(&engine, CREDENTIALS, 2).await;
}

#[tokio::test]
async fn a_deletion_that_does_not_know_of_a_new_key_is_made_again() {
    let place = Place::begin(1, CREDENTIALS).await;
    let (tenant, other) = (place.tenants[0], place.start(1, &[]).await);
    let rotate = async move { drop(other.rotate_tenant_key(&operator(), tenant).await.unwrap()) };
    // Behind the deletion's look at the keys, and before anything of its commit.
    let (engine, _) = place.start_with(1, &[], At::LetAfterList(Box::pin(rotate))).await;
    let lost = engine.delete_tenant(&operator(), tenant, &IfMatch::Anything).await.unwrap_err();
    assert_eq!(lost.kind, ErrorKind::Conflict);
    engine.delete_tenant(&operator(), tenant, &IfMatch::Anything).await.unwrap();
    assert_eq!(engine.tenant_keys(tenant).await.unwrap().len(), 0);
}

/// An execute reads the credential and then its key, and the exchange may end between the two.
#[tokio::test]
async fn a_credential_can_be_used_at_any_moment() {
    let place = Place::begin(1, CREDENTIALS).await;
    let engine = place.start(1, &[]).await;
    let tenant = place.tenants[0];
    let before = engine.credential(tenant, integration(1)).await.unwrap();
    begin(&engine, &place).await;
    finish(&engine).await;
    // What was read before still opens with what was read with it.
    let fields = |opened: &crate::integrations::Opened| {
        engine.0.vault.reseal(&opened.key, &opened.key, &opened.context, &opened.fields).unwrap().len()
    };
    assert_eq!(fields(&before), 2);
    let after = engine.credential(tenant, integration(1)).await.unwrap();
    assert_eq!((fields(&after), after.key.version), (2, 2));
    assert_eq!(engine.signing_credentials(tenant, integration(1)).await.unwrap().len(), 2);
}

async fn retried<T: std::fmt::Debug>(ask: impl AsyncFn() -> Result<T>) -> T {
    retried_or(ask).await.unwrap()
}

async fn retried_or<T>(ask: impl AsyncFn() -> Result<T>) -> std::result::Result<T, Error> {
    loop {
        match ask().await {
            Err(error) if error.kind == ErrorKind::Conflict => {}
            outcome => return outcome,
        }
    }
}
