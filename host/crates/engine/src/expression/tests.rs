//! What expressions give, and what is refused before it could cost anything.

use serde_json::{Value as Json, json};

use super::*;

fn order() -> Json {
    json!({
        "amount": { "currency": "EUR", "minor_units": 250_000 },
        "customer": "cus_1",
        "country": null,
        "lines": [{ "sku": "a", "count": 2 }, { "sku": "b", "count": 0 }],
        "huge": 18_446_744_073_709_551_615u64,
        "rate": 0.5,
    })
}

fn scope(parameters: &Json) -> Scope {
    let entity = gatehouse_domain::link::Entity::new("customer", "cus_9").unwrap();
    Scope::new(parameters, "PROCESS_PAYMENT", Some(&entity), None)
}

fn holds(source: &str, expect: Result<bool, &str>) {
    let found = Expression::compile(source, scope::REQUEST)
        .unwrap_or_else(|error| panic!("{source}: {error}"))
        .holds(&scope(&order()));
    match (&found, expect) {
        (Ok(found), Ok(expect)) => assert_eq!(*found, expect, "{source}"),
        (Err(found), Err(part)) => assert!(found.contains(part), "{source}: {found}"),
        _ => panic!("{source}: {found:?}"),
    }
}

#[test]
fn rules_over_the_request() {
    holds(r#"parameters.amount.currency == "EUR" && parameters.amount.minor_units > 100000"#, Ok(true));
    holds("parameters.amount.minor_units < 100000", Ok(false));
    holds("parameters.huge > 1 && parameters.rate < 1", Ok(true));
    holds(r#"parameters.amount.currency in ["EUR", "CHF"]"#, Ok(true));
    holds(r#"capability.startsWith("PROCESS_") && entity.type == "customer" && entity.id != "x""#, Ok(true));
    holds(r#"purpose == """#, Ok(true));
    holds("has(parameters.customer) && !has(parameters.colour)", Ok(true));
    holds("parameters.country == null", Ok(true));
    holds(r#"parameters.lines.exists(line, line.sku == "b" && line.count == 0)"#, Ok(true));
    holds("parameters.lines.all(line, line.count > 0)", Ok(false));
    holds("parameters.lines.exists_one(line, line.count > 0)", Ok(true));
    holds("size(parameters.lines) == 2 && parameters.lines[0].count == 2", Ok(true));
    holds("parameters.colour == 1", Err("no `colour`"));
    holds("parameters.amount.minor_units", Err("int"));
    holds("parameters.lines[7].count == 1", Err("shorter"));
    holds("parameters.customer > 3", Err("does not take"));
    holds("1 / (parameters.amount.minor_units - 250000) == 1", Err("zero"));
}

#[test]
fn an_error_of_a_run_never_repeats_a_value() {
    for source in ["parameters.customer > 3", "parameters.customer + 3 == 1", "int(parameters.customer) == 1"] {
        let error = Expression::compile(source, scope::REQUEST).unwrap().holds(&scope(&order())).unwrap_err();
        assert!(!error.contains("cus_1"), "{source}: {error}");
    }
}

#[test]
fn keys_are_texts_and_whole_numbers() {
    let check = |source: &str, expect: Result<Option<&str>, &str>| {
        let found = Expression::compile(source, scope::REQUEST).unwrap().key(&scope(&order()));
        match expect {
            Ok(expect) => assert_eq!(found.unwrap().as_deref(), expect, "{source}"),
            Err(part) => assert!(found.unwrap_err().contains(part), "{source}"),
        }
    };
    check("parameters.customer", Ok(Some("cus_1")));
    check("parameters.amount.minor_units", Ok(Some("250000")));
    check("parameters.country", Ok(None));
    check("purpose", Ok(None));
    check("parameters.lines", Err("list"));
    check("parameters.colour", Err("no `colour`"));
}

fn refused(source: &str, part: &str) {
    let error = Expression::compile(source, scope::REQUEST).err().unwrap_or_else(|| panic!("{source} is taken"));
    assert!(error.contains(part), "{source}: {error}");
}

#[test]
fn what_is_not_an_expression_is_refused_with_its_place() {
    refused("", "1 to");
    refused("parameters.amount ==", "line 1, column 2");
    refused("true &&\n colour == 1", "line 2, column 2: there is no `colour`");
    refused("parameters.name.matches('a+')", "no function `matches`");
    refused("timestamp('x') == 1", "no function `timestamp`");
    refused("acme.Message{name: 1} == 1", "not taken");
    refused("'unfinished", "line 1");
}

#[test]
fn hostile_expressions_are_refused_before_they_run() {
    refused(&"x".repeat(LONGEST + 1), "bytes");
    refused(&format!("{}1{}", "(".repeat(400), ")".repeat(400)), "nests");
    refused(&format!("{}1{}", "[".repeat(400), "]".repeat(400)), "nests");
    refused(&format!("{}1", "true?1:".repeat(140)), "nests");
    refused(&format!("1{}", "+1".repeat(490)), "too large");
    refused(&format!("parameters{}", ".a".repeat(490)), "too large");
    refused(&format!("parameters{}", "[0]".repeat(320)), "too large");
    refused(&format!("[{}1].exists(x, x == 1)", "1,".repeat(450)), "too large");
    refused("parameters.lines.map(x, x)", "`map` and `filter`");
    refused("parameters.lines.filter(x, true).size() == 1", "`map` and `filter`");
    let nested = "parameters.lines.all(a, parameters.lines.all(b, parameters.lines.all(c, true)))";
    refused(nested, "within a loop");
    // The names that loops bind end with the loop.
    refused("parameters.lines.all(a, true) && a == 1", "no `a`");
    for source in ["!".repeat(900) + "true", "-".repeat(900) + "1 == 1", "(".repeat(900), "\u{1F980}".repeat(200)] {
        // Refused or harmless, but neither a panic nor a hang.
        Expression::compile(&source, scope::REQUEST).ok();
    }
}

#[test]
fn a_run_that_could_take_too_long_is_refused() {
    let many = json!({ "lines": vec![json!({ "text": "x".repeat(200) }); 2_000] });
    let looping =
        Expression::compile("parameters.lines.all(line, line.text.contains('xxxxxxxy') || true)", scope::REQUEST)
            .unwrap();
    let error = looping.holds(&scope(&many)).unwrap_err();
    assert!(error.contains("too large for it"), "{error}");
    // The same look at a few, and a look without a loop at many, are taken. A side of `||` that
    // fails does not matter where the other is true.
    assert_eq!(looping.holds(&scope(&order())), Ok(true));
    let single = Expression::compile("size(parameters.lines) == 2000", scope::REQUEST).unwrap();
    assert_eq!(single.holds(&scope(&many)), Ok(true));
    let few = json!({ "lines": vec![json!({ "text": "abc" }); 200] });
    assert_eq!(looping.holds(&scope(&few)), Ok(true));
}

#[test]
fn compiled_expressions_are_kept_within_bounds() {
    let kept = Expressions::default();
    let first = kept.get("purpose == 'a'").unwrap();
    assert!(Arc::ptr_eq(&first, &kept.get("purpose == 'a'").unwrap()));
    for number in 0..=KEPT {
        kept.get(&format!("{number} == 1")).unwrap();
    }
    assert!(kept.kept().len() <= KEPT);
}
