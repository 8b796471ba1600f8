//! The bodies of the matrix's requests: each is good as far as it is up to the body.

use std::sync::atomic::Ordering;

use gatehouse_api::table::{Route, Takes};
use serde_json::{Value, json};

use super::expect::{self, Whose};
use super::world::World;
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::story::payment;

impl World {
    /// A body with which the request is good, as far as it is up to the body.
    pub(super) fn body(&self, route: &Route, whose: Whose) -> Vec<u8> {
        if matches!(route.takes, Takes::Nothing) {
            return Vec::new();
        }
        if let Some(body) = of_market(route).or_else(|| self.of_version(route)) {
            return body.to_string().into_bytes();
        }
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        // An operator that acts for the foreign tenant names what that tenant has.
        let abroad = whose == Whose::Foreign && expect::parameters(route).is_empty();
        let integration = if abroad { &self.foreign } else { &self.own }.record("integration");
        let body = match (route.method.as_str(), route.path) {
            ("POST", "/tenants") => json!({ "name": "Made" }),
            ("PUT", "/tenants/{tenant}") => json!({ "name": "Renamed", "metadata": { "plan": "gold" } }),
            ("POST", "/keys") => json!({ "name": "made", "permissions": ["keys:write"] }),
            ("POST", "/keys/{key}/rotate") => json!({ "overlap_hours": 1 }),
            ("POST", "/roles") => json!({ "name": format!("made-{number}"), "permissions": ["roles:write"] }),
            ("PUT", "/roles/{role}") => json!({ "permissions": ["roles:write"] }),
            ("POST", "/publishers") => {
                json!({ "id": format!("made-{number}"), "name": "Made", "public_key": public_key(number) })
            }
            ("POST", "/publishers/{publisher}/keys") => json!({ "public_key": public_key(number) }),
            ("POST", "/publishers/{publisher}/keys/{publisher_key}/revoke") => {
                json!({ "reason": "it was lost", "earlier": "valid" })
            }
            ("POST", "/publishers/{publisher}/rotate") => json!({ "document": "no signature" }),
            ("POST", "/plugins/tenant/{plugin}/toggle") => json!({ "enabled": true, "consent": self.digest }),
            ("POST", "/integrations") => json!({
                "provider": "stripe", "name": "Made", "credentials": { "secret_key": SECRET_KEY },
                "settings": { "base_url": self.upstream.origin },
            }),
            ("POST", "/providers") => json!({ "code": format!("made-{number}"), "display_name": "Made" }),
            ("PUT", "/providers/{provider}") => json!({ "display_name": "Renamed" }),
            ("POST", "/providers/{provider}/capabilities") => {
                json!({ "capability": format!("MADE_{number}"), "description": "Made." })
            }
            ("PUT", "/providers/{provider}/capabilities/{capability}") => json!({ "description": "Changed." }),
            ("PUT", "/integrations/{integration}/settings") => json!({ "base_url": self.upstream.origin }),
            ("POST", "/integrations/{integration}/connect") => json!({}),
            ("POST", "/integrations/{integration}/rotate") => json!({
                "credentials": { "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET }, "overlap_seconds": 0,
            }),
            ("POST", "/integrations/{integration}/webhooks/rotate") => json!({ "overlap_seconds": 0 }),
            ("PUT", "/integrations/{integration}/webhooks/secrets") => {
                json!({ "secrets": { "webhook_secret": WEBHOOK_SECRET } })
            }
            ("POST", "/integrations/{integration}/webhooks/quarantine/{inbound}/release") => {
                json!({ "as_untrusted": true })
            }
            ("PUT", "/integrations/{integration}") => json!({ "name": "Renamed" }),
            ("POST", "/integrations/{integration}/execute") => {
                json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("matrix") })
            }
            ("POST", "/batches") => json!({ "items": [{ "capability": "GET_PAYMENT_OR_NOT" }] }),
            ("POST", "/execute") => json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("matrix") }),
            ("POST", "/executions/{execution}/resolve") => json!({ "outcome": "failed", "note": "asked by phone" }),
            ("POST", "/entities/{entity_type}/{entity_id}/integrations") => json!({ "integration": integration }),
            ("POST", "/subscriptions") | ("PUT", "/subscriptions/{subscription}") => self.subscription(&integration),
            ("POST", "/subscriptions/{subscription}/rotate-secret") => json!({ "overlap_hours": 1 }),
            ("POST", "/subscriptions/{subscription}/replay") => json!({ "only_dead": true }),
            ("POST", "/policies") | ("PUT", "/policies/{policy}") => policy(&format!("made-{number}"), &integration),
            ("POST", path) if path.contains("/sync") => json!({}),
            ("POST", "/integrations/{integration}/mappings/preview") => json!({ "entity": "contacts" }),
            ("PUT", "/integrations/{integration}/mappings") => json!({ "mappings": {} }),
            ("PUT", "/integrations/{integration}/mappings/{entity}") => json!({ "rules": [], "unmapped": "keep" }),
            ("PUT", "/integrations/{integration}/entities/{entity}/schema") => json!({ "schema": {} }),
            ("PUT", "/integrations/{integration}/sync/settings") => json!({ "entities": {} }),
            ("POST", "/integrations/{integration}/records/{entity}/changes/{change}/resolve") => {
                json!({ "outcome": "drop" })
            }
            (_, path) if path.contains("/records/") => json!({ "data": {} }),
            ("PUT", "/providers/{provider}/oauth-app" | "/oauth-apps/{provider}") => app(),
            ("POST", "/integrations/{integration}/connect-links") => json!({}),
            ("POST", "/plugins" | "/webhooks/{endpoint}" | "/webhooks/{provider}/{tenant}") => {
                return b"neither wasm nor JSON".to_vec();
            }
            (method, path) => panic!("say in matrix/bodies.rs what {method} {path} takes"),
        };
        body.to_string().into_bytes()
    }
}

