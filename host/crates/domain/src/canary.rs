//! Canaries: a new version serves a part of a tenant's calls, and how it does beside the old one
//! decides whether it gets the rest. Only counting and judging; nothing here calls or stores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem, Result};
use crate::execution::Fault;
use crate::guest::GuestErrorKind;
use crate::id::IntegrationId;
use crate::install::Consent;
use crate::plugin::PluginRef;
use crate::time::Timestamp;

/// The fewest calls that anything is concluded from.
const FEWEST: u64 = 3;
/// One-sided 95 % of the normal distribution: how sure a rollback is that the new version is worse.
const SURE: f64 = 1.645;
/// The longest canary, in minutes: a week.
const LONGEST: u32 = 7 * 24 * 60;
/// The most calls that one may have to see.
const MOST_CALLS: u64 = 100_000;

/// How a canary goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CanaryRules")]
pub struct Rules {
    /// How many of a hundred calls the new version serves, 1 to 100. Which they are is decided by
    /// the call's idempotency key, so that a repeated call meets the same version.
    pub percent: u8,
    /// For how many minutes at least, 0 to 10,080.
    #[serde(default = "minutes")]
    pub minutes: u32,
    /// How many calls it has to serve at least before it gets the rest, 1 to 100,000.
    #[serde(default = "calls")]
    pub calls: u64,
    /// By how much its error rate may be higher than that of the old version, 0 to 1.
    #[serde(default = "max_error_rate")]
    pub max_error_rate: f64,
}

/// Where a canary stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CanaryState")]
pub enum State {
    /// It is under way.
    Running,
    /// The new version got the rest.
    Promoted,
    /// The new version did worse and got nothing more.
    RolledBack,
    /// A person ended it.
    Aborted,
}

/// How a version did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CanaryCounts")]
pub struct Counts {
    /// Calls that it served.
    pub calls: u64,
    /// Those that failed in a way that speaks of the version: it trapped, hit a limit, asked for
    /// what it may not, or could make nothing of an answer.
    pub failures: u64,
}

/// A canary: the last one of a plugin of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Canary {
    /// The version that the install has.
    pub from: PluginRef,
    /// The new one.
    pub to: PluginRef,
    /// The integrations that take part; all of the plugin where absent.
    pub integrations: Option<Vec<IntegrationId>>,
    /// What the tenant agreed to for the new version.
    pub consent: Consent,
    /// How it goes.
    pub rules: Rules,
    /// Where it stands.
    pub state: State,
    /// Why it ended.
    pub reason: Option<String>,
    /// How the old version did meanwhile.
    pub old: Counts,
    /// How the new one did.
    pub new: Counts,
    /// When it began.
    pub started_at: Timestamp,
    /// When it can be promoted at the earliest.
    pub not_before: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What a canary has shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// The new version does as well as the old one.
    Good(String),
    /// It does worse.
    Bad(String),
}

impl Rules {
    /// Checks that the numbers are within their bounds.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Invalid`] with each that is not.
    pub fn check(&self) -> Result<()> {
        let bounds = [
            ((1..=100).contains(&self.percent), "percent", format!("{} is not from 1 to 100", self.percent)),
            (self.minutes <= LONGEST, "minutes", format!("{} is more than {LONGEST}, a week", self.minutes)),
            ((1..=MOST_CALLS).contains(&self.calls), "calls", format!("{} is not from 1 to {MOST_CALLS}", self.calls)),
            (
                (0.0..=1.0).contains(&self.max_error_rate),
                "max_error_rate",
                format!("{} is not from 0 to 1", self.max_error_rate),
            ),
        ];
        let wrong = bounds.into_iter().filter(|(good, ..)| !good);
        let problems: Vec<Problem> =
            wrong.map(|(_, name, message)| Problem::at(format!("$.canary.{name}"), message)).collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the canary can not be run so", problems)) }
    }
}

