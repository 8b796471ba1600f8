//! When tokens are to be used so that they do not end, and which end only a person can put off:
//! arithmetic over what the manifest says, without a clock of its own.

use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::OAuth;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::records::OAuthTokens;

use super::super::after;

/// How long a refresh token is taken to be good that is not used, where nobody says.
const UNSAID: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest warning, and the longest span over which renewals are spread.
const WARNING: SignedDuration = SignedDuration::from_hours(7 * 24);
const SPREAD: SignedDuration = SignedDuration::from_hours(1);

/// The ends of an integration's tokens.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::oauth) struct Ends {
    /// When the refresh token was used last, and how long it is good from then on; none without one.
    unused: Option<(Timestamp, SignedDuration)>,
    /// Between 0 and 1: the integration's place among all that were connected at the same time.
    place: f64,
    /// From when to when the consent is good, where it ends whatever is done.
    fixed: Option<(Timestamp, Timestamp)>,
    /// Whether the last try to renew them failed.
    failing: bool,
    /// Whether the manifest says how long it is good unused.
    said: bool,
}

impl Ends {
    pub(in crate::oauth) fn of(tokens: &OAuthTokens, rules: &OAuth, integration: &Integration) -> Self {
        let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
        let renewable = tokens.refresh.is_some();
        let good_for = rules.token.refresh_lifetime_seconds.map_or(UNSAID, seconds);
        let consent = integration.connected_at.zip(rules.token.consent_lifetime_seconds);
        let consent = consent.map(|(from, life)| (from, after(from, seconds(life))));
        let alone = || tokens.obtained_at.zip(tokens.expires_at);
        let fixed = match (renewable, rules.own_grant()) {
            (true, _) => consent,
            // Nothing renews it, and no person is asked where the host asks in its own name.
            (false, None) => alone(),
            (false, Some(_)) => None,
        };
        let id = integration.id.to_bytes();
        Self {
            unused: tokens.obtained_at.filter(|_| renewable).map(|at| (at, good_for)),
            place: f64::from(id.last().copied().unwrap_or_default()) / 256.0,
            fixed,
            failing: tokens.failures > 0,
            said: rules.token.refresh_lifetime_seconds.is_some(),
        }
    }

    /// When the refresh token is to be used: after 50 to 60 % of its life.
    pub(super) fn use_at(&self) -> Option<Timestamp> {
        self.unused.map(|(from, life)| after(from, part(life, 0.5 + 0.1 * self.place)))
    }

    /// Over how long the renewals are spread of those that are due at once.
    pub(super) fn spread(&self) -> SignedDuration {
        self.unused.map_or(SignedDuration::ZERO, |(_, life)| part(life, 0.05).min(SPREAD))
    }

    /// The first end that only a person can put off, where it comes within the warning time: a
    /// week, or a fifth of the whole for what is shorter.
    pub(super) fn to_warn_of(&self, now: Timestamp) -> Option<Timestamp> {
        let unused = self.unused.filter(|_| self.failing).map(|(from, life)| (from, after(from, life)));
        let ends = self.fixed.into_iter().chain(unused);
        let near = ends.filter(|(from, end)| {
            let warning = part(end.duration_since(*from), 0.2).min(WARNING);
            now < *end && after(now, warning) >= *end
        });
        near.map(|(_, end)| end).min()
    }

    /// The first end that is known; what nobody has said is not told.
    pub(in crate::oauth) fn at(&self) -> Option<Timestamp> {
        let unused = self.unused.filter(|_| self.said).map(|(from, life)| after(from, life));
        self.fixed.map(|(_, end)| end).into_iter().chain(unused).min()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "days need no precision")]
