//! What must hold of a policy before it is kept, expressions apart.

use std::collections::BTreeSet;

use super::{Choice, Policy};
use crate::error::Problem;

/// The most rules of a policy.
const MOST_RULES: usize = 32;
/// The most integrations of a rule.
const MOST_INTEGRATIONS: usize = 32;
/// The longest name and the longest pattern, in bytes.
const LONGEST_WORD: usize = 64;
/// The largest weight.
const MOST_WEIGHT: u32 = 1_000_000;

/// Everything that is wrong with a policy.
pub(super) fn problems(policy: &Policy) -> Vec<Problem> {
    let mut found = Vec::new();
    if !is_name(&policy.name) {
        let rule = "must have 1 to 64 of the characters A-Z a-z 0-9 _ - . and begin with a letter or a digit, but \
                    not with `pol_`";
        found.push(Problem::at("$.name", rule));
    }
    if policy.capability.as_deref().is_some_and(|pattern| !is_pattern(pattern)) {
        let rule = "must be a capability's code such as `PROCESS_PAYMENT`, or the beginning of one and `*`";
        found.push(Problem::at("$.capability", rule));
    }
    if !(1..=MOST_RULES).contains(&policy.rules.len()) {
        found.push(Problem::at("$.rules", format!("must have 1 to {MOST_RULES} rules")));
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        check_choice(&rule.then, &format!("$.rules[{index}].then"), &mut found);
    }
    found
}

fn check_choice(choice: &Choice, path: &str, found: &mut Vec<Problem>) {
    let named = choice.integrations();
    if !(1..=MOST_INTEGRATIONS).contains(&named.len()) {
        found.push(Problem::at(path, format!("must name 1 to {MOST_INTEGRATIONS} integrations")));
    }
    let mut seen = BTreeSet::new();
    for (place, id) in named.iter().filter(|(_, id)| !seen.insert(*id)) {
        found.push(Problem::at(format!("{path}.{place}"), format!("`{id}` is named twice")));
    }
    match choice {
        Choice::Priority(_) => {}
        Choice::Split(split) => {
            if split.weights.iter().any(|share| share.weight > MOST_WEIGHT) {
                found.push(Problem::at(format!("{path}.split.weights"), format!("weights are 0 to {MOST_WEIGHT}")));
            }
            if split.weights.iter().all(|share| share.weight == 0) {
                found.push(Problem::at(format!("{path}.split.weights"), "one weight at least must be above 0"));
            }
        }
        Choice::SuccessRate(rate) => {
            let path = format!("{path}.success_rate");
            if !(1..=60).contains(&rate.window_minutes) {
                found.push(Problem::at(format!("{path}.window_minutes"), "must be 1 to 60"));
            }
            if !(1..=100_000).contains(&rate.window_calls) {
                found.push(Problem::at(format!("{path}.window_calls"), "must be 1 to 100000"));
            }
            if !(0.0..=1.0).contains(&rate.explore) {
                found.push(Problem::at(format!("{path}.explore"), "must be 0 to 1"));
            }
        }
    }
}

/// A name can stand in a path and can not be taken for an id.
fn is_name(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && name.len() <= LONGEST_WORD && name.bytes().all(rest) && !name.starts_with("pol_")
}

fn is_pattern(pattern: &str) -> bool {
    let code = pattern.strip_suffix('*').unwrap_or(pattern);
    let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !pattern.is_empty() && pattern.len() <= LONGEST_WORD && code.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::id::PolicyId;
    use crate::time::EPOCH;

    const A: &str = "int_00000000000000000000000000000001";
    const B: &str = "int_00000000000000000000000000000002";

    fn policy(name: &str, capability: Option<&str>, rules: Value) -> Policy {
        Policy {
            id: PolicyId::new(1, [0; 10]),
            name: name.to_owned(),
            capability: capability.map(str::to_owned),
            rules: serde_json::from_value(rules).unwrap(),
            created_at: EPOCH,
            updated_at: EPOCH,
        }
    }

    fn check(then: Value, expect: &[&str]) {
        let policy = policy("one", None, json!([{ "then": then }]));
        let paths: Vec<String> = problems(&policy).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, expect, "{policy:?}");
    }

    #[test]
    fn choices_are_checked_to_the_path() {
        check(json!({ "priority": [A, B] }), &[]);
        check(json!({ "priority": [] }), &["$.rules[0].then"]);
        check(json!({ "priority": [A, B, A] }), &["$.rules[0].then.priority[2]"]);
        let split = |one: u64, two: u64| json!({ "split": { "weights": [{ "integration": A, "weight": one }, { "integration": B, "weight": two }] } });
        check(split(0, 1), &[]);
        check(split(0, 0), &["$.rules[0].then.split.weights"]);
        check(split(1, 1_000_001), &["$.rules[0].then.split.weights"]);
        check(json!({ "success_rate": { "integrations": [A] } }), &[]);
        let wrong = json!({ "success_rate": { "integrations": [A, A], "window_minutes": 61, "window_calls": 0, "explore": 1.5 } });
        let base = "$.rules[0].then.success_rate";
        let paths =
            ["integrations[1]", "window_minutes", "window_calls", "explore"].map(|name| format!("{base}.{name}"));
        check(wrong, &paths.each_ref().map(String::as_str));
    }

    #[test]
    fn names_and_patterns_are_words() {
        let rules = json!([{ "then": { "priority": [A] } }]);
        for (name, capability, expect) in [
            ("eu-cards.v2", Some("PROCESS_PAYMENT"), vec![]),
            ("9", Some("*"), vec![]),
            ("a", Some("PROCESS_*"), vec![]),
            ("", Some(""), vec!["$.name", "$.capability"]),
            ("pol_1", Some("P*T"), vec!["$.name", "$.capability"]),
            ("a/b", Some("process"), vec!["$.name", "$.capability"]),
        ] {
            let found = problems(&policy(name, capability, rules.clone()));
            let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
            assert_eq!(paths, expect, "{name:?} {capability:?}");
        }
        assert_eq!(problems(&policy("a", None, json!([]))).len(), 1);
    }

    #[test]
    fn the_closest_pattern_fits_most() {
        let fit = |pattern: &str| policy("a", Some(pattern), json!([])).fit("PROCESS_PAYMENT");
        assert!(
            fit("PROCESS_PAYMENT") > fit("PROCESS_PAY*") && fit("PROCESS_PAY*") > fit("P*") && fit("P*") > fit("*")
        );
        assert_eq!((fit("*"), fit("REFUND*"), fit("PROCESS")), (Some(0), None, None));
        assert_eq!(policy("a", None, json!([])).fit("PROCESS_PAYMENT"), None);
    }

    #[test]
    fn what_a_policy_names_is_found_with_its_place() {
        let rules = json!([
            { "when": "true", "then": { "priority": [A] } },
            { "then": { "split": { "weights": [{ "integration": B, "weight": 1 }] } } },
        ]);
        let named: Vec<String> =
            policy("a", None, rules).integrations().map(|(path, id)| format!("{path} {id}")).collect();
        assert_eq!(
            named,
            [format!("$.rules[0].then.priority[0] {A}"), format!("$.rules[1].then.split.weights[0].integration {B}")]
        );
    }
}
