//! What mappings make of records, and what of them is refused.

use std::sync::Arc;

use gatehouse_domain::mapping::{RuleSet, Way};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::State;
use super::fit::Schemas;
use super::program::Program;

fn compiled(set: &Value) -> Program {
    let set: RuleSet = serde_json::from_value(set.clone()).unwrap_or_else(|error| panic!("{set}: {error}"));
    Program::compile(&set, &State::default().formulas).unwrap_or_else(|error| panic!("{set:?}: {error:?}"))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// What a mapping makes of a record: `Err` with a part of the message where it fails.
fn check_set(set: &Value, way: Way, record: &Value, expect: Result<Value, &str>) {
    let settings = object(&json!({ "region": "eu" }));
    let program = compiled(set);
    let made = program.run(way, &object(record), &settings);
    let (shown, traces) = program.show(way, &object(record), &settings);
    assert_eq!(shown.as_ref().ok(), made.as_ref().ok(), "a preview shows what a run makes: {set}");
    // A record that is too large as a whole fails at no rule.
    let failed = traces.iter().any(|trace| trace.error.is_some());
    let at_a_rule = made.as_ref().is_err_and(|error| !error.problems.is_empty());
    assert_eq!(failed, at_a_rule, "{set}");
    match (made, expect) {
        (Ok(made), Ok(expect)) => assert_eq!(Value::Object(made), expect, "{set} of {record}"),
        (Err(error), Err(part)) => assert!(error.message.contains(part), "{set} of {record}: {error:?}"),
        (made, _) => panic!("{set} of {record}: {made:?}"),
    }
}

/// One rule from `$.a` to `$.b`, with more of it, on `{ "a": … }` or a record without.
fn check(more: Value, a: Option<Value>, expect: Result<Option<Value>, &str>) {
    let mut rule = object(&json!({ "theirs": "$.a", "ours": "$.b" }));
    rule.extend(object(&more));
    let tables = json!({ "t": { "rows": [
        { "theirs": "x", "ours": "eks" }, { "theirs": 1, "ours": true }, { "theirs": false, "ours": 0 },
    ] } });
    let wrap = |name: &str, value: Option<Value>| {
        Value::Object(value.into_iter().map(|value| (name.to_owned(), value)).collect())
    };
    let set = json!({ "rules": [rule], "tables": tables });
    check_set(&set, Way::In, &wrap("a", a), expect.map(|value| wrap("b", value)));
}

#[test]
fn every_kind_meets_null_nothing_and_the_wrong_type() {
    let direct = json!({});
    let number = json!({ "transform": { "kind": "direct", "convert": "string_to_number" } });
    let lookup = json!({ "transform": { "kind": "lookup", "table": "t" } });
    let formula = json!({ "transform": { "kind": "formula", "formula": "value + '!'" } });
    // The kind, a good value and what becomes of it, a value of the wrong type and what is said then.
    for (kind, good, made, wrong, said) in [
        (&direct, json!({ "any": [1] }), json!({ "any": [1] }), None, ""),
        (&number, json!("12"), json!(12), Some(json!(12)), "string is converted, and a number is there"),
        (&lookup, json!("x"), json!("eks"), Some(json!(["x"])), "no text, number or truth"),
        (&formula, json!("x"), json!("x!"), Some(json!(1)), "the values do not fit the operators"),
    ] {
        let with = |more: Value| {
            let mut rule = object(kind);
            rule.extend(object(&more));
            Value::Object(rule)
        };
        check(kind.clone(), Some(good.clone()), Ok(Some(made.clone())));
        if let Some(wrong) = wrong {
            check(kind.clone(), Some(wrong.clone()), Err(said));
            // What is missing is not what is wrong.
            check(with(json!({ "missing": { "use": 1 } })), Some(wrong), Err(said));
        }
        check(kind.clone(), None, Ok(None));
        check(with(json!({ "missing": "skip" })), None, Ok(None));
        check(with(json!({ "missing": "error" })), None, Err("rule 0 at `$.a`: there is nothing"));
        check(with(json!({ "missing": { "use": [7] } })), None, Ok(Some(json!([7]))));
        check(with(json!({ "missing": { "use": null } })), None, Ok(Some(Value::Null)));
        check(with(json!({ "missing": "error" })), Some(good), Ok(Some(made)));
        let null = Some(Value::Null);
        if kind == &formula {
            check(kind.clone(), null.clone(), Err("the values do not fit the operators"));
        } else {
            check(kind.clone(), null.clone(), Ok(null.clone()));
            check(with(json!({ "missing": "error" })), null.clone(), Ok(null.clone()));
        }
        check(with(json!({ "nulls": "as_missing" })), null.clone(), Ok(None));
        check(with(json!({ "nulls": "as_missing", "missing": "error" })), null.clone(), Err("there is nothing"));
        check(with(json!({ "nulls": "as_missing", "missing": { "use": 7 } })), null, Ok(Some(json!(7))));
    }
}

#[test]
fn tables_answer_for_what_is_in_them() {
    let lookup = |unknown: Value| json!({ "transform": { "kind": "lookup", "table": "t", "unknown": unknown } });
    check(lookup(json!("error")), Some(json!(1)), Ok(Some(json!(true))));
    check(lookup(json!("error")), Some(json!(1.0)), Ok(Some(json!(true))));
    check(lookup(json!("error")), Some(json!(false)), Ok(Some(json!(0))));
    check(lookup(json!("error")), Some(json!("1")), Err("has no row in the table `t`"));
    check(lookup(Value::Null), Some(json!("y")), Err("has no row"));
    check(lookup(json!("skip")), Some(json!("y")), Ok(None));
    check(lookup(json!({ "use": "other" })), Some(json!("y")), Ok(Some(json!("other"))));
}

#[test]
fn formulas_see_the_record_and_the_settings_and_nothing_else() {
    let formula = |text: &str| json!({ "transform": { "kind": "formula", "formula": text } });
    let check = |text: &str, expect: Result<Option<Value>, &str>| check(formula(text), Some(json!({ "n": 2 })), expect);
    check("value.n * 2", Ok(Some(json!(4))));
    check("record.a.n == value.n && settings.region == 'eu'", Ok(Some(json!(true))));
    check(
        "{'list': [value.n, 1.5, null], 'text': string(value.n)}",
        Ok(Some(json!({ "list": [2, 1.5, null], "text": "2" }))),
    );
    check("null", Ok(Some(Value::Null)));
    check("value.none", Err("there is no `none`"));
    check("1 / 0", Err("divides by zero"));
    check("1.0 / 0.0", Err("JSON does not have"));
    check("b'x'", Err("JSON does not have"));
    check("{1: 2}", Err("key that is no text"));
    let constant = json!({ "rules": [{ "ours": "$.b", "transform": { "kind": "constant", "value": { "x": null } } }] });
    check_set(&constant, Way::In, &json!({ "a": 1 }), Ok(json!({ "b": { "x": null } })));
    let alone = json!({ "rules": [{ "ours": "$.b", "transform": { "kind": "formula", "formula": "value == null" } }] });
    check_set(&alone, Way::In, &json!({}), Ok(json!({ "b": true })));
}

#[test]
fn lists_are_gone_through_item_by_item() {
    let set = json!({ "rules": [
        { "theirs": "$.items[*].sku", "ours": "$.lines[*].code", "direction": "both" },
        { "theirs": "$.items[*].count", "ours": "$.lines[*].n", "direction": "both",
          "transform": { "kind": "direct", "convert": "number_to_string" } },
        { "theirs": "$.items[*].tags[*].name", "ours": "$.lines[*].tags[*]", "direction": "both" },
        { "theirs": "$.items[*].count", "ours": "$.doubled[*]",
          "transform": { "kind": "formula", "formula": "value * 2" } },
    ] });
    let theirs = json!({ "items": [
        { "sku": "a", "count": 1, "tags": [{ "name": "x" }, { "name": "y" }] },
        { "count": 2, "tags": [] },
        {},
    ] });
    let ours = json!({ "lines": [{ "code": "a", "n": "1", "tags": ["x", "y"] }, { "n": "2", "tags": [] }, {}] });
    let mut inward = ours.clone();
    inward["doubled"] = json!([2, 4]);
    check_set(&set, Way::In, &theirs, Ok(inward));
    check_set(&set, Way::Out, &ours, Ok(theirs));
    check_set(&set, Way::In, &json!({ "items": [] }), Ok(json!({ "lines": [], "doubled": [] })));
    check_set(&set, Way::In, &json!({}), Ok(json!({})));
    let with = |missing: Value| json!({ "rules": [{ "theirs": "$.items[*].sku", "ours": "$.lines[*].code", "missing": missing }] });
    let used = with(json!({ "use": "none" }));
    check_set(&used, Way::In, &json!({ "items": [{}] }), Ok(json!({ "lines": [{ "code": "none" }] })));
    check_set(&used, Way::In, &json!({ "items": null }), Ok(json!({})));
    check_set(&with(json!("error")), Way::In, &json!({}), Err("there is nothing"));
    check_set(&set, Way::In, &json!({ "items": 1 }), Err("rule 0 at `$.items[*].sku`: items are asked of a number"));
    check_set(&set, Way::In, &json!({ "items": [{ "count": "1" }] }), Err("rule 1"));
}

#[test]
fn what_no_rule_reads_is_dropped_or_kept() {
    let rules = json!([{ "direction": "both", "theirs": "$.a.x", "ours": "$.b" }]);
    let record = json!({ "a": { "x": 1, "y": 2 }, "b": 3, "c": 4 });
    check_set(&json!({ "rules": rules }), Way::In, &record, Ok(json!({ "b": 1 })));
    let keep = json!({ "rules": rules, "unmapped": "keep" });
    check_set(&keep, Way::In, &record, Ok(json!({ "b": 1, "c": 4 })));
    check_set(&keep, Way::Out, &json!({ "b": 1, "c": 4, "a": 0 }), Ok(json!({ "a": { "x": 1 }, "c": 4 })));
    let nothing = json!({ "rules": [], "unmapped": "keep" });
    check_set(&nothing, Way::In, &record, Ok(record.clone()));
    assert!(compiled(&nothing).goes(Way::Out));
    assert!(!compiled(&json!({ "rules": [] })).goes(Way::Out));
}

#[test]
fn costs_are_bounded_and_no_value_is_in_a_message() {
    let copies: Vec<Value> = (0..200).map(|index| json!({ "theirs": "$", "ours": format!("$.copy{index}") })).collect();
    let large = json!({ "text": "x".repeat(20_000) });
    check_set(&json!({ "rules": copies }), Way::In, &large, Err("too large a record"));
    let escaped = json!({ "rules": [{ "theirs": "$.a", "ours": "$.b" }] });
    check_set(&escaped, Way::In, &json!({ "a": "\u{1}".repeat(300_000) }), Err("1048576 are taken"));
    let each: Vec<Value> =
        (0..200).map(|index| json!({ "theirs": "$.list[*]", "ours": format!("$.list{index}[*]") })).collect();
    let list = json!({ "list": vec![0; 1_000] });
    check_set(&json!({ "rules": each }), Way::In, &list, Err("too many items"));
    let formula = json!({ "kind": "formula", "formula": "record.list.exists(x, x == 7)" });
    let costly = json!({ "rules": [{ "theirs": "$.list[*]", "ours": "$.found[*]", "transform": formula }] });
    check_set(&costly, Way::In, &list, Err("too large for it"));
    let shorter = json!({ "list": vec![0; 300] });
    check_set(&costly, Way::In, &shorter, Err("too large for the formulas"));
    let secret = json!({ "a": "sk_live_secret" });
    for transform in [
        json!({ "kind": "direct", "convert": "string_to_number" }),
        json!({ "kind": "direct", "convert": { "date": { "from": "rfc3339", "to": "date" } } }),
        json!({ "kind": "lookup", "table": "t" }),
        json!({ "kind": "formula", "formula": "int(value)" }),
        json!({ "kind": "formula", "formula": "value - 1" }),
        json!({ "kind": "formula", "formula": "value.x" }),
    ] {
        let rule = json!({ "theirs": "$.a", "ours": "$.b", "transform": transform });
        let program = compiled(&json!({ "rules": [rule], "tables": { "t": { "rows": [] } } }));
        let error = program.run(Way::In, &object(&secret), &Map::new()).unwrap_err();
        assert!(!format!("{error:?}").contains("sk_live"), "{error:?}");
    }
}

/// The places of what does not fit the schemas of the way in.
fn misfits(rules: Value, expect: &[&str]) {
    let theirs = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "id": { "type": "integer" },
            "name": { "type": ["string", "null"] },
            "lines": { "type": "array", "items": { "type": "object", "properties": { "sku": { "type": "string" } } } },
        },
    });
    let ours = json!({
        "type": "object",
        "properties": {
            "key": { "type": "string" },
            "label": { "type": "string" },
            "count": { "type": "integer" },
            "codes": { "type": "array", "items": { "type": "string" } },
            "on": { "type": "boolean" },
        },
        "required": ["key"],
    });
    let tables = json!({ "t": { "rows": [{ "theirs": 1, "ours": "one" }] } });
    let schemas = Schemas { source: Some(Arc::new(theirs)), target: Some(Arc::new(ours)) };
    let found = compiled(&json!({ "rules": rules, "tables": tables })).misfits(Way::In, &schemas);
    let mut places: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, expect, "{rules}: {found:?}");
}

