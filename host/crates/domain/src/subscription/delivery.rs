//! One event on its way to one subscription, with every attempt that is remembered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{EventId, SubscriptionDeliveryId, SubscriptionId};
use crate::time::Timestamp;

/// What is to become of a delivery, or became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is still to be delivered.
    Pending,
    /// The receiver answered with a 2xx.
    Delivered,
    /// It was given up; it can be sent again.
    Dead,
}

/// One event on its way to one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionDelivery {
    /// Its identifier.
    pub id: SubscriptionDeliveryId,
    /// To which subscription.
    pub subscription: SubscriptionId,
    /// The event, whose id every request carries as `webhook-id`.
    pub event: EventId,
    /// The event's name.
    pub kind: String,
    /// What became of it.
    pub state: DeliveryState,
    /// How many attempts of the schedule were made; sending it again begins anew.
    pub tries: u32,
    /// When it is tried next, where it is pending.
    #[schemars(with = "Option<String>")]
    pub next_attempt_at: Option<Timestamp>,
    /// The last attempts, oldest first; at most [`SubscriptionDelivery::ATTEMPTS`].
    pub attempts: Vec<Attempt>,
    /// When it was taken on.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it was delivered or given up last.
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
}

/// One request, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// When it began.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// Why it does not count as delivered. Never a secret.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The beginning of the answer's body, without secrets.
    pub excerpt: Option<String>,
}

impl SubscriptionDelivery {
    /// How many attempts are kept.
    pub const ATTEMPTS: usize = 12;

    /// Notes an attempt and forgets the oldest beyond [`SubscriptionDelivery::ATTEMPTS`].
    pub fn note(&mut self, attempt: Attempt) {
        self.attempts.push(attempt);
        let beyond = self.attempts.len().saturating_sub(Self::ATTEMPTS);
        self.attempts.drain(..beyond);
    }
}
