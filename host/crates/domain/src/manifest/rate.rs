//! How a provider limits requests, and in which headers it says what is left. Data only: the
//! broker reads the headers, the engine keeps the budget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Problem;

/// The longest window, in seconds: a day.
const LONGEST_WINDOW: u32 = 86_400;

/// How the provider limits requests of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests in each window.
    pub requests: u32,
    /// The window, in seconds.
    pub window_seconds: u32,
    /// The numbers of a test account, where they are others.
    #[serde(default)]
    pub sandbox: Option<RateNumbers>,
    /// The header that says how many are left: a number, or `used/limit`.
    #[serde(default)]
    pub remaining_header: Option<String>,
    /// The header that says how many a window has.
    #[serde(default)]
    pub limit_header: Option<String>,
    /// The header that says when the window begins anew.
    #[serde(default)]
    pub reset_header: Option<String>,
    /// How that header writes it.
    #[serde(default)]
    pub reset_form: Option<ResetForm>,
}

/// A limit as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateNumbers {
    /// Requests in each window.
    pub requests: u32,
    /// The window, in seconds.
    pub window_seconds: u32,
}

/// How a header writes the moment at which a window begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetForm {
    /// Seconds from the answer on.
    Seconds,
    /// Milliseconds from the answer on.
    Milliseconds,
    /// Seconds since 1970.
    EpochSeconds,
    /// An HTTP date (RFC 9110 §5.6.7).
    Date,
}

impl RateLimit {
    /// The numbers for a live account or for a test account.
    pub fn numbers(&self, live: bool) -> RateNumbers {
        let own = RateNumbers { requests: self.requests, window_seconds: self.window_seconds };
        self.sandbox.filter(|_| !live).unwrap_or(own)
    }

    /// Adds what can not be right to `problems`, each at its path under `path`.
    pub(crate) fn check(&self, path: &str, problems: &mut Vec<Problem>) {
        self.numbers(true).check(path, problems);
        if let Some(sandbox) = &self.sandbox {
            sandbox.check(&format!("{path}.sandbox"), problems);
        }
        let headers = [
            ("remaining_header", &self.remaining_header),
            ("limit_header", &self.limit_header),
            ("reset_header", &self.reset_header),
        ];
        for (key, name) in headers.into_iter().filter_map(|(key, name)| Some((key, name.as_deref()?))) {
            if !is_header_name(name) {
                problems.push(Problem::at(format!("{path}.{key}"), format!("`{name}` is not a header name")));
            }
        }
        match (&self.reset_header, self.reset_form) {
            (Some(_), None) => problems.push(Problem::at(
                format!("{path}.reset_form"),
                "must say how `reset_header` writes it: seconds, milliseconds, epoch_seconds or date",
            )),
            (None, Some(_)) => {
                problems
                    .push(Problem::at(format!("{path}.reset_header"), "must name the header that `reset_form` is of"));
            }
            _ => {}
        }
    }
}

impl RateNumbers {
    fn check(self, path: &str, problems: &mut Vec<Problem>) {
        if self.requests == 0 {
            problems.push(Problem::at(format!("{path}.requests"), "is 0, so nothing could be sent; write 1 or more"));
        }
        if !(1..=LONGEST_WINDOW).contains(&self.window_seconds) {
            let message = format!("{} is not between 1 and {LONGEST_WINDOW} seconds", self.window_seconds);
            problems.push(Problem::at(format!("{path}.window_seconds"), message));
        }
    }
}

/// Whether a text is a `token` (RFC 9110 §5.6.2) of a bearable length.
fn is_header_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
