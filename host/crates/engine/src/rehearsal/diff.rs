//! Differences between two JSON values, with the path of each. Long values are cut.

use std::collections::BTreeSet;

use gatehouse_domain::rehearsal::{Difference, Values, Verdict};
use serde_json::{Value, json};

/// How many differences are told of one call.
pub(super) const MOST: usize = 50;
/// How long a value may be, in bytes of JSON.
const LONGEST: usize = 1_024;

/// The differences that were found so far.
#[derive(Default)]
pub(super) struct Found(Vec<Difference>);

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    /// What is sent: every difference matters, also whether something is null or absent.
    Sent,
    /// What is answered: null and absent are the same, and more than before harms nobody.
    Answered,
}

impl Found {
    /// Notes a difference.
    pub(super) fn note(&mut self, verdict: Verdict, path: impl Into<String>, message: &str, values: (Value, Value)) {
        if self.0.len() < MOST {
            let data = Values { before: cut(values.0), after: cut(values.1) };
            self.0.push(Difference { verdict, path: path.into(), message: message.to_owned(), data });
        }
    }

    /// Notes what is different between two values.
    pub(super) fn compare(&mut self, how: As, path: &str, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(old), Value::Object(new)) => {
                let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for name in names {
                    self.member(how, &format!("{path}.{name}"), old.get(name), new.get(name));
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                for at in 0..old.len().max(new.len()) {
                    self.member(how, &format!("{path}[{at}]"), old.get(at), new.get(at));
                }
            }
            _ if before == after => {}
            _ => self.note(Verdict::Changed, path, "is something else", (before.clone(), after.clone())),
        }
    }

    /// The differences.
    pub(super) fn into_all(self) -> Vec<Difference> {
        self.0
    }

    fn member(&mut self, how: As, path: &str, before: Option<&Value>, after: Option<&Value>) {
        let there = |value: Option<&Value>| value.is_some_and(|value| how == As::Sent || !value.is_null());
        match (before.filter(|_| there(before)), after.filter(|_| there(after))) {
            (Some(before), Some(after)) => self.compare(how, path, before, after),
            (Some(before), None) => self.note(Verdict::Changed, path, "is left out", (before.clone(), Value::Null)),
            (None, Some(after)) => {
                let verdict = if how == As::Sent { Verdict::Changed } else { Verdict::Added };
                self.note(verdict, path, "was not there before", (Value::Null, after.clone()));
            }
            (None, None) => {}
        }
    }
}

fn cut(value: Value) -> Value {
    let length = value.to_string().len();
    if length <= LONGEST { value } else { json!(format!("{length} bytes of JSON, too many to show")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(how: As, before: Value, after: Value, expect: &[(&str, Verdict)]) {
        let mut found = Found::default();
        found.compare(how, "v", &before, &after);
        let found: Vec<_> = found.0.iter().map(|one| (one.path.as_str(), one.verdict)).collect();
        assert_eq!(found, expect, "{before} {after}");
    }

    #[test]
    fn each_difference_has_its_path() {
        use Verdict::{Added, Changed};
        let both = |before: Value, after: Value, expect: &[(&str, Verdict)]| {
            check(As::Sent, before.clone(), after.clone(), expect);
            check(As::Answered, before, after, expect);
        };
        both(json!({ "a": 1, "b": [1, { "c": "x" }] }), json!({ "b": [1, { "c": "x" }], "a": 1 }), &[]);
        both(json!({ "a": 1 }), json!({ "a": 1.0 }), &[("v.a", Changed)]);
        both(json!({ "a": { "b": 1 } }), json!({ "a": { "b": "1" } }), &[("v.a.b", Changed)]);
        both(json!({ "a": 1, "b": 2 }), json!({ "a": 1 }), &[("v.b", Changed)]);
        both(json!([1, 2, 3]), json!([1, 4]), &[("v[1]", Changed), ("v[2]", Changed)]);
        both(json!({ "a": [] }), json!({ "a": {} }), &[("v.a", Changed)]);
        check(As::Sent, json!({}), json!({ "a": 1 }), &[("v.a", Changed)]);
        check(As::Answered, json!({}), json!({ "a": 1 }), &[("v.a", Added)]);
        check(As::Sent, json!({ "a": null }), json!({}), &[("v.a", Changed)]);
        check(As::Answered, json!({ "a": null }), json!({}), &[]);
        check(As::Answered, json!({ "a": null }), json!({ "a": 1 }), &[("v.a", Added)]);
        check(As::Answered, json!({ "a": 1 }), json!({ "a": null }), &[("v.a", Changed)]);
    }

    #[test]
    fn what_is_told_has_an_end() {
        let mut found = Found::default();
        found.compare(As::Sent, "v", &json!(vec![0; 200]), &json!(vec![1; 200]));
        assert_eq!(found.0.len(), MOST);
        let mut found = Found::default();
        found.compare(As::Sent, "v", &json!("a".repeat(5_000)), &json!("b"));
        assert_eq!(found.0[0].data.before, "5002 bytes of JSON, too many to show");
        assert_eq!(found.0[0].data.after, "b");
    }
}