#[test]
fn both_schemas_are_asked() {
    let key =
        json!({ "theirs": "$.id", "ours": "$.key", "transform": { "kind": "direct", "convert": "number_to_string" } });
    let with = |rule: Value| json!([key, rule]);
    let formula = |formula: &str, ours: &str| {
        with(json!({ "theirs": "$.name", "ours": ours, "transform": { "kind": "formula", "formula": formula } }))
    };
    misfits(json!([key]), &[]);
    misfits(json!([]), &[]);
    misfits(with(json!({ "theirs": "$.name", "ours": "$.label" })), &[]);
    misfits(json!([{ "theirs": "$.name", "ours": "$.label" }]), &["$.rules"]);
    misfits(json!([{ "theirs": "$.id", "ours": "$.key" }]), &["$.rules[0].ours"]);
    misfits(with(json!({ "theirs": "$.nam", "ours": "$.labl" })), &["$.rules[1].ours", "$.rules[1].theirs"]);
    misfits(with(json!({ "theirs": "$.lines[*].sku", "ours": "$.codes[*]" })), &[]);
    misfits(with(json!({ "theirs": "$.lines", "ours": "$.codes" })), &[]);
    misfits(with(json!({ "theirs": "$.lines[*]", "ours": "$.codes[*]" })), &["$.rules[1].ours"]);
    misfits(with(json!({ "theirs": "$.name", "ours": "$.count" })), &["$.rules[1].ours"]);
    let number = json!({ "kind": "direct", "convert": "string_to_number" });
    misfits(with(json!({ "theirs": "$.name", "ours": "$.count", "transform": number })), &[]);
    misfits(with(json!({ "theirs": "$.lines", "ours": "$.count", "transform": number })), &["$.rules[1].theirs"]);
    let lookup = json!({ "kind": "lookup", "table": "t" });
    misfits(with(json!({ "theirs": "$.id", "ours": "$.label", "transform": lookup })), &[]);
    misfits(with(json!({ "theirs": "$.id", "ours": "$.count", "transform": lookup })), &["$.rules[1].ours"]);
    misfits(with(json!({ "theirs": "$.lines", "ours": "$.label", "transform": lookup })), &["$.rules[1].theirs"]);
    let constant = |value: Value| with(json!({ "ours": "$.on", "transform": { "kind": "constant", "value": value } }));
    misfits(constant(json!(true)), &[]);
    misfits(constant(json!("true")), &["$.rules[1].ours"]);
    misfits(constant(Value::Null), &["$.rules[1].ours"]);
    misfits(with(json!({ "theirs": "$.name", "ours": "$.label", "missing": { "use": 1 } })), &["$.rules[1].missing"]);
    misfits(formula("value + '!'", "$.label"), &[]);
    misfits(formula("size(value)", "$.count"), &[]);
    misfits(formula("size(value)", "$.label"), &["$.rules[1].ours"]);
    misfits(formula("value == 'x'", "$.on"), &[]);
    misfits(formula("value == 'x' ? 1 : 2", "$.on"), &["$.rules[1].ours"]);
    misfits(formula("value == 'x' ? true : 2", "$.on"), &[]);
    misfits(formula("record.id", "$.count"), &[]);
    misfits(formula("record.id", "$.label"), &["$.rules[1].ours"]);
    misfits(formula("record.id + 1", "$.label"), &["$.rules[1].ours"]);
    misfits(formula("record.lines", "$.on"), &["$.rules[1].ours"]);
    misfits(formula("[value]", "$.codes"), &[]);
    misfits(formula("{'a': value}", "$.codes"), &["$.rules[1].ours"]);
    misfits(formula("settings.anything", "$.count"), &[]);
    misfits(formula("record.lines.exists(l, l.sku == 'a')", "$.on"), &[]);
    misfits(formula("value + 1", "$.count"), &["$.rules[1].ours"]);
    misfits(formula("has(record.name)", "$.count"), &["$.rules[1].ours"]);
    misfits(formula("dyn(value)", "$.count"), &["$.rules[1].ours"]);
}

