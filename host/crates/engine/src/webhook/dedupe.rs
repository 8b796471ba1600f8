//! Telling a repeated delivery, and a repeated event, from a new one.

use gatehouse_broker::Inbound;
use gatehouse_domain::id::{DeliveryId, IntegrationId};
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::Place;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::records::SeenDelivery;
use ring::digest::{SHA256, digest};

use super::Incoming;

/// How long a delivery is remembered: longer than providers keep repeating one.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(72);
/// How much longer than the provider lists it, for clocks that differ.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

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
        Some(id) => remember(integration, &[b"id\n", id.as_bytes()], delivery, until(rules, now)),
        None => remember(integration, &[b"body\n", body], delivery, until(rules, now)),
    }
}

/// What is remembered of an event of the provider's list: the same as of the delivery that would have
/// brought it. Where the id stands in a header, it is the event's own.
pub(super) fn listed(
    integration: IntegrationId,
    rules: &WebhookRules,
    (id, body): (&str, &[u8]),
    delivery: DeliveryId,
    now: Timestamp,
) -> SeenDelivery {
    let headers = rules.dedupe.iter().filter_map(Place::header).map(|name| (name, id.to_owned())).collect();
    let incoming = Incoming { method: "POST".to_owned(), query: String::new(), headers, body: body.to_vec() };
    seen(integration, rules, &incoming, delivery, now)
}

/// What is remembered of an event: one that comes in two deliveries, as when a provider repeats it
/// under another id of the delivery, is one event.
pub(super) fn event(
    integration: IntegrationId,
    (kind, id): (&str, &str),
    delivery: DeliveryId,
    expires_at: Timestamp,
) -> SeenDelivery {
    remember(integration, &[b"event\n", kind.as_bytes(), b"\n", id.as_bytes()], delivery, expires_at)
}

/// Until when what comes now is remembered: as long as the provider may list it, or repeat it.
pub(super) fn until(rules: &WebhookRules, now: Timestamp) -> Timestamp {
    let listed = rules.backfill.as_ref().map(|backfill| SignedDuration::from_hours(backfill.window_hours.into()));
    let longest = listed.map_or(REMEMBERED, |listed| listed.saturating_add(MARGIN).max(REMEMBERED));
    now.saturating_add(longest).unwrap_or(Timestamp::MAX)
}

/// Whether it was seen so long ago that it no longer counts.
pub(super) fn is_over(seen: &SeenDelivery, now: Timestamp) -> bool {
    seen.expires_at <= now
}

fn remember(integration: IntegrationId, parts: &[&[u8]], delivery: DeliveryId, expires_at: Timestamp) -> SeenDelivery {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    SeenDelivery { integration, key, delivery, expires_at }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::Id;
    use gatehouse_domain::time::EPOCH;
    use serde_json::{Value, json};

    use super::*;

    fn rules(dedupe: Value, window_hours: u32) -> WebhookRules {
        let backfill = if window_hours == 0 { Value::Null } else { json!({ "window_hours": window_hours }) };
        let rules = json!({ "verify": { "type": "unsigned" }, "dedupe": dedupe, "backfill": backfill });
        serde_json::from_value(rules).unwrap()
    }

    #[test]
    fn what_is_listed_is_known_by_what_would_have_been_sent() {
        let (integration, delivery) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let sent = |rules: &WebhookRules, header: &str, body: &[u8]| {
            let headers = vec![("x-id".to_owned(), header.to_owned())];
            let incoming = Incoming { method: "POST".to_owned(), query: String::new(), headers, body: body.to_vec() };
            seen(integration, rules, &incoming, delivery, EPOCH).key
        };
        let listed =
            |rules: &WebhookRules, id: &str, body: &[u8]| listed(integration, rules, (id, body), delivery, EPOCH).key;
        let (one, two) = (br#"{"id":"evt_1"}"#.as_slice(), br#"{ "id": "evt_1", "more": 1 }"#.as_slice());
        let in_body = rules(json!("/id"), 0);
        assert_eq!(sent(&in_body, "any", one), listed(&in_body, "evt_1", two));
        let in_header = rules(json!("x-id"), 0);
        assert_eq!(sent(&in_header, "evt_1", one), listed(&in_header, "evt_1", two));
        assert_ne!(sent(&in_header, "evt_2", one), listed(&in_header, "evt_1", one));
        let by_bytes = rules(Value::Null, 0);
        assert_eq!(sent(&by_bytes, "any", one), listed(&by_bytes, "evt_1", one));
        assert_ne!(sent(&by_bytes, "any", one), listed(&by_bytes, "evt_1", two));
    }

    #[test]
    fn what_comes_is_remembered_as_long_as_it_may_be_listed() {
        for (window, hours) in [(0, 72), (1, 72), (71, 72), (72, 73), (720, 721)] {
            let until = until(&rules(Value::Null, window), EPOCH).duration_since(EPOCH);
            assert_eq!(until, SignedDuration::from_hours(hours), "{window}");
        }
    }
}
