//! What came of attempts, stored with the counts in one commit: delivered, tried again later, or
//! given up, which is told. A receiver that is gone, or does nothing but fail, is left alone.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::subscription::{DeliveryState, Disabled, Subscription, SubscriptionDelivery};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::{DeadDelivery, DueDelivery, SubscriptionState};
use serde_json::json;

use super::attempt::{Tried, Verdict};
use super::{RETRIES, later, move_due, place_of, too_fast};
use crate::Engine;
use crate::work::Work;

/// A commit that is being put together.
struct Draft<'s> {
    tenant: TenantId,
    subscription: &'s Stored<Subscription>,
    state: SubscriptionState,
    /// Why it is to be switched off.
    disable: Option<String>,
}

impl Engine {
    /// Stores what came of some attempts of one subscription. Where it was deleted meanwhile,
    /// nothing is.
    pub(super) async fn settle_attempts(
        &self,
        tenant: TenantId,
        subscription: &Subscription,
        tried: &[Tried],
    ) -> Result<()> {
        let id = subscription.id;
        for _ in 0..RETRIES {
            let scope = self.0.store.tenant(tenant);
            let (subscription, state) = (scope.get::<Subscription>(&id).await?, scope.get(&id).await?);
            let (Some(subscription), Some(state)) = (subscription, state) else { return Ok(()) };
            let state: Stored<SubscriptionState> = state;
            let mut work = self.own_work(Some(tenant));
            let next = state.record.clone();
            let mut draft = Draft { tenant, subscription: &subscription, state: next, disable: None };
            for tried in tried {
                if let Some(stored) = scope.get::<SubscriptionDelivery>(&(id, tried.delivery)).await? {
                    self.settle_one(&mut work, &mut draft, &stored, tried)?;
                }
            }
            work.tenant(tenant).replace(&state, &draft.state)?;
            self.disable(&mut work, &draft)?;
            match work.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Err(too_fast(id))
    }

    fn settle_one(
        &self,
        work: &mut Work,
        draft: &mut Draft<'_>,
        stored: &Stored<SubscriptionDelivery>,
        tried: &Tried,
    ) -> Result<()> {
        if stored.state != DeliveryState::Pending {
            return Ok(());
        }
        let now = self.now();
        let mut next = stored.record.clone();
        next.note(tried.attempt.clone());
        next.tries += 1;
        self.learn(draft, tried, now);
        match tried.verdict {
            Verdict::Delivered => finish(&mut next, DeliveryState::Delivered, now),
            Verdict::Impossible => finish(&mut next, DeliveryState::Dead, now),
            verdict => match self.0.policy.sending.pause(next.tries, self.fraction()) {
                Some(pause) => {
                    let pause = verdict.rest().map_or(pause, |rest| rest.max(pause));
                    next.next_attempt_at = Some(later(now, pause));
                }
                None => finish(&mut next, DeliveryState::Dead, now),
            },
        }
        if next.state != DeliveryState::Pending {
            draft.state.counts.shift(DeliveryState::Pending, next.state);
        }
        if next.state == DeliveryState::Dead {
            self.bury(work, draft, &next)?;
        }
        work.tenant(draft.tenant).replace(stored, &next)?;
        move_due(work, draft.tenant, DueDelivery::of(stored), DueDelivery::of(&next))
    }

    /// Notes how the receiver fares, and whether it is to be left alone.
    fn learn(&self, draft: &mut Draft<'_>, tried: &Tried, now: Timestamp) {
        match tried.verdict {
            Verdict::Impossible => return,
            Verdict::Delivered => {
                draft.state.failing_since = None;
                draft.state.last_delivered_at = Some(now);
                return;
            }
            _ => draft.state.last_failed_at = Some(now),
        }
        let since = *draft.state.failing_since.get_or_insert(now);
        let longest = SignedDuration::try_from(self.0.policy.sending.disable_after).unwrap_or(SignedDuration::MAX);
        if tried.verdict == Verdict::Gone {
            draft.disable = Some("the receiver answered 410, which says that it is gone".to_owned());
        } else if now.duration_since(since) >= longest {
            draft.disable.get_or_insert_with(|| format!("every attempt has failed since {since}"));
        }
    }

    /// Tells that a delivery was given up. That of such a notice is not told again, or two
    /// subscriptions that fail could tell each other for ever.
    fn bury(&self, work: &mut Work, draft: &Draft<'_>, delivery: &SubscriptionDelivery) -> Result<()> {
        let (subscription, tenant) = (delivery.subscription, draft.tenant);
        work.tenant(tenant).create(&DeadDelivery { subscription, delivery: delivery.id })?;
        if delivery.kind.starts_with("subscription.") {
            return Ok(());
        }
        let last = delivery.attempts.last();
        let data = json!({
            "delivery": delivery.id, "event": delivery.event, "kind": delivery.kind, "attempts": delivery.tries,
            "status": last.and_then(|attempt| attempt.status),
            "reason": last.and_then(|attempt| attempt.error.as_ref()),
        });
        work.event(tenant, "subscription.delivery_dead", None, subscription, data)
    }

    fn disable(&self, work: &mut Work, draft: &Draft<'_>) -> Result<()> {
        let Some(reason) = draft.disable.clone().filter(|_| draft.subscription.enabled) else { return Ok(()) };
        let now = self.now();
        let (old, tenant) = (draft.subscription, draft.tenant);
        tracing::warn!(tenant.id = %tenant, subscription.id = %old.id, reason, "a subscription was switched off");
        let disabled = Some(Disabled { at: now, reason: reason.clone() });
        let next = Subscription { enabled: false, disabled, updated_at: now, ..old.record.clone() };
        work.tenant(tenant).replace(old, &next)?;
        work.admin().put(&place_of(tenant, &next))?;
        work.audit("subscription.disabled", next.id, Some(&old.record), Some(&next))?;
        let data = json!({ "reason": reason, "url": next.url, "pending": draft.state.counts.pending });
        work.event(tenant, "subscription.disabled", None, next.id, data)
    }
}

fn finish(delivery: &mut SubscriptionDelivery, state: DeliveryState, now: Timestamp) {
    delivery.state = state;
    delivery.next_attempt_at = None;
    delivery.finished_at = Some(now);
}
