//! One attempt: the document is built, sent through the broker, and the answer is judged. It
//! stores nothing.

use std::sync::Arc;
use std::time::Instant;

use gatehouse_broker::{Heard, Notice, SendError};
use gatehouse_domain::Result;
use gatehouse_domain::event::Event;
use gatehouse_domain::id::{SubscriptionDeliveryId, TenantId};
use gatehouse_domain::subscription::{Attempt, Subscription, SubscriptionDelivery};
use gatehouse_domain::time::{SignedDuration, Timestamp};

use super::body;
use super::pace::Took;
use super::slots::Places;
use crate::Engine;

/// What came of one attempt.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) delivery: SubscriptionDeliveryId,
    /// When the delivery was taken on.
    pub(super) since: Timestamp,
    pub(super) attempt: Attempt,
    pub(super) verdict: Verdict,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A 2xx.
    Delivered,
    /// Anything else. A receiver that answered may ask to be left alone for a while.
    Failed(Option<SignedDuration>),
    /// 429, 502, 503 or 504: it is too much for the receiver.
    Throttled(Option<SignedDuration>),
    /// 410: there is no receiver any more.
    Gone,
    /// There was no answer.
    Unanswered,
    /// The event is no longer kept, so no attempt can ever succeed.
    Impossible,
}

impl Verdict {
    /// How the receiver took it.
    pub(super) fn took(self) -> Took {
        match self {
            Self::Delivered => Took::Well,
            Self::Throttled(rest) => Took::TooMuch(rest),
            Self::Unanswered => Took::Silently,
            Self::Failed(_) | Self::Gone | Self::Impossible => Took::Badly,
        }
    }

    /// How long the receiver asks to be left alone.
    pub(super) fn rest(self) -> Option<SignedDuration> {
        match self {
            Self::Failed(rest) | Self::Throttled(rest) => rest,
            Self::Delivered | Self::Gone | Self::Unanswered | Self::Impossible => None,
        }
    }
}

impl Engine {
    /// Waits for a place and makes one attempt. Nothing where the delivery is no longer pending.
    pub(super) async fn try_delivery(
        &self,
        tenant: TenantId,
        places: Arc<Places>,
        is_silent: bool,
        subscription: Arc<Subscription>,
        id: SubscriptionDeliveryId,
    ) -> Result<Option<Tried>> {
        let _slot = self.0.slots.take(&places, is_silent).await?;
        let scope = self.0.store.tenant(tenant);
        let Some(delivery) = scope.get::<SubscriptionDelivery>(&(subscription.id, id)).await? else { return Ok(None) };
        if delivery.next_attempt_at.is_none() {
            return Ok(None);
        }
        let (at, began) = (self.now(), Instant::now());
        let event = scope.get::<Event>(&delivery.event).await?;
        let outcome = match &event {
            Some(event) => self.send(tenant, &subscription, event).await,
            None => Outcome::Impossible,
        };
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (verdict, attempt) = judge(outcome, at, duration_ms);
        Ok(Some(Tried { delivery: id, since: delivery.created_at, attempt, verdict }))
    }

    async fn send(&self, tenant: TenantId, subscription: &Subscription, event: &Event) -> Outcome {
        let (secrets, body) = match (self.signing(tenant, subscription.id).await, body::of(event)) {
            (Ok(secrets), Ok(body)) => (secrets, body),
            (Err(error), _) | (_, Err(error)) => return Outcome::Unsent(error.message),
        };
        let headers: Vec<(String, String)> = subscription.headers.clone().into_iter().collect();
        let notice = Notice {
            tenant,
            url: &subscription.url,
            headers: &headers,
            id: event.id.to_string(),
            timestamp: self.now().as_second(),
            body,
            secrets: &secrets,
            timeout: self.0.policy.sending.timeout,
        };
        match self.0.broker.notify(&self.0.vault, notice).await {
            Ok(heard) => Outcome::Heard(heard),
            Err(SendError::Timeout) => Outcome::Silent("no answer came in time".to_owned()),
            Err(error @ (SendError::Denied(_) | SendError::Invalid(_))) => Outcome::Unsent(error.to_string()),
            Err(error) => Outcome::Silent(error.to_string()),
        }
    }
}

/// How an attempt ended.
enum Outcome {
    Heard(Heard),
    /// It was not sent, which is none of the receiver's doing.
    Unsent(String),
    Silent(String),
    Impossible,
}

fn judge(outcome: Outcome, at: Timestamp, duration_ms: u64) -> (Verdict, Attempt) {
    let attempt = |status, error: Option<String>, excerpt| Attempt { at, status, error, duration_ms, excerpt };
    match outcome {
        Outcome::Heard(Heard { status, retry_after_ms, excerpt }) => {
            let (verdict, error) = judge_status(status, retry_after_ms);
            (verdict, attempt(Some(status), error.map(str::to_owned), excerpt))
        }
        Outcome::Unsent(error) => (Verdict::Failed(None), attempt(None, Some(error), None)),
        Outcome::Silent(error) => (Verdict::Unanswered, attempt(None, Some(error), None)),
        Outcome::Impossible => {
            let error = "the event is no longer kept, so it can not be sent".to_owned();
            (Verdict::Impossible, attempt(None, Some(error), None))
        }
    }
}

/// RFC 9110 §15 gives the meanings, Standard Webhooks 1.0 the consequences.
fn judge_status(status: u16, retry_after_ms: Option<u64>) -> (Verdict, Option<&'static str>) {
    let rest = retry_after_ms.map(|millis| SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)));
    match status {
        200..=299 => (Verdict::Delivered, None),
        300..=399 => (Verdict::Failed(rest), Some("redirects are not followed; change the subscription's url")),
        410 => (Verdict::Gone, Some("the receiver is gone")),
        429 | 502 | 503 | 504 => (Verdict::Throttled(rest), Some("it is too much for the receiver at the moment")),
        _ => (Verdict::Failed(rest), Some("only a 2xx counts as delivered")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_consequence() {
        let minute = Some(SignedDuration::from_mins(1));
        let check = |status: u16, expect: Verdict| {
            let (verdict, error) = judge_status(status, Some(60_000));
            assert_eq!(verdict, expect, "{status}");
            assert_eq!(error.is_none(), expect == Verdict::Delivered, "{status}");
        };
        [200, 201, 202, 204, 299].into_iter().for_each(|status| check(status, Verdict::Delivered));
        [300, 301, 302, 304, 307, 308, 399].into_iter().for_each(|status| check(status, Verdict::Failed(minute)));
        [400, 401, 404, 408, 409, 411, 418, 500, 501, 505, 599]
            .into_iter()
            .for_each(|status| check(status, Verdict::Failed(minute)));
        [429, 502, 503, 504].into_iter().for_each(|status| check(status, Verdict::Throttled(minute)));
        check(410, Verdict::Gone);
        assert_eq!(judge_status(503, None).0, Verdict::Throttled(None));
    }
}
