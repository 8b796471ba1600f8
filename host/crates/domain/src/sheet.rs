//! The permission sheet: what a plugin may do, computed from its manifest and its imports.
//! A tenant sees it before enabling, and the one that was consented to is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Effect};
use crate::manifest::auth::Placement;
use crate::manifest::rate::RateNumbers;
use crate::manifest::{Manifest, OAuth, Rule, SyncDirection, WebhookRules};
use crate::webhook::Trust;

mod widened;

pub use widened::widened;

/// Everything a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionSheet {
    /// Requests that it may send: hosts, methods and paths.
    pub requests: Vec<Rule>,
    /// Secrets that the host uses for it, and where each is attached.
    pub secrets: Vec<SecretUse>,
    /// Where the host signs in with the provider for it, and what it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthUse>,
    /// Capabilities that can change something at the provider.
    pub writes: Vec<String>,
    /// Capabilities that only look.
    pub reads: Vec<String>,
    /// The provider's events that it understands.
    pub events: Vec<String>,
    /// How far the provider's webhooks are to be believed, where it takes any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_trust: Option<Trust>,
    /// Hosts from which the host fetches what verifies webhooks, or confirms an endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhook_hosts: Vec<String>,
    /// Whether the host registers the endpoint with the provider by itself, and takes that back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registers_webhooks: bool,
    /// The provider's records that are kept here for it, and which way they travel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<StorageUse>,
    /// How many requests it may send; absent where only the deployment's own limits bound it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<RateNumbers>,
    /// What the component imports from the host.
    pub imports: Vec<String>,
}

/// One secret and where the host attaches it. The gateway never sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SecretUse {
    /// The credential field.
    pub field: String,
    /// Where it goes, in words.
    pub attached: String,
}

/// How the host signs in with the provider. The gateway sees no token, no code and no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OAuthUse {
    /// The URLs that the host uses for it: consent, tokens, look-up, revocation, also the sandbox's.
    pub urls: Vec<String>,
    /// The scopes that it asks for.
    pub scopes: Vec<String>,
    /// What it keeps of the provider's answers, by name, in the open.
    pub facts: Vec<String>,
    /// Where the access token goes, in words.
    pub attached: Vec<String>,
}

/// Records of one entity that are kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StorageUse {
    /// The entity, such as `contacts`.
    pub entity: String,
    /// Which way its records travel.
    pub direction: SyncDirection,
}

impl OAuthUse {
    /// Whether everything in `other` was agreed to with this.
    pub fn covers(&self, other: &Self) -> bool {
        let all = |of: &[String], these: &[String]| these.iter().all(|one| of.contains(one));
        all(&self.urls, &other.urls)
            && all(&self.scopes, &other.scopes)
            && all(&self.facts, &other.facts)
            && all(&self.attached, &other.attached)
    }

    /// What a plugin asks for.
    pub fn of(manifest: &Manifest) -> Option<Self> {
        manifest.oauth.as_ref().map(|oauth| oauth_use(manifest, oauth))
    }
}

impl PermissionSheet {
    /// The sheet of a plugin.
    pub fn of(manifest: &Manifest, capabilities: &[Capability], imports: &[String]) -> Self {
        let codes = |effect: Effect| {
            let of_it = capabilities.iter().filter(|capability| capability.effect == effect);
            of_it.map(|capability| capability.code.clone()).collect()
        };
        let storage = |(entity, rules): (&String, &crate::manifest::SyncRules)| StorageUse {
            entity: entity.clone(),
            direction: rules.direction,
        };
        Self {
            requests: manifest.egress.allow.clone(),
            secrets: secret_uses(manifest),
            oauth: OAuthUse::of(manifest),
            writes: codes(Effect::Write),
            reads: codes(Effect::Read),
            events: manifest.webhook.iter().flat_map(|webhook| webhook.events.clone()).collect(),
            webhook_trust: manifest.webhook.as_ref().map(WebhookRules::trust),
            webhook_hosts: manifest.webhook.as_ref().map(WebhookRules::fetches_from).unwrap_or_default(),
            registers_webhooks: manifest.webhook.as_ref().is_some_and(|webhook| webhook.registration.is_some()),
            storage: manifest.sync.iter().map(storage).collect(),
            limits: manifest
                .rate_limit
                .as_ref()
                .map(|rate| RateNumbers { requests: rate.requests, window_seconds: rate.window_seconds }),
            imports: imports.to_vec(),
        }
    }
}

fn oauth_use(manifest: &Manifest, oauth: &OAuth) -> OAuthUse {
    let placements = manifest.auth.iter().map(|scheme| &scheme.placement);
    let tokens = placements.filter(|placement| matches!(placement, Placement::Oauth2 { .. }));
    OAuthUse {
        urls: oauth.urls().into_iter().map(|(_, url)| url.to_owned()).collect(),
        scopes: oauth.scopes.clone(),
        facts: oauth.facts().map(str::to_owned).collect(),
        attached: tokens.map(Placement::describe).collect(),
    }
}

fn secret_uses(manifest: &Manifest) -> Vec<SecretUse> {
    let mut uses: Vec<SecretUse> = Vec::new();
    for scheme in &manifest.auth {
        for field in scheme.placement.secrets() {
            uses.push(SecretUse { field: field.to_owned(), attached: scheme.placement.describe() });
        }
    }
    for field in manifest.webhook.iter().flat_map(|webhook| webhook.fields()) {
        let attached = "nowhere: it only verifies webhooks".to_owned();
        uses.push(SecretUse { field: field.to_owned(), attached });
    }
    uses
}