#[test]
fn formulas_that_do_not_compile_are_told_with_everything_else() {
    let set: RuleSet = serde_json::from_value(json!({ "rules": [
        { "ours": "$.a", "transform": { "kind": "formula", "formula": "value +" } },
        { "ours": "$.b", "transform": { "kind": "formula", "formula": "parameters.x" } },
        { "ours": "$.c", "transform": { "kind": "formula", "formula": "record.map(x, x)" } },
        { "theirs": "x", "ours": "$.c" },
    ] }))
    .unwrap();
    let error = Program::compile(&set, &State::default().formulas).err().unwrap();
    let mut places: Vec<&str> = error.problems.iter().map(|problem| problem.path.as_str()).collect();
    places.sort_unstable();
    let formula = |index: usize| format!("$.rules[{index}].transform.formula");
    assert_eq!(places, [&formula(0), &formula(1), &formula(2), "$.rules[3].ours", "$.rules[3].theirs"]);
    assert!(error.problems.iter().any(|problem| problem.message.contains("use record, value, settings")), "{error:?}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-c]", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

fn any_path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        4 => "[a-c]".prop_map(|name| format!(".{name}")),
        1 => (0..3usize).prop_map(|index| format!("[{index}]")),
        2 => Just("[*]".to_owned()),
    ];
    prop::collection::vec(step, 0..4).prop_map(|steps| format!("${}", steps.concat()))
}

