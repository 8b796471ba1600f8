//! Telling a repeated delivery from a new one.

use gatehouse_broker::Inbound;
use gatehouse_domain::id::DeliveryId;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::Endpoint;
use gatehouse_store::records::SeenDelivery;
use ring::digest::{SHA256, digest};

use super::Incoming;

/// How long a delivery is remembered: longer than providers keep repeating one.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(72);

/// What is remembered of a delivery: by the provider's own id where the manifest says
/// where that is, else by its bytes.
pub(super) fn seen(
    endpoint: &Endpoint,
    rules: &WebhookRules,
    incoming: &Incoming,
    delivery: DeliveryId,
    now: Timestamp,
) -> SeenDelivery {
    SeenDelivery {
        integration: endpoint.integration,
        key: key_of(rules, incoming),
        delivery,
        expires_at: now.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX),
    }
}

/// Whether a delivery was seen so long ago that it no longer counts.
pub(super) fn is_over(seen: &SeenDelivery, now: Timestamp) -> bool {
    seen.expires_at <= now
}

fn key_of(rules: &WebhookRules, incoming: &Incoming) -> [u8; 32] {
    let Incoming { headers, body } = incoming;
    let request = Inbound { method: "POST", url: "", headers, body };
    let named = rules.dedupe.as_ref().and_then(|place| request.text_at(place)).filter(|id| !id.is_empty());
    // The prefix keeps an id apart from a body with the same bytes.
    let text = match &named {
        Some(id) => [b"id\n", id.as_bytes()].concat(),
        None => [b"body\n", body.as_slice()].concat(),
    };
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, &text).as_ref());
    key
}
