//! Renewing a token, once a generation, whatever happens in between.
//!
//! The lease is durable before the provider is asked, and what it answered is durable before it is
//! used. After a crash in between nobody knows what the provider did: it is asked once more with
//! the old token. Where the provider had rotated it, it says that the grant is over, and a person
//! has to agree again; nothing is ever asked in a loop.

use gatehouse_broker::Secret;
use gatehouse_broker::oauth::{Ask, Issued, TokenError};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::oauth::TokenCause;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::{OAuthTokens, RefreshLease};
use tokio::time::{Duration, Instant, sleep};

use super::sign_in::{SignIn, Which};
use super::{after, settle};
use crate::Engine;

/// How long a lease holds: longer than the provider may take to answer.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How long the provider may take.
const LONGEST: Duration = Duration::from_secs(30);
/// How often a lease that another server holds is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often a commit is tried against other writers of the record.
const TRIES: usize = 16;

/// A generation that is to be followed by the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) tenant: TenantId,
    pub(super) integration: IntegrationId,
    /// The generation that is not good enough.
    pub(super) generation: u32,
    /// Why.
    pub(super) cause: TokenCause,
}

/// What the provider gave, as whom it was asked for.
struct Next {
    issued: Issued,
    sign_in: SignIn,
}

impl Engine {
    /// Carries an order out. Where the generation is another one by now, nothing is done.
    pub(super) async fn refresh(&self, order: Order) -> Result<()> {
        let Some(integration) = self.0.store.tenant(order.tenant).get::<Integration>(&order.integration).await? else {
            return Ok(());
        };
        let Some(held) = self.take_lease(&order).await? else { return Ok(()) };
        let outcome = self.ask_for_next(&order, &integration, &held).await;
        self.settle_tokens(&order, &integration, &held, outcome).await
    }

