//! What an answer of the token endpoint makes of the tokens that are kept: the next generation, a
//! pause, or the end.

use gatehouse_broker::TenantKeyRef;
use gatehouse_broker::oauth::{Issued, TokenError};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::manifest::oauth::Grant;
use gatehouse_domain::oauth::TokenCause;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::OAuthTokens;

use super::after;
use super::refresh::Order;
use super::sign_in::SignIn;
use crate::Engine;

/// The first pause after a failure that may pass by itself, and the longest.
const BUSY: (i64, i64) = (1_000, 5 * 60_000);
/// The same for one that a person has to mend.
const REFUSED: (i64, i64) = (60_000, 60 * 60_000);

impl Engine {
    /// The generation after `before`, sealed for its place.
    pub(super) fn sealed_tokens(
        &self,
        key: &TenantKeyRef,
        integration: &Integration,
        before: &OAuthTokens,
        sign_in: &SignIn,
        issued: &Issued,
    ) -> Result<OAuthTokens> {
        let generation = before.generation + 1;
        let seal = |field: &str, token| self.seal_token(key, integration.id, (field, generation), token);
        let access = Some(seal("access", &issued.access)?);
        let (refresh, previous) = match &issued.refresh {
            Some(token) => (Some(seal("refresh", token)?), before.refresh.clone()),
            // A provider that does not rotate sends none, and the one there is goes on.
            None => (before.refresh.clone(), None),
        };
        let now = self.now();
        let renewable = refresh.is_some() || sign_in.rules.own_grant().is_some();
        let ends = |seconds: u64| after(now, SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
        let by_credential = sign_in.app.is_none() && !sign_in.rules.grants(Grant::AuthorizationCode);
        Ok(OAuthTokens {
            generation,
            cause: TokenCause::First,
            access,
            refresh,
            previous,
            worked: false,
            own_app: sign_in.own_app(),
            credential_version: by_credential.then_some(integration.credential_version),
            obtained_at: Some(now),
            expires_at: issued.lifetime.map(ends),
            refresh_at: issued.lifetime.filter(|_| renewable).map(|life| after(now, early(life, self.fraction()))),
            scope: issued.scope.clone().or_else(|| before.scope.clone()),
            lease: None,
            fence: before.fence + 1,
            warned_of: before.warned_of,
            ..OAuthTokens::none(integration.id)
        })
    }

    /// Notes that a person has to agree again: on the tokens, on the integration, and in an event.
    pub(super) async fn expire(
        &self,
        order: &Order,
        integration: &Stored<Integration>,
        stored: &Stored<OAuthTokens>,
        text: &str,
    ) -> Result<()> {
        let now = self.now();
        let current = self.0.store.tenant(order.tenant).get::<Integration>(&integration.id).await?;
        let Some(current) = current else { return Ok(()) };
        let tokens = OAuthTokens {
            expired_at: Some(now),
            last_error: Some(text.to_owned()),
            lease: None,
            inflight: false,
            ..stored.record.clone()
        };
        let mut next = Integration { updated_at: now, ..current.record.clone() };
        next.status = next.status.after(Signal::Refused);
        next.health.last_error = Some(format!("a person has to agree again: {text}"));
        next.health.last_error_at = Some(now);
        let mut work = self.own_work(Some(order.tenant));
        work.tenant(order.tenant).replace(stored, &tokens)?;
        work.tenant(order.tenant).replace(&current, &next)?;
        work.audit("integration.expired", next.id, Some(&current.record), Some(&next))?;
        work.tell_of_move(order.tenant, &current, &next)?;
        work.commit().await
    }
}

/// The tokens after a failure that is not the end: nobody asks again before the pause is over, and
/// the old token is used while it lives. `dice` is any number from 0 up to 1.
pub(super) fn failed(stored: &OAuthTokens, error: &TokenError, now: Timestamp, dice: f64) -> OAuthTokens {
    let (first, longest) = if matches!(error, TokenError::Refused(_)) { REFUSED } else { BUSY };
    let failures = stored.failures.saturating_add(1);
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(longest);
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a pause needs no precision")]
    let pause = (doubled as f64 * (0.8 + 0.4 * dice)) as i64;
    OAuthTokens {
        lease: None,
        // Only an answer says that the provider did nothing.
        inflight: matches!(error, TokenError::Lost(_)),
        failures,
        retry_at: Some(after(now, SignedDuration::from_millis(pause))),
        last_error: Some(error.text().to_owned()),
        ..stored.clone()
    }
}

/// When the provider may be asked again after a failure, where that is still to come. What would
/// be further off than any pause was noted before the clock was set back.
pub(super) fn paused_until(tokens: &OAuthTokens, now: Timestamp) -> Option<Timestamp> {
    let longest = after(now, SignedDuration::from_millis(REFUSED.1 * 6 / 5));
    tokens.retry_at.filter(|at| now < *at && *at <= longest)
}

/// How long after it was issued a token is renewed: at 80 % of its life, give or take a tenth of
/// that, so that many which were issued together are not renewed together.
fn early(life: u64, dice: f64) -> SignedDuration {
    #[allow(clippy::cast_precision_loss, reason = "no life is that long")]
    let share = life as f64 * 0.8 * (0.9 + 0.2 * dice);
    SignedDuration::try_from_secs_f64(share).unwrap_or(SignedDuration::from_secs(1))
}

/// Why there is no token, as an error of a request.
pub(super) fn refused(error: &TokenError) -> Error {
    let message = format!("the provider gave no token: {}", error.text());
    match error {
        TokenError::Busy(_) => Error::unavailable(message),
        TokenError::Expired(_) | TokenError::Refused(_) | TokenError::Lost(_) => {
            Error::new(gatehouse_domain::ErrorKind::Provider, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::IntegrationId;

    use super::*;

    #[test]
    fn a_token_is_renewed_within_a_tenth_of_four_fifths_of_its_life() {
        for (life, dice, millis) in [(100, 0.0, 72_000), (100, 0.5, 80_000), (100, 1.0, 88_000), (1, 0.5, 800)] {
            assert_eq!(early(life, dice).as_millis(), millis, "{life} {dice}");
        }
    }

    #[test]
    fn pauses_grow_and_end_and_a_refusal_waits_longer() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let tokens = OAuthTokens::none(IntegrationId::from_bytes([1; 16]));
        let pause = |tokens: &OAuthTokens| tokens.retry_at.unwrap().duration_since(now).as_millis();
        let within = |pause: i128, around: i128| pause >= around * 8 / 10 && pause <= around * 12 / 10;
        let mut busy = tokens.clone();
        for around in [1_000, 2_000, 4_000, 8_000] {
            busy = failed(&busy, &TokenError::Busy("busy".into()), now, 0.9);
            assert!(within(pause(&busy), around), "{} {around}", pause(&busy));
            assert!(!busy.inflight && busy.last_error.as_deref() == Some("busy"));
        }
        for _ in 0..40 {
            busy = failed(&busy, &TokenError::Lost("lost".into()), now, 0.1);
        }
        assert!(within(pause(&busy), 300_000) && busy.inflight, "{}", pause(&busy));
        for (seconds, paused) in [(-1, true), (0, false), (-4_321, false), (-86_400, false), (86_400, false)] {
            let known = OAuthTokens { retry_at: Some(now), ..tokens.clone() };
            let then = after(now, SignedDuration::from_secs(seconds));
            assert_eq!(paused_until(&known, then).is_some(), paused, "{seconds}");
        }
        let refused = failed(&tokens, &TokenError::Refused("who?".into()), now, 0.5);
        assert!(within(pause(&refused), 60_000) && !refused.inflight);
    }
}
