//! What the operator decides about resilience: one flat table of numbers with their defaults.

use gatehouse_domain::Problem;
use serde::{Deserialize, Serialize};

/// What the operator decides. The configuration's keys are `resilience.*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls of one integration at a time (default 4).
    pub per_integration: u32,
    /// Calls of one tenant to one provider at a time (default 16).
    pub per_provider: u32,
    /// Calls of one tenant at a time (default 64).
    pub per_tenant: u32,
    /// Calls at a time (default 512).
    pub in_all: u32,
    /// How long an interactive call waits for a place or for the provider's limit, in
    /// milliseconds (default 1,000).
    pub wait_ms: u32,
    /// A circuit opens where this many of a hundred calls fail (default 50).
    pub failure_percent: u32,
    /// Of at least this many calls (default 20).
    pub failure_calls: u32,
    /// Within this time, in milliseconds (default 10,000).
    pub failure_window_ms: u32,
    /// Or where this many fail in a row (default 10).
    pub failures_in_a_row: u32,
    /// How long a circuit stays open at first, in milliseconds (default 30,000); it doubles.
    pub open_ms: u32,
    /// And at most, in milliseconds (default 300,000).
    pub open_max_ms: u32,
    /// Calls that try whether the provider is well again (default 3).
    pub probes: u32,
    /// How often a call is made at most, the first time among them (default 3).
    pub tries: u32,
    /// What the pause before the second try is drawn from, in milliseconds (default 250); it
    /// doubles.
    pub retry_base_ms: u32,
    /// And at most, in milliseconds (default 30,000).
    pub retry_cap_ms: u32,
    /// Retries for each hundred requests of a tenant to a provider within ten seconds (default 20).
    pub retry_percent: u32,
    /// Retries in a second that are always allowed (default 10).
    pub retry_floor: u32,
    /// Integrations that are remembered; those not used for longest are forgotten (default 20,000).
    pub tracked: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            per_integration: 4,
            per_provider: 16,
            per_tenant: 64,
            in_all: 512,
            wait_ms: 1_000,
            failure_percent: 50,
            failure_calls: 20,
            failure_window_ms: 10_000,
            failures_in_a_row: 10,
            open_ms: 30_000,
            open_max_ms: 300_000,
            probes: 3,
            tries: 3,
            retry_base_ms: 250,
            retry_cap_ms: 30_000,
            retry_percent: 20,
            retry_floor: 10,
            tracked: 20_000,
        }
    }
}

impl Settings {
    /// What can not be right, each at its key.
    pub fn problems(&self) -> Vec<Problem> {
        let ranges = [
            ("per_integration", self.per_integration, 1, 10_000),
            ("per_provider", self.per_provider, 1, 10_000),
            ("per_tenant", self.per_tenant, 1, 10_000),
            ("in_all", self.in_all, 1, 100_000),
            ("wait_ms", self.wait_ms, 0, 60_000),
            ("failure_percent", self.failure_percent, 1, 100),
            ("failure_calls", self.failure_calls, 1, 100_000),
            ("failure_window_ms", self.failure_window_ms, 100, 600_000),
            ("failures_in_a_row", self.failures_in_a_row, 1, 100_000),
            ("open_ms", self.open_ms, 10, 3_600_000),
            ("open_max_ms", self.open_max_ms, self.open_ms, 3_600_000),
            ("probes", self.probes, 1, 100),
            ("tries", self.tries, 1, 10),
            ("retry_base_ms", self.retry_base_ms, 1, 60_000),
            ("retry_cap_ms", self.retry_cap_ms, self.retry_base_ms, 3_600_000),
            ("retry_percent", self.retry_percent, 0, 100),
            ("retry_floor", self.retry_floor, 0, 10_000),
            ("tracked", self.tracked, 100, 10_000_000),
        ];
        let wrong = ranges.into_iter().filter(|(_, value, least, most)| !(least..=most).contains(&value));
        let problem = |(key, value, least, most)| {
            Problem::at(format!("resilience.{key}"), format!("{value} is not between {least} and {most}"))
        };
        wrong.map(problem).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_right_and_each_wrong_number_is_named() {
        assert_eq!(Settings::default().problems(), []);
        let wrong = Settings { probes: 0, open_max_ms: 5, failure_percent: 101, ..Settings::default() };
        let paths: Vec<String> = wrong.problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["resilience.failure_percent", "resilience.open_max_ms", "resilience.probes"]);
    }
}
