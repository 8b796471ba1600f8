//! An exchange of the tenant's key that is cut off at every commit, and one that others write into.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatehouse_domain::ErrorKind;
use gatehouse_store::records::{OAuthStart, TenantKey};

use super::*;
use crate::rotation::tests::support::going_on;

/// How many commits an exchange takes here: its begin, the credentials in two parts, the tokens in
/// two, the app, the flow, the revocation, the farewell, the closing of the old key, its end.
const COMMITS: usize = 11;

async fn place() -> (Place, TenantId) {
    let place = Place::begin(1, TOKENS).await;
    add_all(&place.start(1, &[]).await, &place).await;
    let tenant = place.tenants[0];
    (place, tenant)
}

async fn check_cut_off(at: fn(usize) -> At) {
    for moment in 0.. {
        let (place, tenant) = place().await;
        let (engine, trap) = place.start_with(1, &[], at(moment)).await;
        let begun = engine.rotate_tenant_key(&operator(), tenant).await;
        let ended = engine.go_on(&going_on()).await;
        let cut_off = begun.is_err() || ended.is_err();
        let commits = trap.commits();
        let engine = place.start(1, &[]).await;
        // At every moment all of it is readable, under the one key or the other.
        let outcomes = Kept::read(&engine, tenant).await.open_all(&engine, tenant).await;
        assert!(outcomes.iter().all(Result::is_ok), "cut off at {moment}: {outcomes:?}");
        if engine.tenant_key_state(tenant).await.unwrap().version == 1 {
            engine.rotate_tenant_key(&operator(), tenant).await.unwrap();
        }
        finish(&engine).await;
        assert_eq!(engine.tenant_key_state(tenant).await.unwrap().versions, [2], "cut off at {moment}");
        check(&engine, tenant, 2, &format!("cut off at {moment}")).await;
        if !cut_off {
            assert_eq!(commits, COMMITS);
            return;
        }
    }
}

#[tokio::test]
async fn everything_is_sealed_again_wherever_the_exchange_was_cut_off() {
    check_cut_off(At::Before).await;
    check_cut_off(At::After).await;
}

/// An integration that has no tokens yet; its record comes behind all others.
fn new_one() -> IntegrationId {
    integration(0x77)
}

/// What somebody stores in the middle of an exchange, put together before it.
#[derive(Debug, Clone, Copy)]
enum Writes {
    /// New tokens, as the end of a refresh does.
    Tokens,
    /// The first tokens of another integration, as the end of a sign-in does.
    First,
    /// A lease, with the sealed parts as they were.
    Lease,
    /// Another app in place of the one there is.
    App,
}

async fn check_writer(writes: Writes, expected_refusals: usize) {
    let mut refused = 0;
    for moment in 0..COMMITS {
        let (place, tenant) = place().await;
        let writer = place.start(1, &[]).await;
        let id = integration(1);
        let stored = writer.0.store.tenant(tenant).get::<OAuthTokens>(&id).await.unwrap().unwrap();
        let known = writer.0.store.tenant(tenant).get::<OAuthApp>(&"provider".to_owned()).await.unwrap().unwrap();
        let mut change = writer.0.store.change();
        match writes {
            Writes::Tokens => {
                let next = tokens_of(&writer, tenant, id, 4).await;
                writer.keep_tokens(&mut change, tenant, Some(&stored), next).await.unwrap();
            }
            Writes::First => {
                let first = tokens_of(&writer, tenant, new_one(), 4).await;
                writer.keep_tokens(&mut change, tenant, None, first).await.unwrap();
            }
            Writes::Lease => {
                let next = OAuthTokens { inflight: true, fence: 7, ..stored.record.clone() };
                change.tenant(tenant).replace(&stored, &next).unwrap();
            }
            Writes::App => {
                let app = app_of(&writer, tenant).await;
                crate::rotation::guard_key(&mut change, tenant, app.key_version.unwrap()).unwrap();
                change.tenant(tenant).replace(&known, &OAuthApp { client_id: "other".to_owned(), ..app }).unwrap();
            }
        }
        let conflicts = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&conflicts);
        let store = async move {
            if let Err(error) = change.commit().await {
                assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
                told.fetch_add(1, Ordering::Relaxed);
            }
        };
        let (engine, _) = place.start_with(1, &[], At::Let(moment, Box::pin(store))).await;
        engine.rotate_tenant_key(&operator(), tenant).await.unwrap();
        finish(&engine).await;
        let kept = Kept::read(&engine, tenant).await;
        let outcomes = kept.open_all(&engine, tenant).await;
        assert!(outcomes.iter().all(Result::is_ok), "{writes:?} at {moment}: {outcomes:?}");
        assert_eq!(kept.key_versions(), [2], "{writes:?} at {moment}");
        let lost = conflicts.load(Ordering::Relaxed) == 1;
        let tokens = kept.tokens.iter().find(|tokens| tokens.integration == id).unwrap();
        let is_new = match writes {
            Writes::Tokens => tokens.generation == 4,
            Writes::First => kept.tokens.iter().any(|tokens| tokens.integration == new_one()),
            Writes::Lease => tokens.fence == 7,
            Writes::App => kept.apps[0].client_id == "other",
        };
        assert_eq!(is_new, !lost, "{writes:?} at {moment}");
        refused += usize::from(lost);
    }
    assert_eq!(refused, expected_refusals, "{writes:?}");
}