impl Counts {
    /// The part of its calls that failed; none where none was made.
    fn rate(self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.failures as f64 / self.calls as f64 }
    }

    /// The lowest rate that is likely, by Wilson's score interval.
    fn at_least(self) -> f64 {
        let (n, z2) = (self.calls as f64, SURE * SURE);
        let p = self.failures as f64 / n;
        let spread = SURE * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        (p + z2 / (2.0 * n) - spread) / (1.0 + z2 / n)
    }
}

impl Canary {
    /// What the counts show at a time, where they show anything yet.
    pub fn shown(&self, old: Counts, new: Counts, now: Timestamp) -> Option<Shown> {
        // Too few calls of the old version excuse nothing.
        let usual = if old.calls < FEWEST { 0.0 } else { old.rate() };
        let allowed = usual + self.rules.max_error_rate;
        let says = |word: &str| {
            format!(
                "{} of {} calls failed on {}, {word} {} of {} on {}",
                new.failures, new.calls, self.to.version, old.failures, old.calls, self.from.version
            )
        };
        if new.calls >= FEWEST && new.at_least() > allowed {
            return Some(Shown::Bad(says("against")));
        }
        let ripe = now >= self.not_before && new.calls >= self.rules.calls;
        (ripe && new.rate() <= allowed).then(|| Shown::Good(says("and")))
    }

    /// Whether an integration takes part that is pinned to `plugin`.
    pub fn covers(&self, integration: IntegrationId, plugin: &PluginRef) -> bool {
        let named = self.integrations.as_ref().is_none_or(|named| named.contains(&integration));
        named && plugin.id == self.to.id && *plugin != self.to
    }
}

/// Whether an error is one that another version might not make. That a card is declined, a record
/// is missing or the provider is down says nothing of the version.
pub fn speaks_of_version(kind: GuestErrorKind) -> bool {
    match kind {
        GuestErrorKind::InvalidInput
        | GuestErrorKind::Unauthorized
        | GuestErrorKind::Forbidden
        | GuestErrorKind::Unsupported
        | GuestErrorKind::Provider => true,
        GuestErrorKind::NotFound
        | GuestErrorKind::Conflict
        | GuestErrorKind::Declined
        | GuestErrorKind::RateLimited
        | GuestErrorKind::Unavailable
        | GuestErrorKind::UnknownOutcome => false,
    }
}

/// As [`speaks_of_version`], of a fault: a host that fails is not the version's doing.
pub fn fault_speaks_of_version(fault: &Fault) -> bool {
    !matches!(fault, Fault::Host { .. })
}

fn minutes() -> u32 {
    10
}

fn calls() -> u64 {
    20
}

