//! Which events a subscription is for, by name. A name of ours has to exist; how providers'
//! events are called is a matter of the gateways, so of those only the form is asked for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::event::OURS;

/// The longest pattern, in bytes.
const LONGEST: usize = 100;

/// An exact name, the beginning of names and `.*`, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct EventPattern(String);

impl EventPattern {
    /// Whether an event of this name is meant.
    pub fn matches(&self, kind: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => self.0 == kind,
        }
    }
}

impl TryFrom<String> for EventPattern {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        if text == "*" {
            return Ok(Self(text));
        }
        if text.len() > LONGEST || !has_form(&text) {
            let rule = "use `*`, `payment.*`, or a name such as `payment.succeeded`: words of a-z, 0-9, `_` and `-`, with dots between";
            return Err(Error::invalid(format!("`{}` names no events; {rule}", text.escape_default())));
        }
        let pattern = Self(text);
        let group = pattern.group();
        let ours: Vec<&str> = OURS.iter().map(|(name, _)| *name).filter(|name| in_group(name, group)).collect();
        if ours.is_empty() || ours.iter().any(|name| pattern.matches(name)) {
            return Ok(pattern);
        }
        Err(Error::invalid(format!("there is no event `{}`; there are {}", pattern.0, ours.join(", "))))
    }
}

impl EventPattern {
    /// What stands before the first dot.
    fn group(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

impl From<EventPattern> for String {
    fn from(pattern: EventPattern) -> String {
        pattern.0
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn in_group(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

/// Two words or more, the last of which may be `*`.
fn has_form(text: &str) -> bool {
    let plain = text.strip_suffix(".*").unwrap_or(text);
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    text.contains('.') && plain.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&[&str], &str>) {
        match (EventPattern::try_from(text.to_owned()), expect) {
            (Ok(pattern), Ok(matched)) => {
                let all = ["payment.succeeded", "payment.refund.created", "payments.made", "integration.expired"];
                let found: Vec<&str> = all.into_iter().filter(|kind| pattern.matches(kind)).collect();
                assert_eq!(found, matched, "{text}");
            }
            (Err(error), Err(part)) => assert!(error.message.contains(part), "{text}: {}", error.message),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn names_beginnings_and_everything() {
        check("*", Ok(&["payment.succeeded", "payment.refund.created", "payments.made", "integration.expired"]));
        check("payment.*", Ok(&["payment.succeeded", "payment.refund.created"]));
        check("payment.refund.*", Ok(&["payment.refund.created"]));
        check("payment.succeeded", Ok(&["payment.succeeded"]));
        check("integration.*", Ok(&["integration.expired"]));
        check("integration.expired", Ok(&["integration.expired"]));
    }

    #[test]
    fn what_can_name_nothing_is_refused_with_what_could() {
        check("integration.expird", Err("integration.expired"));
        check("subscription.x.*", Err("subscription.disabled"));
        for text in ["", "payment", "payment.", ".x", "pay*", "*.x", "a..b", "Payment.Made", "a b.c", "a.**", "**"] {
            check(text, Err("names no events"));
        }
        check(&format!("a.{}", "b".repeat(100)), Err("names no events"));
    }
}
