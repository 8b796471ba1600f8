//! That what OAuth keeps of a tenant is sealed by the tenant's newest key wherever an exchange is
//! cut off and whoever writes meanwhile, and that it is gone with the tenant.

mod exchange;
mod gone;
mod simulation;

use gatehouse_broker::oauth::APP;
use gatehouse_broker::{Owner, Place as Spot, Secret};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_store::Page;
use gatehouse_store::records::{EndpointFarewell, OAuthApp, OAuthFlow, OAuthRevocation, OAuthTokens, SealedCredential};
use serde_json::json;

use super::apps::NewApp;
use super::sealing::SealedRecord;
use crate::rotation::tests::support::{At, Place, finish, integration, operator};
use crate::{Credentials, Engine};

/// How many integrations have tokens.
const TOKENS: u8 = 3;
/// The flow under way.
const FLOW: [u8; 32] = [9; 32];

/// Everything that OAuth keeps of a tenant.
#[derive(Clone)]
struct Kept {
    tokens: Vec<OAuthTokens>,
    apps: Vec<OAuthApp>,
    flows: Vec<OAuthFlow>,
    revocations: Vec<OAuthRevocation>,
    farewells: Vec<EndpointFarewell>,
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

async fn tokens_of(engine: &Engine, tenant: TenantId, id: IntegrationId, generation: u32) -> OAuthTokens {
    let key = engine.newest_key(tenant).await.unwrap();
    let seal = |field, generation| Some(engine.seal_token(&key, id, (field, generation), &secret("hush")).unwrap());
    OAuthTokens {
        generation,
        access: seal("access", generation),
        refresh: seal("refresh", generation),
        previous: seal("refresh", generation - 1),
        ..OAuthTokens::none(id)
    }
}

async fn app_of(engine: &Engine, tenant: TenantId) -> OAuthApp {
    let key = engine.newest_key(tenant).await.unwrap();
    let credentials = Credentials::from_pairs([("client_secret", "hush-hush"), ("private_key", "key-key-key")]);
    let redirect = gatehouse_domain::oauth::Redirect::Context;
    let new = NewApp { client_id: "client".to_owned(), key_id: None, credentials, redirect, overlap_seconds: 0 };
    let before = engine.sealed_app(Some(&key), "provider", &new, None).unwrap();
    let app = engine.sealed_app(Some(&key), "provider", &NewApp { overlap_seconds: 3_600, ..new }, Some(&before));
    app.unwrap()
}

async fn flow_of(engine: &Engine, tenant: TenantId) -> OAuthFlow {
    let key = engine.newest_key(tenant).await.unwrap();
    OAuthFlow {
        id: FLOW,
        tenant,
        integration: integration(0),
        plugin: serde_json::from_value(json!({ "id": "plugin", "version": "1.0.0", "digest": "d" })).unwrap(),
        own_app: true,
        app: (1, Timestamp::UNIX_EPOCH),
        context: None,
        redirect_uri: "https://here.example/cb".to_owned(),
        issuer: None,
        verifier: Some(engine.seal_verifier(&key, &FLOW, &secret("verifier")).unwrap()),
        session: [1; 32],
        return_url: None,
        expires_at: Timestamp::MAX,
    }
}

async fn revocation_of(engine: &Engine, tenant: TenantId) -> OAuthRevocation {
    let id = integration(1);
    let integration: Integration = serde_json::from_value(json!({
        "id": id, "provider": "provider", "name": "name", "plugin": { "id": "plugin", "version": "1.0.0", "digest": "d" },
        "status": "active", "settings": {}, "metadata": {}, "credential_hints": {}, "credential_version": 1,
        "health": {}, "created_at": Timestamp::UNIX_EPOCH, "updated_at": Timestamp::UNIX_EPOCH,
    }))
    .unwrap();
    let credential = engine.0.store.tenant(tenant).get::<SealedCredential>(&id).await.unwrap();
    let tokens = tokens_of(engine, tenant, id, 9).await;
    OAuthRevocation { integration, tokens, credential: Some(credential.unwrap().record) }
}

/// Gives the first tenant of a place some of everything.
async fn add_all(engine: &Engine, place: &Place) {
    let tenant = place.tenants[0];
    let mut change = engine.0.store.change();
    for number in 0..TOKENS {
        change.tenant(tenant).create(&tokens_of(engine, tenant, integration(number), 3).await).unwrap();
    }
    change.tenant(tenant).create(&app_of(engine, tenant).await).unwrap();
    let revocation = revocation_of(engine, tenant).await;
    change.tenant(tenant).create(&revocation).unwrap();
    let OAuthRevocation { integration, tokens, credential } = revocation;
    let (registrations, urls) = (Vec::new(), Vec::new());
    let credential = credential.unwrap();
    let farewell = EndpointFarewell { integration, registrations, urls, credential, tokens: Some(tokens) };
    change.tenant(tenant).create(&farewell).unwrap();
    change.admin().create(&flow_of(engine, tenant).await).unwrap();
    change.commit().await.unwrap();
}

impl Kept {
    async fn read(engine: &Engine, tenant: TenantId) -> Self {
        let (scope, all) = (engine.0.store.tenant(tenant), Page::first(100));
        Self {
            tokens: scope.list(&all).await.unwrap().items,
            apps: scope.list(&all).await.unwrap().items,
            flows: engine.0.store.admin().list(&all).await.unwrap().items,
            revocations: scope.list(&all).await.unwrap().items,
            farewells: scope.list(&all).await.unwrap().items,
        }
    }

