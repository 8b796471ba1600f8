//! Telling a repeated delivery from a new one.

use gatehouse_domain::id::DeliveryId;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::Endpoint;
use gatehouse_store::records::SeenDelivery;
use ring::digest::{SHA256, digest};
use serde_json::Value;

/// How long a delivery is remembered: longer than providers keep repeating one.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(72);

/// What is remembered of a delivery: by the provider's own id where the manifest says
/// where that is, else by its bytes.
pub(super) fn seen(
    endpoint: &Endpoint,
    rules: &WebhookRules,
    body: &[u8],
    delivery: DeliveryId,
    now: Timestamp,
) -> SeenDelivery {
    SeenDelivery {
        integration: endpoint.integration,
        key: key_of(rules, body),
        delivery,
        expires_at: now.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX),
    }
}

/// Whether a delivery was seen so long ago that it no longer counts.
pub(super) fn is_over(seen: &SeenDelivery, now: Timestamp) -> bool {
    seen.expires_at <= now
}

fn key_of(rules: &WebhookRules, body: &[u8]) -> [u8; 32] {
    let named = rules.dedupe.as_deref().and_then(|pointer| provider_id(body, pointer));
    // The prefix keeps an id apart from a body with the same bytes.
    let text = match &named {
        Some(id) => [b"id\n", id.as_bytes()].concat(),
        None => [b"body\n", body].concat(),
    };
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, &text).as_ref());
    key
}

fn provider_id(body: &[u8], pointer: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match body.pointer(pointer)? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