fn max_error_rate() -> f64 {
    0.05
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::sheet::PermissionSheet;
    use crate::time::{EPOCH, from_millis};

    fn canary(rules: Rules) -> Canary {
        let plugin = |version: &str| PluginRef {
            id: "acme".to_owned(),
            version: version.parse().unwrap(),
            digest: version.to_owned(),
        };
        let sheet: PermissionSheet = serde_json::from_value(serde_json::json!({
            "requests": [], "secrets": [], "writes": [], "reads": [], "events": [], "oauth": null,
            "webhook_trust": null, "webhook_hosts": [], "storage": [], "limits": null, "imports": [],
        }))
        .unwrap();
        Canary {
            from: plugin("1.0.0"),
            to: plugin("1.1.0"),
            integrations: None,
            consent: Consent { sheet, by: Id::new(1, [1; 10]), at: EPOCH },
            rules,
            state: State::Running,
            reason: None,
            old: Counts::default(),
            new: Counts::default(),
            started_at: EPOCH,
            not_before: from_millis(60_000),
            ended_at: None,
        }
    }

    const RULES: Rules = Rules { percent: 10, minutes: 1, calls: 20, max_error_rate: 0.05 };

    #[test]
    fn counts_decide() {
        let canary = canary(RULES);
        // (old failures, of), (new failures, of), minute: good, bad or nothing yet.
        let check = |old: (u64, u64), new: (u64, u64), minute: i64, expect: &str| {
            let counts = |(failures, calls)| Counts { calls, failures };
            let shown = match canary.shown(counts(old), counts(new), from_millis(minute * 60_000)) {
                Some(Shown::Good(_)) => "good",
                Some(Shown::Bad(_)) => "bad",
                None => "nothing",
            };
            assert_eq!(shown, expect, "{old:?} {new:?} {minute}");
        };
        check((0, 100), (0, 20), 1, "good");
        check((0, 100), (0, 20), 0, "nothing");
        check((0, 100), (0, 19), 1, "nothing");
        check((0, 100), (1, 20), 1, "good");
        check((0, 100), (2, 20), 1, "nothing");
        check((0, 100), (2, 2), 0, "nothing");
        check((0, 100), (3, 3), 0, "bad");
        check((0, 0), (3, 3), 0, "bad");
        check((100, 100), (3, 3), 0, "nothing");
        check((100, 100), (20, 20), 1, "good");
        check((50, 100), (20, 20), 0, "bad");
        check((0, 100), (1, 5), 0, "nothing");
        check((0, 100), (10, 100), 1, "bad");
        check((0, 100), (60, 1_000), 1, "nothing");
        check((2, 2), (3, 3), 0, "bad");
    }

    #[test]
    fn what_failed_is_not_promoted_for_being_little() {
        let rules = Rules { calls: 1, minutes: 0, max_error_rate: 0.6, ..RULES };
        let shown =
            |failures, calls| canary(rules).shown(Counts::default(), Counts { calls, failures }, from_millis(60_000));
        assert!(matches!(shown(0, 1), Some(Shown::Good(_))));
        assert!(matches!(shown(1, 2), Some(Shown::Good(_))));
        for failures in 1..5 {
            assert_eq!(shown(failures, failures), None, "{failures}");
        }
        assert!(matches!(shown(5, 5), Some(Shown::Bad(_))));
    }

    #[test]
    fn the_reason_tells_the_counts() {
        let shown = canary(RULES).shown(Counts { calls: 9, failures: 0 }, Counts { calls: 4, failures: 4 }, EPOCH);
        let expect = "4 of 4 calls failed on 1.1.0, against 0 of 9 on 1.0.0".to_owned();
        assert_eq!(shown, Some(Shown::Bad(expect)));
    }

    #[test]
    fn numbers_out_of_bounds_are_named() {
        let check = |rules: Rules, expect: &[&str]| {
            let found: Vec<String> = rules
                .check()
                .err()
                .map(|error| error.problems)
                .unwrap_or_default()
                .into_iter()
                .map(|one| one.path)
                .collect();
            assert_eq!(found, expect, "{rules:?}");
        };
        check(RULES, &[]);
        check(Rules { percent: 100, minutes: 0, calls: 1, max_error_rate: 0.0 }, &[]);
        check(Rules { percent: 0, ..RULES }, &["$.canary.percent"]);
        check(Rules { percent: 101, calls: 0, ..RULES }, &["$.canary.percent", "$.canary.calls"]);
        check(
            Rules { minutes: 10_081, max_error_rate: 1.1, ..RULES },
            &["$.canary.minutes", "$.canary.max_error_rate"],
        );
        check(Rules { max_error_rate: f64::NAN, ..RULES }, &["$.canary.max_error_rate"]);
    }

    #[test]
    fn it_covers_what_it_was_begun_for() {
        let (one, other) = (Id::new(1, [1; 10]), Id::new(1, [2; 10]));
        let all = canary(RULES);
        let some = Canary { integrations: Some(vec![one]), ..all.clone() };
        assert!(all.covers(one, &all.from) && all.covers(other, &all.from));
        assert!(some.covers(one, &all.from) && !some.covers(other, &all.from));
        assert!(!all.covers(one, &all.to), "it is there already");
        assert!(!all.covers(one, &PluginRef { id: "other".to_owned(), ..all.from.clone() }));
    }
}