#[tokio::test]
async fn whoever_writes_meanwhile_is_readable_or_refused() {
    // Refused is who comes when its record was sealed again, and who comes when the door is shut.
    check_writer(Writes::Tokens, 6).await;
    check_writer(Writes::First, 1).await;
    check_writer(Writes::Lease, 6).await;
    check_writer(Writes::App, 7).await;
}

/// The whole exchange happens between the sealing of a verifier and its commit.
#[tokio::test]
async fn a_flow_that_begins_meanwhile_is_sealed_anew() {
    let (place, tenant) = place().await;
    let engine = place.start(1, &[]).await;
    let start = OAuthStart {
        id: [5; 32],
        tenant,
        integration: integration(0),
        by: operator().key.id,
        confirm: false,
        return_url: None,
        expires_at: Timestamp::MAX,
    };
    let mut change = engine.0.store.change();
    change.admin().create(&start).unwrap();
    change.commit().await.unwrap();
    let stored = engine.0.store.admin().get::<OAuthStart>(&[5; 32]).await.unwrap().unwrap();
    let flow = OAuthFlow { id: [6; 32], verifier: None, ..flow_of(&engine, tenant).await };
    let exchange = async move {
        engine.rotate_tenant_key(&operator(), tenant).await.unwrap();
        finish(&engine).await;
    };
    let (writer, _) = place.start_with(1, &[], At::Let(0, Box::pin(exchange))).await;
    writer.keep_flow(&stored, flow, Some(&secret("verifier"))).await.unwrap();
    let kept = Kept::read(&writer, tenant).await;
    assert_eq!((kept.flows.len(), kept.key_versions()), (2, vec![2]));
    assert!(kept.open_all(&writer, tenant).await.iter().all(Result::is_ok));
    // The link is used up.
    let again = writer.keep_flow(&stored, kept.flows[0].clone(), Some(&secret("verifier"))).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn new_tokens_that_were_sealed_before_are_sealed_again_when_they_are_stored() {
    let (place, tenant) = place().await;
    let engine = place.start(1, &[]).await;
    let sealed = tokens_of(&engine, tenant, integration(2), 4).await;
    engine.rotate_tenant_key(&operator(), tenant).await.unwrap();
    let scope = engine.0.store.tenant(tenant);
    let stored = scope.get::<OAuthTokens>(&integration(2)).await.unwrap().unwrap();
    let mut change = engine.0.store.change();
    engine.keep_tokens(&mut change, tenant, Some(&stored), sealed).await.unwrap();
    change.commit().await.unwrap();
    let now = scope.get::<OAuthTokens>(&integration(2)).await.unwrap().unwrap();
    assert_eq!((now.generation, now.key_versions()), (4, vec![2, 2, 2]));
    finish(&engine).await;
    check(&engine, tenant, 2, "stored anew").await;
}

#[tokio::test]
async fn what_does_not_open_keeps_the_old_key_and_stops_nothing_else() {
    let (place, tenant) = place().await;
    let engine = place.start(1, &[]).await;
    let scope = engine.0.store.tenant(tenant);
    let good = scope.get::<OAuthTokens>(&integration(0)).await.unwrap().unwrap();
    let mut spoilt = good.record.clone();
    spoilt.refresh.as_mut().unwrap().sealed.replace_range(..4, "AAAA");
    let mut change = engine.0.store.change();
    change.tenant(tenant).replace(&good, &spoilt).unwrap();
    change.commit().await.unwrap();
    engine.rotate_tenant_key(&operator(), tenant).await.unwrap();
    for _ in 0..2 {
        assert_eq!(engine.go_on(&going_on()).await.unwrap(), crate::rotation::Standing::Blocked);
        let state = engine.tenant_key_state(tenant).await.unwrap();
        let problem = state.rotation.unwrap().problem.unwrap();
        assert!(problem.contains("OAuthTokens"), "{problem}");
        assert_eq!(state.versions, [1, 2]);
    }
    let kept = Kept::read(&engine, tenant).await;
    let behind = kept.tokens.iter().filter(|tokens| tokens.is_behind(2)).count();
    assert_eq!((behind, kept.apps[0].key_version, kept.flows[0].key_versions()), (1, Some(2), vec![2]));
    let stored = scope.get::<OAuthTokens>(&integration(0)).await.unwrap().unwrap();
    let mut change = engine.0.store.change();
    change.tenant(tenant).replace(&stored, &good.record).unwrap();
    change.commit().await.unwrap();
    finish(&engine).await;
    check(&engine, tenant, 2, "mended").await;
    assert!(scope.get::<TenantKey>(&1).await.unwrap().is_none());
}