impl World {
    /// What requests carry that are about a version of a plugin.
    fn of_version(&self, route: &Route) -> Option<Value> {
        Some(match route.path.strip_prefix("/plugins/{plugin}/versions/{version}/")? {
            "yank" => json!({ "reason": "it rounds wrongly" }),
            "deprecate" => json!({ "message": "there is a better one" }),
            "reject" => json!({ "reason": "it leaks" }),
            "approve" => {
                let digest = self.submitted.try_lock().map(|digest| digest.clone());
                json!({ "digest": digest.unwrap_or_default() })
            }
            _ => return None,
        })
    }
}

/// What requests carry that are about plugins in the marketplace.
fn of_market(route: &Route) -> Option<Value> {
    Some(match (route.method.as_str(), route.path) {
        ("PUT", "/plugins/{plugin}") => json!({ "featured": true }),
        ("PUT", "/plugins/{plugin}/review") => json!({ "stars": 4, "text": "It counts." }),
        ("POST", "/plugins/{plugin}/reviews/{review}/hide") => json!({ "reason": "advertises" }),
        ("POST", "/plugins/tenant/{plugin}/configure") => json!({ "config": {} }),
        ("POST", "/plugins/tenant/{plugin}/upgrade" | "/plugins/tenant/{plugin}/rollback") => json!({}),
        ("POST", path) if path.ends_with("/rehearse") => json!({}),
        _ => return None,
    })
}

/// A registration with a provider.
pub(super) fn app() -> Value {
    json!({ "client_id": "matrix" })
}

/// A public key that nobody else has.
pub(super) fn public_key(number: usize) -> String {
    format!("{number:064x}")
}

/// A policy that decides about nothing by itself.
pub(super) fn policy(name: &str, integration: &str) -> Value {
    json!({ "name": name, "rules": [{ "then": { "priority": [integration] } }] })
}
