//! What a tour needs and the plugin brings along: sample credentials from the examples of its
//! schema, and calls from its fixtures.

use std::collections::BTreeMap;

use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use serde_json::Value;

use crate::sandbox::fixture::{Case, Fixtures};

/// The name of the case that shows a function best.
const EXAMPLE: &str = "example";

/// What the plugin brings along for a tour.
pub(super) struct Sample {
    /// A credential that fits the plugin's schema.
    pub(super) credentials: BTreeMap<String, String>,
    cases: Vec<Case>,
}

impl Sample {
    pub(super) fn of(inspection: &Inspection) -> Result<Self> {
        let fixtures = inspection.fixtures.as_ref().map(Fixtures::from_json).transpose()?.unwrap_or_default();
        let credentials = credentials(&inspection.manifest)?;
        Ok(Self { credentials, cases: fixtures.cases })
    }

    /// A call that succeeds and needs no settings: the case named `example`, or the first one.
    pub(super) fn success(&self, function: &str) -> Option<&Case> {
        let succeeds = |case: &&Case| case.record.output.is_some() && is_plain(case);
        let mut cases = self.of_function(function).filter(succeeds).peekable();
        let first = cases.peek().copied();
        cases.find(|case| case.name == EXAMPLE).or(first)
    }

    /// A call that the provider refuses with an error of this kind.
    pub(super) fn refusal(&self, function: &str, kind: &str) -> Option<&Case> {
        let of_kind = |case: &Case| {
            case.record.error.as_ref().is_some_and(|error| error.get("kind").is_some_and(|found| found == kind))
        };
        self.of_function(function).find(|case| of_kind(case) && is_plain(case))
    }

    /// A webhook delivery that holds events.
    pub(super) fn delivery(&self) -> Option<&Case> {
        let holds_events = |case: &&Case| {
            let events = case.record.output.as_ref().and_then(Value::as_array);
            events.is_some_and(|events| !events.is_empty())
        };
        let mut cases = self.of_function("parse").filter(holds_events).filter(|case| is_plain(case)).peekable();
        let first = cases.peek().copied();
        cases.find(|case| case.name == EXAMPLE).or(first)
    }

    fn of_function(&self, function: &str) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| case.function == function)
    }
}

/// Whether a case runs as it is: the tour's integration has no settings and every call is a
/// first attempt.
fn is_plain(case: &Case) -> bool {
    let context = case.record.context.as_ref();
    let told = |name: &str| context.and_then(|context| context.get(name)).is_some_and(|value| !value.is_null());
    let answered = case.record.exchange.iter().all(|exchange| exchange.failure.is_none());
    !told("settings") && !told("attempt") && answered
}

fn credentials(manifest: &Manifest) -> Result<BTreeMap<String, String>> {
    let examples = manifest.credential_examples();
    if let Some(name) = manifest.credential_fields().find(|name| !examples.contains_key(*name)) {
        return Err(Error::invalid(format!("`credentials.properties.{name}` has no `examples`; a tour needs one")));
    }
    Ok(examples.into_iter().map(|(name, example)| (name, disguised(&example))).collect())
}

/// A secret that looks like the example and is not it: the example itself stands in the
/// plugin's schema for everyone to read, and the tour searches for its secrets at the end.
fn disguised(example: &str) -> String {
    let public = example.rfind('_').map_or(0, |at| at + 1);
    let (prefix, secret) = example.split_at(public);
    prefix.chars().chain(secret.chars().map(next_of_its_kind)).collect()
}

/// The next letter or digit of the same kind, so that patterns still fit.
fn next_of_its_kind(c: char) -> char {
    match c {
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(u32::from(c) + 1).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::disguised;

    #[test]
    fn a_sample_is_not_the_public_example() {
        for (example, expect) in [("sk_test_0az", "sk_test_1ba"), ("Zz9-", "Aa0-"), ("", "")] {
            assert_eq!(disguised(example), expect);
        }
    }
}
