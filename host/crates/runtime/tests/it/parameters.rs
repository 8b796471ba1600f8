//! JSON in and out: every wrong place is named, every right value arrives unchanged.

use gatehouse_domain::error::ErrorKind;
use gatehouse_domain::guest::GuestErrorKind;
use gatehouse_runtime::{Answer, Report, Target};
use serde_json::{Value, json};

use crate::guest::{Script, call, shared};

async fn run(code: &str, parameters: &Value) -> Report {
    let (runtime, plugin) = shared().await;
    let parameters = plugin.parse(code, parameters).unwrap();
    runtime.call(plugin, Target::Capability(parameters), call(Script::ok(""))).await
}

fn everything() -> Value {
    json!({
        "truth": true, "tiny": 255, "small": -32768, "large": u64::MAX, "signed_large": i64::MIN,
        "half": 1.5, "whole": -0.1, "letter": "ü", "text": "naïve \u{1F600}", "data": "AAEC/w==",
        "numbers": [1, -2, 3], "pair": ["a", 7], "colour": "dark_green", "rights": ["can_read", "can_write"],
        "choice": { "kind": "some_number", "value": 5 }, "outcome": { "ok": 3 }, "done": { "ok": null },
        "amount": { "minor_units": -1999, "currency": "EUR" }, "note": "n",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut whole = everything();
    whole[field] = value;
    whole
}

#[tokio::test]
async fn every_value_comes_back_as_it_went_in() {
    let mut without = everything();
    without.as_object_mut().unwrap().retain(|name, _| name != "note" && name != "amount");
    for value in [
        everything(),
        without,
        with("rights", json!([])),
        with("data", json!("")),
        with("letter", json!("\u{0}")),
        with("choice", json!({ "kind": "nothing" })),
        with("choice", json!({ "kind": "maybe_text", "value": null })),
        with("choice", json!({ "kind": "maybe_text", "value": "x" })),
        with("outcome", json!({ "error": "no" })),
        with("done", json!({ "error": "no" })),
        with("numbers", json!([])),
    ] {
        assert_eq!(run("ECHO_EVERYTHING", &value).await.outcome, Answer::Ok(value));
    }
}

#[tokio::test]
async fn what_is_equal_is_written_one_way() {
    for (given, expect) in [
        (with("note", Value::Null), {
            let mut value = everything();
            value.as_object_mut().unwrap().remove("note");
            value
        }),
        (with("tiny", json!(2.0)), with("tiny", json!(2))),
        (with("rights", json!(["can_write", "can_read"])), everything()),
    ] {
        assert_eq!(run("ECHO_EVERYTHING", &given).await.outcome, Answer::Ok(expect));
    }
}

#[tokio::test]
async fn every_wrong_place_is_named() {
    let (_, plugin) = shared().await;
    for (given, path, expect) in [
        (with("truth", json!(1)), "$.truth", "must be true or false, and is 1"),
        (with("tiny", json!(256)), "$.tiny", "256 is out of range: give an integer from 0 to 255"),
        (with("tiny", json!(-1)), "$.tiny", "-1 is out of range"),
        (with("tiny", json!(1.5)), "$.tiny", "must be an integer, and is 1.5"),
        (with("tiny", json!("1")), "$.tiny", "must be an integer, and is \"1\""),
        (with("large", json!(-1)), "$.large", "from 0 to 18446744073709551615"),
        (with("signed_large", json!(u64::MAX)), "$.signed_large", "from -9223372036854775808 to 9223372036854775807"),
        (with("half", json!(1e39)), "$.half", "out of range for a 32-bit float"),
        (with("whole", json!("x")), "$.whole", "must be a number"),
        (with("letter", json!("")), "$.letter", "exactly one character"),
        (with("letter", json!("ab")), "$.letter", "exactly one character"),
        (with("text", json!(null)), "$.text", "must be a string, and is null"),
        (with("data", json!("####")), "$.data", "is not base64"),
        (with("data", json!("AAE")), "$.data", "is not base64"),
        (with("numbers", json!([1, "2", 3])), "$.numbers[1]", "must be an integer"),
        (with("pair", json!(["a"])), "$.pair", "an array of exactly 2"),
        (with("pair", json!(["a", -1])), "$.pair[1]", "out of range"),
        (with("colour", json!("dark-green")), "$.colour", "must be one of red, dark_green"),
        (with("rights", json!(["fly"])), "$.rights[0]", "must be one of can_read, can_write"),
        (with("rights", json!(["can_read", "can_read"])), "$.rights[1]", "is given twice"),
        (
            with("choice", json!({ "kind": "other" })),
            "$.choice.kind",
            "must be one of nothing, some_number, maybe_text",
        ),
        (with("choice", json!({ "kind": "nothing", "value": 1 })), "$.choice.value", "is unknown: use kind"),
        (with("choice", json!({ "kind": "some_number" })), "$.choice.value", "is missing"),
        (with("choice", json!("nothing")), "$.choice", "must be an object with `kind`"),
        (with("outcome", json!({ "ok": 1, "error": "x" })), "$.outcome", "either `ok` or `error`"),
        (with("outcome", json!({ "ok": "x" })), "$.outcome.ok", "must be an integer"),
        (with("done", json!({ "ok": 1 })), "$.done.ok", "must be null"),
        (with("amount", json!({ "minor_units": 1 })), "$.amount.currency", "is missing"),
        (
            with("amount", json!({ "minor_units": 1, "currency": "EUR", "curency": 1 })),
            "$.amount.curency",
            "is unknown: use minor_units, currency",
        ),
        (with("odd name", json!(1)), "$[\"odd name\"]", "is unknown"),
        (json!([]), "$", "must be an object, and is an array of 0"),
    ] {
        let error = plugin.parse("ECHO_EVERYTHING", &given).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        let [problem] = error.problems.as_slice() else { panic!("{given}: {error}") };
        assert_eq!(problem.path, path, "{error}");
        assert!(problem.message.contains(expect), "{error}");
    }
}

#[tokio::test]
async fn all_wrong_places_are_named_at_once() {
    let (_, plugin) = shared().await;
    let error = plugin.parse("MISBEHAVE", &json!({ "behaviour": "nap", "count": -1, "extra": 1 })).unwrap_err();
    let paths: Vec<&str> = error.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["$.extra", "$.behaviour", "$.count"]);
    let many = json!({ "numbers": vec!["x"; 500] });
    assert_eq!(plugin.parse("ECHO_EVERYTHING", &many).unwrap_err().problems.len(), 100);
    assert_eq!(plugin.parse("NO_SUCH", &json!({})).unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn parameters_that_are_no_record_are_named() {
    assert_eq!(run("ADD_NUMBERS", &json!({ "first_number": 2 })).await.outcome, Answer::Ok(json!(2)));
    let report = run("ADD_NUMBERS", &json!({ "first_number": u32::MAX, "second_number": 1 })).await;
    let Answer::Refused(error) = report.outcome else { panic!("{report:?}") };
    assert_eq!((error.kind, error.message.as_str()), (GuestErrorKind::Declined, "the sum is too large"));
    assert_eq!(run("DO_NOTHING", &json!({})).await.outcome, Answer::Ok(Value::Null));
    let (_, plugin) = shared().await;
    let error = plugin.parse("DO_NOTHING", &json!({ "x": 1 })).unwrap_err();
    assert!(error.to_string().contains("nothing is expected here"), "{error}");
}

#[tokio::test]
async fn bytes_come_back_as_base64() {
    let report = run("MANY_BYTES", &json!({ "count": 300_000 })).await;
    let Answer::Ok(Value::String(text)) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(text.len(), 400_000);
    assert!(text.starts_with("BwcH"));
}

#[tokio::test]
async fn parameters_of_one_version_are_not_taken_by_another() {
    let (runtime, plugin) = shared().await;
    let other = crate::guest::packaged(crate::guest::component(), &crate::guest::MANIFEST.replace("1.2.3", "2.0.0"));
    let other = crate::guest::load(runtime, &other).await.unwrap();
    let parameters = plugin.parse("DO_NOTHING", &json!({})).unwrap();
    let report = runtime.call(&other, Target::Capability(parameters), call(Script::ok(""))).await;
    assert!(crate::guest::trap(&report).0.contains("no such capability"), "{report:?}");
}
