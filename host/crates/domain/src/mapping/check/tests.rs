//! Mappings that can not be, with the places of what is wrong.

use serde_json::{Value, json};

use super::*;

/// The places of the problems of a mapping with these rules.
fn check(rules: Value, expect: &[&str]) {
    let tables = json!({
        "plain": { "rows": [{ "theirs": "a", "ours": 1 }, { "theirs": "b", "ours": 2 }] },
        "many": { "rows": [{ "theirs": "a", "ours": 1 }, { "theirs": "b", "ours": 1.0 }] },
    });
    let set: RuleSet = serde_json::from_value(json!({ "rules": rules, "tables": tables })).unwrap();
    let problems = set.problems().unwrap();
    let mut places: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, expect, "{rules} {problems:?}");
}

#[test]
fn good_rules_have_no_problems() {
    check(json!([]), &[]);
    check(
        json!([
            { "direction": "both", "theirs": "$.a", "ours": "$.b" },
            { "direction": "both", "theirs": "$.n", "ours": "$.n",
              "transform": { "kind": "direct", "convert": "number_to_string" } },
            { "theirs": "$.items[*].x", "ours": "$.lines[*]", "missing": "error" },
            { "direction": "both", "theirs": "$.c", "ours": "$.c", "transform": { "kind": "lookup", "table": "plain" } },
            { "theirs": "$.d", "ours": "$.d", "transform": { "kind": "lookup", "table": "many", "unknown": "skip" } },
            { "ours": "$.e", "transform": { "kind": "formula", "formula": "1" } },
            { "direction": "out", "theirs": "$.f", "transform": { "kind": "constant", "value": null } },
        ]),
        &[],
    );
}

#[test]
fn what_can_not_be_is_told_with_its_rule() {
    check(json!([{ "theirs": "a", "ours": "$.b" }]), &["$.rules[0].theirs"]);
    check(json!([{ "theirs": "a", "ours": "b" }]), &["$.rules[0].ours", "$.rules[0].theirs"]);
    check(json!([{ "theirs": "$.a" }]), &["$.rules[0].ours"]);
    check(json!([{ "ours": "$.a" }]), &["$.rules[0].theirs"]);
    check(json!([{ "direction": "out", "ours": "$.a" }]), &["$.rules[0].theirs"]);
    check(json!([{ "theirs": "$.a", "ours": "$" }]), &["$.rules[0].ours"]);
    check(json!([{ "theirs": "$", "ours": "$.a" }]), &[]);
    check(json!([{ "direction": "both", "theirs": "$", "ours": "$.a" }]), &["$.rules[0].theirs"]);
    check(json!([{ "theirs": "$.a[*]", "ours": "$.b" }]), &["$.rules[0]"]);
    check(json!([{ "ours": "$.a[*]", "transform": { "kind": "constant", "value": 1 } }]), &["$.rules[0]"]);
    let lookup = |table: &str, direction: &str| {
        json!([{ "direction": direction, "theirs": "$.a", "ours": "$.a",
                 "transform": { "kind": "lookup", "table": table } }])
    };
    check(lookup("none", "in"), &["$.rules[0].transform.table"]);
    check(lookup("many", "in"), &[]);
    check(lookup("many", "out"), &["$.tables.many.rows[1].ours"]);
    check(lookup("many", "both"), &["$.tables.many.rows[1].ours"]);
    let formula = json!({ "kind": "formula", "formula": "1" });
    check(
        json!([{ "direction": "both", "theirs": "$.a", "ours": "$.a", "transform": formula }]),
        &["$.rules[0].direction"],
    );
    let day = json!({ "kind": "direct", "convert": { "date": { "from": "rfc3339", "to": "date" } } });
    check(
        json!([{ "direction": "both", "theirs": "$.a", "ours": "$.a", "transform": day }]),
        &["$.rules[0].transform.convert"],
    );
    check(json!([{ "theirs": "$.a", "ours": "$.a", "transform": day }]), &[]);
    check(
        json!([{ "direction": "both", "theirs": "$.a", "ours": "$.a", "missing": { "use": 1 } }]),
        &["$.rules[0].missing"],
    );
    check(
        json!([{ "theirs": "$.a", "ours": "$.a", "transform": { "kind": "constant", "value": 1 } }]),
        &["$.rules[0].theirs"],
    );
}

#[test]
fn a_place_is_written_by_one_rule() {
    check(json!([{ "theirs": "$.a", "ours": "$.x" }, { "theirs": "$.b", "ours": "$.x.y" }]), &["$.rules[1].ours"]);
    check(json!([{ "theirs": "$.a", "ours": "$.x" }, { "direction": "out", "theirs": "$.b", "ours": "$.x" }]), &[]);
    check(
        json!([{ "direction": "both", "theirs": "$.a", "ours": "$.x" }, { "direction": "out", "theirs": "$.a", "ours": "$.y" }]),
        &["$.rules[1].theirs"],
    );
}

#[test]
fn mappings_are_bounded() {
    let too_large = |set: &RuleSet| set.problems().unwrap_err().problems.first().unwrap().path.clone();
    let rule = |index: usize| {
        serde_json::from_value::<Rule>(json!({ "theirs": "$.a", "ours": format!("$.a{index}") })).unwrap()
    };
    let mut set = RuleSet { rules: (0..200).map(rule).collect(), ..RuleSet::default() };
    assert_eq!(set.problems().unwrap(), []);
    set.rules.push(rule(200));
    assert_eq!(too_large(&set), "$.rules");
    let rows = |count: usize| {
        let row = |index: usize| json!({ "theirs": index, "ours": index });
        json!({ "rows": [], "tables": { "t": { "rows": (0..count).map(row).collect::<Vec<_>>() } } })["tables"].clone()
    };
    set = serde_json::from_value(json!({ "rules": [], "tables": rows(5_000) })).unwrap();
    assert_eq!(set.problems().unwrap(), []);
    set = serde_json::from_value(json!({ "rules": [], "tables": rows(5_001) })).unwrap();
    assert_eq!(too_large(&set), "$.tables");
    let value = "x".repeat(LARGEST_MAPPING);
    set = serde_json::from_value(json!({
        "rules": [{ "ours": "$.a", "transform": { "kind": "constant", "value": value } }],
    }))
    .unwrap();
    assert_eq!(too_large(&set), "$");
}

#[test]
fn unknown_fields_and_words_are_refused() {
    for wrong in [
        json!({ "rules": [{ "theirs": "$.a", "ours": "$.a", "colour": 1 }] }),
        json!({ "rules": [{ "transform": { "kind": "direct", "table": "x" } }] }),
        json!({ "rules": [{ "transform": { "kind": "magic" } }] }),
        json!({ "rules": [{ "transform": { "kind": "constant" } }] }),
        json!({ "rules": [{ "missing": "maybe" }] }),
        json!({ "rules": [], "unmapped": "guess" }),
        json!({}),
    ] {
        assert!(serde_json::from_value::<RuleSet>(wrong.clone()).is_err(), "{wrong}");
    }
}