    /// Every generation of the tenant's key that something is sealed by.
    fn key_versions(&self) -> Vec<u32> {
        let tokens = self.tokens.iter().flat_map(SealedRecord::key_versions);
        let apps = self.apps.iter().flat_map(SealedRecord::key_versions);
        let flows = self.flows.iter().flat_map(SealedRecord::key_versions);
        let revocations = self.revocations.iter().flat_map(SealedRecord::key_versions);
        let farewells = self.farewells.iter().flat_map(SealedRecord::key_versions);
        let mut all: Vec<u32> = tokens.chain(apps).chain(flows).chain(revocations).chain(farewells).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Opens everything that there is to open with the tenant's keys; what came of each.
    async fn open_all(&self, engine: &Engine, tenant: TenantId) -> Vec<Result<()>> {
        let mut outcomes = Vec::new();
        let revoked = self.revocations.iter().map(|revocation| &revocation.tokens);
        let left = self.farewells.iter().filter_map(|farewell| farewell.tokens.as_ref());
        for tokens in self.tokens.iter().chain(revoked).chain(left) {
            for (field, token) in tokens.clone().parts() {
                let opened = match engine.tenant_key(tenant, token.key_version).await {
                    Ok(key) => engine.open_token(&key, tokens.integration, field, token).map(drop),
                    Err(error) => Err(error),
                };
                outcomes.push(opened);
            }
        }
        for app in &self.apps {
            outcomes.push(engine.client_of(tenant, app).await.map(drop));
            let previous = app.previous.as_ref().unwrap();
            let key = engine.tenant_key(tenant, previous.key_version.unwrap()).await;
            let place = Spot { kind: APP, record: &app.provider, field: "client_secret", version: previous.version };
            let open = |key| engine.0.vault.open_at(Owner::Tenant(&key), &place, &previous.sealed).map(drop);
            outcomes.push(key.and_then(open));
        }
        for flow in &self.flows {
            let verifier = flow.verifier.as_ref().unwrap();
            let key = engine.tenant_key(tenant, verifier.key_version).await;
            outcomes.push(key.and_then(|key| engine.open_verifier(&key, &flow.id, verifier).map(drop)));
        }
        let revoked = self.revocations.iter().filter_map(|revocation| revocation.credential.clone());
        for credential in revoked.chain(self.farewells.iter().map(|farewell| farewell.credential.clone())) {
            outcomes.push(open_credential(engine, tenant, credential).await);
        }
        outcomes
    }
}

async fn open_credential(engine: &Engine, tenant: TenantId, credential: SealedCredential) -> Result<()> {
    let opened = engine.opened(tenant, &credential).await?;
    engine.0.vault.reseal(&opened.key, &opened.key, &opened.context, &opened.fields).map(drop)
}

/// Checks that nothing is lost, and that only the key of this generation is needed.
async fn check(engine: &Engine, tenant: TenantId, key_version: u32, hint: &str) {
    let kept = Kept::read(engine, tenant).await;
    let counts = (kept.tokens.len(), kept.apps.len(), kept.flows.len(), kept.revocations.len(), kept.farewells.len());
    assert_eq!(counts, (TOKENS.into(), 1, 1, 1, 1), "{hint}");
    assert_eq!(kept.key_versions(), [key_version], "{hint}");
    let outcomes = kept.open_all(engine, tenant).await;
    assert_eq!(outcomes.len(), 3 * (usize::from(TOKENS) + 2) + 5, "{hint}");
    assert!(outcomes.iter().all(Result::is_ok), "{hint}: {outcomes:?}");
}