fn part(of: SignedDuration, share: f64) -> SignedDuration {
    SignedDuration::from_millis((of.as_millis() as f64 * share) as i64)
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::IntegrationId;
    use gatehouse_store::records::SealedToken;
    use serde_json::json;

    use super::*;

    const DAY: i64 = 86_400;

    fn at(days: f64) -> Timestamp {
        after(Timestamp::UNIX_EPOCH, part(SignedDuration::from_secs(DAY), days))
    }

    fn ends(token: serde_json::Value, refresh: bool, place: u8, change: impl FnOnce(&mut OAuthTokens)) -> Ends {
        let rules = json!({
            "grants": ["authorization_code"], "authorize_url": "https://a.example/a",
            "token_url": "https://a.example/t", "token": token,
        });
        let mut id = [0; 16];
        id[15] = place;
        let id = IntegrationId::from_bytes(id);
        let integration: Integration = serde_json::from_value(json!({
            "id": id, "provider": "p", "name": "n", "plugin": { "id": "p", "version": "1.0.0", "digest": "d" },
            "status": "active", "settings": {}, "metadata": {}, "credential_hints": {}, "credential_version": 1,
            "health": {}, "created_at": at(0.0), "updated_at": at(0.0), "connected_at": at(0.0),
        }))
        .unwrap();
        let sealed = SealedToken { generation: 1, key_version: 1, sealed: String::new() };
        let mut tokens = OAuthTokens {
            refresh: refresh.then_some(sealed),
            obtained_at: Some(at(10.0)),
            expires_at: Some(at(20.0)),
            ..OAuthTokens::none(id)
        };
        change(&mut tokens);
        Ends::of(&tokens, &serde_json::from_value(rules).unwrap(), &integration)
    }

    fn days(days: i64) -> serde_json::Value {
        json!({ "refresh_lifetime_seconds": days * DAY })
    }

    #[test]
    fn a_refresh_token_is_used_at_half_of_its_life_and_not_all_at_once() {
        for (token, place, expect) in
            [(days(60), 0, 40.0), (days(60), 128, 43.0), (days(100), 0, 60.0), (json!({}), 0, 25.0)]
        {
            assert_eq!(ends(token, true, place, |_| {}).use_at(), Some(at(expect)));
        }
        assert_eq!(ends(days(60), false, 0, |_| {}).use_at(), None);
        let all: std::collections::BTreeSet<_> =
            (0..=255).map(|place| ends(days(60), true, place, |_| {}).use_at()).collect();
        assert_eq!(all.len(), 256);
        assert_eq!(ends(days(60), true, 0, |_| {}).spread(), SignedDuration::from_hours(1));
        assert_eq!(ends(json!({ "refresh_lifetime_seconds": 60 }), true, 0, |_| {}).spread().as_secs(), 3);
    }

    #[test]
    fn people_are_warned_of_what_only_they_can_put_off() {
        let consent = json!({ "refresh_lifetime_seconds": 60 * DAY, "consent_lifetime_seconds": 100 * DAY });
        let failing = |tokens: &mut OAuthTokens| tokens.failures = 1;
        for (ends, now, expect) in [
            // A consent that ends after 100 days, however often it is renewed.
            (ends(consent.clone(), true, 0, |_| {}), 92.9, None),
            (ends(consent.clone(), true, 0, |_| {}), 93.1, Some(100.0)),
            (ends(consent, true, 0, |_| {}), 100.1, None),
            // A token of ten days that nothing renews.
            (ends(json!({}), false, 0, |_| {}), 17.9, None),
            (ends(json!({}), false, 0, |_| {}), 18.1, Some(20.0)),
            // A refresh token that the provider does not renew now, and one that it does.
            (ends(days(60), true, 0, failing), 62.9, None),
            (ends(days(60), true, 0, failing), 63.1, Some(70.0)),
            (ends(days(60), true, 0, |_| {}), 63.1, None),
        ] {
            assert_eq!(ends.to_warn_of(at(now)), expect.map(at), "{now}");
        }
    }

    #[test]
    fn the_end_is_told_where_it_is_known() {
        assert_eq!(ends(days(60), true, 0, |_| {}).at(), Some(at(70.0)));
        assert_eq!(ends(json!({}), true, 0, |_| {}).at(), None);
        assert_eq!(ends(json!({}), false, 0, |_| {}).at(), Some(at(20.0)));
    }
}
