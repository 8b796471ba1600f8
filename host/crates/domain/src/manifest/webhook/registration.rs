//! How our endpoint is registered with the provider, as data: what the host does with the secrets
//! that go with a registration. No gateway sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Problem;

/// The most secrets that go with a registration.
const MOST: usize = 8;
/// The longest time before an end at which a registration is renewed, in seconds: 60 days.
const LONGEST: u32 = 5_184_000;

/// How the host keeps the provider's registrations of an endpoint. Needed by an exported
/// `registrations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Secrets that the provider hands out as it registers an endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Passing>,
    /// Secrets that the host makes up and gives to the provider with a registration. `[given]` stands
    /// there in the gateway's request, or nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub give: Vec<Passing>,
    /// How long before its end a registration is renewed, in seconds (default a day, at most a fifth
    /// of its life).
    #[serde(default = "a_day")]
    pub renew_before_seconds: u32,
}

/// A secret in the body of a request, or of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passing {
    /// The field that verifying needs it as: one of `webhook.verify`'s.
    pub field: String,
    /// The request's method; a secret passes with this one alone.
    #[serde(default = "post")]
    pub method: String,
    /// The request's path, where `*` stands for one segment.
    pub path: String,
    /// Where it stands: a JSON pointer (RFC 6901), or the name of a form's field.
    pub at: String,
}

fn a_day() -> u32 {
    86_400
}

fn post() -> String {
    "POST".to_owned()
}

impl Registration {
    /// The fields that a registration brings.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.capture.iter().chain(&self.give).map(|passing| passing.field.as_str())
    }

    /// Adds each rule that is broken; `fields` are those that verifying needs.
    pub(super) fn check(&self, at: &str, fields: &[&str], problems: &mut Vec<Problem>) {
        if self.capture.len() + self.give.len() > MOST {
            problems.push(Problem::at(at, format!("has more than {MOST} secrets")));
        }
        if !(1..=LONGEST).contains(&self.renew_before_seconds) {
            let message = format!("{} is not between 1 and {LONGEST}", self.renew_before_seconds);
            problems.push(Problem::at(format!("{at}.renew_before_seconds"), message));
        }
        for (list, passings) in [("capture", &self.capture), ("give", &self.give)] {
            for (index, passing) in passings.iter().enumerate() {
                let at = format!("{at}.{list}[{index}]");
                if !fields.contains(&passing.field.as_str()) || passing.field == super::CLIENT_SECRET {
                    let message = format!("`{}` is no credential field that `webhook` verifies with", passing.field);
                    problems.push(Problem::at(format!("{at}.field"), message));
                }
                if !matches!(passing.method.as_str(), "POST" | "PUT" | "PATCH") {
                    let message = format!("`{}` is not one of POST, PUT, PATCH", passing.method);
                    problems.push(Problem::at(format!("{at}.method"), message));
                }
                if !passing.path.starts_with('/') {
                    problems.push(Problem::at(format!("{at}.path"), "must begin with /"));
                }
                if list == "capture" && !passing.at.starts_with('/') {
                    problems.push(Problem::at(format!("{at}.at"), "must be a JSON pointer that begins with /"));
                }
                if passing.at.is_empty() {
                    problems.push(Problem::at(format!("{at}.at"), "must not be empty"));
                }
            }
        }
    }
}

impl Passing {
    /// Whether a request is the one that the secret passes with.
    pub fn fits(&self, method: &str, path: &str) -> bool {
        let (mut glob, mut given) = (self.path.split('/'), path.split('/'));
        let segments = loop {
            match (glob.next(), given.next()) {
                (None, None) => break true,
                (Some("*"), Some(segment)) if !segment.is_empty() => {}
                (Some(want), Some(segment)) if want == segment => {}
                _ => break false,
            }
        };
        segments && self.method == method
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing(path: &str) -> Passing {
        Passing { field: "hook".to_owned(), method: post(), path: path.to_owned(), at: "/secret".to_owned() }
    }

    #[test]
    fn a_secret_passes_with_its_own_request_alone() {
        for (glob, method, path, fits) in [
            ("/v1/hooks", "POST", "/v1/hooks", true),
            ("/v1/hooks", "GET", "/v1/hooks", false),
            ("/v1/hooks", "POST", "/v1/hooks/1", false),
            ("/v1/*/hooks", "POST", "/v1/a/hooks", true),
            ("/v1/*/hooks", "POST", "/v1//hooks", false),
            ("/v1/*/hooks", "POST", "/v1/a/b/hooks", false),
        ] {
            assert_eq!(passing(glob).fits(method, path), fits, "{glob} {method} {path}");
        }
    }

    #[test]
    fn each_broken_rule_is_named() {
        let good = Registration { capture: vec![passing("/hooks")], give: vec![], renew_before_seconds: 60 };
        let problems = |rules: &Registration, fields: &[&str]| {
            let mut problems = Vec::new();
            rules.check("$.r", fields, &mut problems);
            problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
        };
        assert_eq!(problems(&good, &["hook"]), [""; 0]);
        assert_eq!(problems(&good, &["other"]), ["$.r.capture[0].field"]);
        let renamed = Passing { field: super::super::CLIENT_SECRET.to_owned(), ..passing("/hooks") };
        let rules = Registration { capture: vec![renamed], ..good.clone() };
        assert_eq!(problems(&rules, &[super::super::CLIENT_SECRET]), ["$.r.capture[0].field"]);
        let give = vec![Passing { method: "GET".to_owned(), at: String::new(), ..passing("hooks") }];
        let rules = Registration { give, renew_before_seconds: 0, ..good.clone() };
        let expect = ["$.r.renew_before_seconds", "$.r.give[0].method", "$.r.give[0].path", "$.r.give[0].at"];
        assert_eq!(problems(&rules, &["hook"]), expect);
        let bare = Registration { capture: vec![Passing { at: "secret".to_owned(), ..passing("/hooks") }], ..good };
        assert_eq!(problems(&bare, &["hook"]), ["$.r.capture[0].at"]);
    }
}
