//! A tenant that is deleted: what OAuth kept of it is worth nothing, wherever a copy of it lies.

use gatehouse_store::records::TenantKey;

use super::*;

#[tokio::test]
async fn with_a_deleted_tenant_no_copy_of_its_secrets_opens() {
    let place = Place::begin(2, TOKENS).await;
    let engine = place.start(1, &[]).await;
    add_all(&engine, &place).await;
    let (tenant, other) = (place.tenants[0], place.tenants[1]);
    let copy = Kept::read(&engine, tenant).await;
    // Everything is open in the vault, as it is for a tenant at work.
    check(&engine, tenant, 1, "before").await;
    engine.delete_tenant(&operator(), tenant, &crate::tag::IfMatch::Anything).await.unwrap();
    assert_eq!(engine.0.store.tenant(tenant).list::<TenantKey>(&Page::first(9)).await.unwrap().items, []);

    // With the server as it runs, and with one that is started with the same root key.
    for engine in [engine, place.start(1, &[]).await] {
        let outcomes = copy.open_all(&engine, tenant).await;
        assert!(outcomes.len() == 20 && outcomes.iter().all(Result::is_err), "{outcomes:?}");
        // Nor does any key that is left: the deployment's own, or another tenant's.
        let key = engine.newest_key(other).await.unwrap();
        for owner in [Owner::Deployment, Owner::Tenant(&key)] {
            let opened = opened_by(&engine, &copy, owner);
            assert!(opened.len() == 19 && opened.iter().all(Result::is_err), "{owner:?}: {opened:?}");
        }
    }
}

/// Every secret of a copy, opened with a key of choice.
fn opened_by(engine: &Engine, copy: &Kept, owner: Owner<'_>) -> Vec<std::result::Result<(), Error>> {
    let open = |kind, record: &str, field: &str, version, sealed: &str| {
        engine.0.vault.open_at(owner, &Spot { kind, record, field, version }, sealed).map(drop)
    };
    let mut outcomes = Vec::new();
    let revoked = copy.revocations.iter().map(|revocation| &revocation.tokens);
    let left = copy.farewells.iter().filter_map(|farewell| farewell.tokens.as_ref());
    for tokens in copy.tokens.iter().chain(revoked).chain(left) {
        for (field, token) in tokens.clone().parts() {
            let record = tokens.integration.to_string();
            outcomes.push(open("oauth-token", &record, field, token.generation, &token.sealed));
        }
    }
    for app in &copy.apps {
        for (field, sealed) in &app.secrets {
            outcomes.push(open(APP, &app.provider, field, app.version, sealed));
        }
        if let Some(before) = &app.previous {
            outcomes.push(open(APP, &app.provider, "client_secret", before.version, &before.sealed));
        }
    }
    for flow in &copy.flows {
        let record = crate::execute::sha256_hex(&flow.id);
        outcomes.push(open("oauth-verifier", &record, "verifier", 1, &flow.verifier.as_ref().unwrap().sealed));
    }
    outcomes
}

#[tokio::test]
async fn an_operators_app_outlives_every_tenant() {
    let place = Place::begin(1, 1).await;
    let engine = place.start(1, &[]).await;
    let credentials = Credentials::from_pairs([("client_secret", "hush-hush")]);
    let redirect = gatehouse_domain::oauth::Redirect::Context;
    let new = NewApp { client_id: "client".to_owned(), key_id: None, credentials, redirect, overlap_seconds: 0 };
    let app = engine.sealed_app(None, "provider", &new, None).unwrap();
    assert_eq!((app.key_version, app.secrets.len()), (None, 1));
    engine.delete_tenant(&operator(), place.tenants[0], &crate::tag::IfMatch::Anything).await.unwrap();
    engine.client_of(place.tenants[0], &app).await.unwrap();
}
