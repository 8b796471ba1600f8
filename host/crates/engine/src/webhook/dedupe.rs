//! Telling a repeated delivery, and a repeated event, from a new one.

use gatehouse_broker::Inbound;
use gatehouse_domain::id::{DeliveryId, IntegrationId};
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::records::SeenDelivery;
use ring::digest::{SHA256, digest};

use super::Incoming;

/// How long a delivery is remembered: longer than providers keep repeating one.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(72);

/// What is remembered of a delivery: by the provider's own id where the manifest says
/// where that is, else by its bytes.
pub(super) fn seen(
    integration: IntegrationId,
    rules: &WebhookRules,
    incoming: &Incoming,
    delivery: DeliveryId,
    now: Timestamp,
) -> SeenDelivery {
    let Incoming { method, headers, body, query } = incoming;
    let url = format!("?{query}");
    let request = Inbound { method, url: &url, headers, body };
    let named = rules.dedupe.as_ref().and_then(|place| request.text_at(place)).filter(|id| !id.is_empty());
    // The prefix keeps an id apart from a body with the same bytes.
    match &named {
        Some(id) => remember(integration, &[b"id\n", id.as_bytes()], delivery, now),
        None => remember(integration, &[b"body\n", body], delivery, now),
    }
}

/// What is remembered of an event: one that comes in two deliveries, as when a provider repeats it
/// under another id of the delivery, is one event.
pub(super) fn event(
    integration: IntegrationId,
    kind: &str,
    id: &str,
    delivery: DeliveryId,
    now: Timestamp,
) -> SeenDelivery {
    remember(integration, &[b"event\n", kind.as_bytes(), b"\n", id.as_bytes()], delivery, now)
}

/// Whether it was seen so long ago that it no longer counts.
pub(super) fn is_over(seen: &SeenDelivery, now: Timestamp) -> bool {
    seen.expires_at <= now
}

fn remember(integration: IntegrationId, parts: &[&[u8]], delivery: DeliveryId, now: Timestamp) -> SeenDelivery {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    let expires_at = now.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX);
    SeenDelivery { integration, key, delivery, expires_at }
}