    /// Takes the lease on the next generation; none where somebody else made it meanwhile.
    async fn take_lease(&self, order: &Order) -> Result<Option<OAuthTokens>> {
        let scope = self.0.store.tenant(order.tenant);
        for _ in 0..LEASE.as_millis() / i128::try_from(LOOK.as_millis()).unwrap_or(1) + 10 {
            let stored = scope.get::<OAuthTokens>(&order.integration).await?;
            let tokens = stored.as_ref().map_or_else(|| OAuthTokens::none(order.integration), |it| it.record.clone());
            if tokens.generation != order.generation || tokens.expired_at.is_some() {
                return Ok(None);
            }
            let (now, owner) = (self.now(), self.jobs().epoch());
            // What an earlier start of this server held is free: it is gone, and knew no more.
            let taken = tokens.lease.as_ref().is_some_and(|lease| lease.owner >= owner && holds(lease, now));
            if taken {
                sleep(LOOK).await;
                continue;
            }
            let fence = tokens.fence + 1;
            let lease = Some(RefreshLease { owner, fence, until: after(now, LEASE) });
            if tokens.inflight {
                tracing::warn!(integration.id = %order.integration, "asking for a token again, as an answer was lost");
            }
            let next = OAuthTokens { lease, fence, inflight: true, ..tokens };
            let mut change = self.0.store.change();
            match &stored {
                Some(stored) => change.tenant(order.tenant).replace(stored, &next)?,
                None => change.tenant(order.tenant).create(&next)?,
            }
            match change.commit().await {
                Ok(_) => return Ok(Some(next)),
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Asks the provider. The outer error is ours, the inner one what came of asking.
    async fn ask_for_next(
        &self,
        order: &Order,
        integration: &Integration,
        held: &OAuthTokens,
    ) -> Result<std::result::Result<Next, TokenError>> {
        let version = self.plugin_of(integration).await?;
        let which = if held.generation == 0 { Which::Usual } else { Which::Own(held.own_app) };
        let sign_in = self.sign_in(order.tenant, integration, &version.manifest, which, None).await?;
        let until = Instant::now() + LONGEST;
        let asking = sign_in.asking(self.now(), until);
        let Some((refresh, previous)) = self.refresh_tokens(order, held).await? else {
            let Some(grant) = sign_in.rules.own_grant() else {
                let text = "its access token has ended and the provider gave none to renew it with";
                return Ok(Err(TokenError::Expired(text.to_owned())));
            };
            let issued = self.0.broker.ask_for_token(&asking, &Ask::Own(grant)).await;
            // There is no person to ask: what is wrong is the registration.
            let issued = issued.map_err(|error| match error {
                TokenError::Expired(text) => TokenError::Refused(text),
                other => other,
            });
            return Ok(issued.map(|issued| Next { issued, sign_in }));
        };
        let mut issued = self.0.broker.ask_for_token(&asking, &Ask::Refresh(&refresh)).await;
        if let (Err(TokenError::Expired(_)), false, Some(previous)) = (&issued, held.worked, &previous) {
            // The one before may still stand, where the provider never heard that we got this one.
            issued = self.0.broker.ask_for_token(&asking, &Ask::Refresh(previous)).await;
        }
        Ok(issued.map(|issued| Next { issued, sign_in }))
    }

    /// The refresh token and the one before it, of what the lease is held on and nothing newer.
    async fn refresh_tokens(&self, order: &Order, held: &OAuthTokens) -> Result<Option<(Secret, Option<Secret>)>> {
        self.0.secret_uses.note(order.tenant, order.integration);
        match self.open_refresh(order, held).await {
            // Sealed again since the lease was taken, and the old key destroyed.
            Err(error) if error.kind == ErrorKind::Corrupt => {
                let now = self.0.store.tenant(order.tenant).get::<OAuthTokens>(&order.integration).await?;
                let now = now.filter(|now| is_held(now, held)).ok_or(error)?;
                self.open_refresh(order, &now).await
            }
            outcome => outcome,
        }
    }

    async fn open_refresh(&self, order: &Order, tokens: &OAuthTokens) -> Result<Option<(Secret, Option<Secret>)>> {
        let mut opened = Vec::new();
        for token in [&tokens.refresh, &tokens.previous].into_iter().flatten() {
            let key = self.tenant_key(order.tenant, token.key_version).await?;
            opened.push(self.open_token(&key, order.integration, "refresh", token)?);
        }
        let mut opened = opened.into_iter();
        let first = opened.next().filter(|_| tokens.refresh.is_some());
        Ok(first.map(|first| (first, opened.next())))
    }

    /// Stores what came of asking, where the lease is still ours. New tokens are sealed only here,
    /// and again with every try: the tenant's key may be exchanged at any moment, and nothing that
    /// the provider gave may be lost by that.
    async fn settle_tokens(
        &self,
        order: &Order,
        integration: &Stored<Integration>,
        held: &OAuthTokens,
        outcome: Result<std::result::Result<Next, TokenError>>,
    ) -> Result<()> {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            // It is ours to mend, and the provider was not asked.
            Err(error) => Err(TokenError::Refused(error.message)),
        };
        for _ in 0..TRIES {
            let stored = self.0.store.tenant(order.tenant).get::<OAuthTokens>(&order.integration).await?;
            let Some(stored) = stored.filter(|stored| is_held(stored, held)) else {
                tracing::warn!(integration.id = %order.integration, "another one renewed the token; this answer is dropped");
                return Ok(());
            };
            let settled = match &outcome {
                Ok(next) => self.keep_next(order, integration, &stored, next).await,
                Err(TokenError::Expired(text)) => self.expire(order, integration, &stored, text).await,
                Err(error) => {
                    let next = settle::failed(&stored, error, self.now(), self.fraction());
                    self.replace_tokens(order.tenant, &stored, &next).await
                }
            };
            match settled {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                other => return other.inspect(|()| tell(order, &outcome)),
            }
        }
        Ok(())
    }

    /// Seals and stores the generation after `stored`.
    async fn keep_next(
        &self,
        order: &Order,
        integration: &Integration,
        stored: &Stored<OAuthTokens>,
        next: &Next,
    ) -> Result<()> {
        let key = self.newest_key(order.tenant).await?;
        let tokens = self.sealed_tokens(&key, integration, stored, &next.sign_in, &next.issued)?;
        let mut change = self.0.store.change();
        let tokens = OAuthTokens { cause: order.cause, ..tokens };
        self.keep_tokens(&mut change, order.tenant, Some(stored), tokens).await?;
        change.commit().await.map(|_| ())
    }
}

/// Whether a lease holds still. One that would hold far longer than any was taken before the clock
/// was set back.
fn holds(lease: &RefreshLease, now: Timestamp) -> bool {
    now < lease.until && lease.until <= after(now, LEASE * 2)
}

/// Whether the lease that `held` was taken with is still ours.
fn is_held(now: &OAuthTokens, held: &OAuthTokens) -> bool {
    now.generation == held.generation && now.lease.as_ref().is_some_and(|lease| lease.fence == held.fence)
}

fn tell(order: &Order, outcome: &std::result::Result<Next, TokenError>) {
    match outcome {
        Ok(_) => {
            tracing::info!(integration.id = %order.integration, generation = order.generation + 1, "renewed a token");
        }
        Err(error) => {
            tracing::warn!(integration.id = %order.integration, error = error.text(), "a token was not renewed");
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::time::from_millis;

    use super::*;

    #[test]
    fn a_lease_holds_until_its_end_and_no_clock_makes_it_longer() {
        let at = |seconds: i64| from_millis(1_700_000_000_000 + seconds * 1_000);
        let lease = RefreshLease { owner: 1, fence: 1, until: at(60) };
        for (now, expect) in
            [(0, true), (59, true), (60, false), (86_400, false), (-60, true), (-61, false), (-86_400, false)]
        {
            assert_eq!(holds(&lease, at(now)), expect, "{now}");
        }
    }
}