fn any_rule() -> impl Strategy<Value = Value> {
    let transform = prop_oneof![
        3 => Just(json!({ "kind": "direct" })),
        1 => Just(json!({ "kind": "direct", "convert": "number_to_string" })),
        1 => Just(json!({ "kind": "direct", "convert": { "date": { "from": "unix_millis", "to": "%d.%m.%Y" } } })),
        1 => Just(json!({ "kind": "lookup", "table": "t", "unknown": "skip" })),
        1 => "[-+*/0-9.() a-cvalueqrecord]{0,12}".prop_map(|formula| json!({ "kind": "formula", "formula": formula })),
        1 => Just(json!({ "kind": "formula", "formula": "[value, record]" })),
        1 => any_json().prop_map(|value| json!({ "kind": "constant", "value": value })),
    ];
    let word = |words: &'static [&'static str]| prop::sample::select(words).prop_map(Value::from);
    let direction = word(&["in", "out", "both"]);
    let (missing, nulls) = (word(&["skip", "error"]), word(&["keep", "as_missing"]));
    (any_path(), any_path(), transform, direction, missing, nulls).prop_map(
        |(theirs, ours, transform, direction, missing, nulls)| {
            json!({ "theirs": theirs, "ours": ours, "transform": transform, "direction": direction,
                    "missing": missing, "nulls": nulls })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the rules and the record are: an error or a record, and a preview says the same.
    #[test]
    fn nothing_panics(rules in prop::collection::vec(any_rule(), 0..4), record in any_json(), keep in any::<bool>()) {
        let tables = json!({ "t": { "rows": [{ "theirs": "a", "ours": 1 }] } });
        let unmapped = if keep { "keep" } else { "drop" };
        let set = json!({ "rules": rules, "tables": tables, "unmapped": unmapped });
        let set: RuleSet = serde_json::from_value(set).unwrap();
        let Ok(program) = Program::compile(&set, &State::default().formulas) else { return Ok(()) };
        let record = record.as_object().cloned().unwrap_or_default();
        for way in Way::BOTH {
            let schemas = Schemas { source: Some(Arc::new(json!({ "properties": { "a": {} } }))), target: None };
            program.misfits(way, &schemas);
            let made = program.run(way, &record, &Map::new());
            let (shown, _) = program.show(way, &record, &Map::new());
            prop_assert_eq!(made.ok(), shown.ok());
        }
    }

    /// What goes out of rules for both ways comes in as it was.
    #[test]
    fn direct_rules_and_tables_can_be_undone(
        name in any::<Option<String>>(), number in any::<i64>(), truth in any::<bool>(), millis in 0i64..4_000_000_000_000,
        country in prop::sample::select(&["DE", "FR", "CH"][..]), skus in prop::collection::vec("[a-z]{1,4}", 0..5),
    ) {
        let convert = |convert: Value| json!({ "kind": "direct", "convert": convert });
        let program = compiled(&json!({
            "rules": [
                { "direction": "both", "theirs": "$.customer.name", "ours": "$.name" },
                { "direction": "both", "theirs": "$.n", "ours": "$.number", "transform": convert(json!("string_to_number")) },
                { "direction": "both", "theirs": "$.t", "ours": "$['is true']", "transform": convert(json!("boolean_to_string")) },
                { "direction": "both", "theirs": "$.at", "ours": "$.times[1]",
                  "transform": convert(json!({ "date": { "from": "unix_millis", "to": "rfc3339" } })) },
                { "direction": "both", "theirs": "$.country", "ours": "$.land", "transform": { "kind": "lookup", "table": "c" } },
                { "direction": "both", "theirs": "$.items[*].sku", "ours": "$.skus[*]" },
            ],
            "tables": { "c": { "rows": [
                { "theirs": "DE", "ours": 1 }, { "theirs": "FR", "ours": 2 }, { "theirs": "CH", "ours": "three" },
            ] } },
        }));
        let items: Vec<Value> = skus.iter().map(|sku| json!({ "sku": sku })).collect();
        let theirs = object(&json!({
            "customer": { "name": name }, "n": number.to_string(), "t": truth, "at": millis, "country": country, "items": items,
        }));
        let ours = program.run(Way::In, &theirs, &Map::new()).unwrap();
        prop_assert_eq!(&ours["number"], &json!(number));
        prop_assert_eq!(program.run(Way::Out, &ours, &Map::new()).unwrap(), theirs);
    }
}
