//! Webhooks out: what a host app asks to be told, where, and how it can tell that it is us.
//! Shapes and their rules only; what is sent when is decided above.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::id::{IntegrationId, SubscriptionId};
use crate::time::Timestamp;

mod check;
pub mod delivery;
mod pattern;

pub use check::{MOST_CONCURRENCY, MOST_RATE};
pub use delivery::{Attempt, DeliveryState, SubscriptionDelivery};
pub use pattern::EventPattern;

/// A registration for events, and where they go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// Its identifier.
    pub id: SubscriptionId,
    /// Where events are posted to.
    pub url: String,
    /// What it is for, for people.
    pub description: Option<String>,
    /// Which events it is for: exact names, `payment.*` or `*`.
    pub events: Vec<EventPattern>,
    /// Only events of these integrations; of any, and of none, where empty.
    pub integrations: Vec<IntegrationId>,
    /// Only events of integrations of these providers; of any, and of none, where empty.
    pub providers: Vec<String>,
    /// Whether events are taken for it and sent. What waits while it is off goes on when it is on.
    pub enabled: bool,
    /// When and why Gatehouse itself switched it off; absent where it did not.
    pub disabled: Option<Disabled>,
    /// Further headers of every request. They are no secret and prove nothing.
    pub headers: BTreeMap<String, String>,
    /// The most requests a second.
    pub rate_per_second: u32,
    /// The most requests at the same time.
    pub concurrency: u32,
    /// How requests are signed.
    pub signature: SignatureKind,
    /// For `v1a`, what receivers verify with: `whpk_` and base64.
    pub public_key: Option<String>,
    /// For `v1`, the beginning and the last four characters of the secret.
    pub secret_hint: Option<String>,
    /// The generation of the secret, from 1.
    pub secret_version: u32,
    /// Until when the secret before this one signs as well.
    #[schemars(with = "Option<String>")]
    pub previous_secret_until: Option<Timestamp>,
    /// When it was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

/// How requests are signed (Standard Webhooks 1.0).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// HMAC-SHA256 under a secret that both sides hold.
    #[default]
    V1,
    /// Ed25519: receivers hold the public key only.
    V1a,
}

/// That a subscription was switched off by Gatehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disabled {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// How many deliveries there were and are. At every moment
/// `accepted = delivered + pending + dead`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SubscriptionCounts")]
pub struct Counts {
    /// Taken on so far.
    pub accepted: u64,
    /// Answered with a 2xx, also those whose records are pruned since.
    pub delivered: u64,
    /// Still to be delivered.
    pub pending: u64,
    /// Given up, also those whose records are pruned since.
    pub dead: u64,
}

impl Counts {
    /// Takes on some more.
    pub fn accept(&mut self, more: u64) {
        self.accepted += more;
        self.pending += more;
    }

    /// Moves one delivery from a state to another.
    pub fn shift(&mut self, from: DeliveryState, to: DeliveryState) {
        let place = self.of(from);
        *place = place.saturating_sub(1);
        *self.of(to) += 1;
    }

    fn of(&mut self, state: DeliveryState) -> &mut u64 {
        match state {
            DeliveryState::Pending => &mut self.pending,
            DeliveryState::Delivered => &mut self.delivered,
            DeliveryState::Dead => &mut self.dead,
        }
    }
}

impl Subscription {
    /// Whether an event is for it.
    pub fn takes(&self, event: &Event) -> bool {
        // What befell it is told to the others: it could not be told of its own silence.
        let own = event.kind.starts_with("subscription.") && event.subject == Some(self.id.to_string());
        let named = self.events.iter().any(|pattern| pattern.matches(&event.kind));
        let integration =
            self.integrations.is_empty() || event.integration.is_some_and(|id| self.integrations.contains(&id));
        let provider =
            self.providers.is_empty() || event.provider.as_ref().is_some_and(|code| self.providers.contains(code));
        named && integration && provider && !own
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::EventId;
    use crate::time::EPOCH;

    fn subscription(change: serde_json::Value) -> Subscription {
        let mut json = json!({
            "id": SubscriptionId::new(1, [1; 10]), "url": "https://a.example/", "description": null, "events": ["*"],
            "integrations": [], "providers": [], "enabled": true, "disabled": null, "headers": {},
            "rate_per_second": 10, "concurrency": 4, "signature": "v1", "public_key": null, "secret_hint": null,
            "secret_version": 1, "previous_secret_until": null, "created_at": EPOCH, "updated_at": EPOCH,
        });
        json.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }

    fn event(kind: &str, integration: Option<u8>, provider: Option<&str>, subject: Option<String>) -> Event {
        Event {
            id: EventId::new(1, [0; 10]),
            kind: kind.to_owned(),
            integration: integration.map(|n| IntegrationId::new(1, [n; 10])),
            provider: provider.map(str::to_owned),
            told: None,
            subject,
            data: json!({}),
            occurred_at: EPOCH,
            received_at: EPOCH,
        }
    }

    #[test]
    fn every_filter_has_to_agree() {
        let check = |change: serde_json::Value, event: &Event, expect: bool| {
            assert_eq!(subscription(change.clone()).takes(event), expect, "{change} {}", event.kind);
        };
        let paid = event("payment.succeeded", Some(1), Some("acme"), None);
        let ours = event("batch.finished", None, None, None);
        let one = json!([IntegrationId::new(1, [1; 10])]);
        let other = json!([IntegrationId::new(1, [2; 10])]);
        check(json!({}), &paid, true);
        check(json!({}), &ours, true);
        check(json!({ "events": ["payment.*"] }), &paid, true);
        check(json!({ "events": ["payment.*"] }), &ours, false);
        check(json!({ "events": ["refund.created", "batch.finished"] }), &ours, true);
        check(json!({ "integrations": one }), &paid, true);
        check(json!({ "integrations": other }), &paid, false);
        check(json!({ "integrations": one }), &ours, false);
        check(json!({ "providers": ["acme"] }), &paid, true);
        check(json!({ "providers": ["other"] }), &paid, false);
        check(json!({ "providers": ["acme"], "integrations": other }), &paid, false);
        check(json!({ "providers": ["acme"] }), &ours, false);
        let own = event("subscription.disabled", None, None, Some(SubscriptionId::new(1, [1; 10]).to_string()));
        let others = event("subscription.disabled", None, None, Some(SubscriptionId::new(1, [2; 10]).to_string()));
        check(json!({}), &own, false);
        check(json!({}), &others, true);
    }

    #[test]
    fn a_move_keeps_the_sum() {
        let mut counts = Counts::default();
        counts.accept(3);
        counts.shift(DeliveryState::Pending, DeliveryState::Delivered);
        counts.shift(DeliveryState::Pending, DeliveryState::Dead);
        counts.shift(DeliveryState::Dead, DeliveryState::Pending);
        assert_eq!(counts, Counts { accepted: 3, delivered: 1, pending: 2, dead: 0 });
    }
}
