//! How far back and how often the host reads the provider's own list of events, as data. Nothing here
//! says how it is read: that is the gateway's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Problem;

/// The longest that a provider may list back, in hours: a year.
const LONGEST_WINDOW: u32 = 8_784;
/// The shortest and the longest pause between two readings, in seconds.
const EVERY: std::ops::RangeInclusive<u32> = 60..=86_400;
/// The longest overlap, in seconds.
const LONGEST_OVERLAP: u32 = 86_400;

/// The reading of the provider's own list of events. Needed by an exported `backfill`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// How far back the provider lists, in hours. So long a delivery is remembered at least, so that
    /// what is listed is known to have come.
    pub window_hours: u32,
    /// How often the list is read though nothing seems to be missing, in seconds (default an hour).
    #[serde(default = "an_hour")]
    pub every_seconds: u32,
    /// How far it is read back behind what is complete, in seconds (default 5 minutes): as late as
    /// the provider may list an event.
    #[serde(default = "five_minutes")]
    pub overlap_seconds: u32,
}

fn an_hour() -> u32 {
    3_600
}

fn five_minutes() -> u32 {
    300
}

impl Backfill {
    /// Adds each rule that is broken.
    pub(super) fn check(&self, at: &str, problems: &mut Vec<Problem>) {
        let mut bound = |name: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                let message = format!("{value} is not between {low} and {high}");
                problems.push(Problem::at(format!("{at}.{name}"), message));
            }
        };
        bound("window_hours", self.window_hours, 1, LONGEST_WINDOW);
        bound("every_seconds", self.every_seconds, *EVERY.start(), *EVERY.end());
        bound("overlap_seconds", self.overlap_seconds, 0, LONGEST_OVERLAP);
        if self.overlap_seconds >= self.window_hours.saturating_mul(3_600) {
            problems.push(Problem::at(format!("{at}.overlap_seconds"), "must be shorter than `window_hours`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_broken_rule_is_named() {
        let problems = |rules: serde_json::Value| {
            let rules: Backfill = serde_json::from_value(rules).unwrap();
            let mut problems = Vec::new();
            rules.check("$.b", &mut problems);
            problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
        };
        assert_eq!(problems(serde_json::json!({ "window_hours": 720 })), [""; 0]);
        assert_eq!(problems(serde_json::json!({ "window_hours": 1, "every_seconds": 60 })), [""; 0]);
        assert_eq!(
            problems(serde_json::json!({ "window_hours": 8_785, "every_seconds": 59 })),
            ["$.b.window_hours", "$.b.every_seconds"]
        );
        assert_eq!(
            problems(serde_json::json!({ "window_hours": 1, "overlap_seconds": 3_600 })),
            ["$.b.overlap_seconds"]
        );
        let late = serde_json::json!({ "window_hours": 720, "every_seconds": 86_401, "overlap_seconds": 86_401 });
        assert_eq!(problems(late), ["$.b.every_seconds", "$.b.overlap_seconds"]);
    }
}
