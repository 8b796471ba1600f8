//! What counts as a difference, and what does not.

use gatehouse_domain::execution::Fault;
use gatehouse_domain::guest::{GuestError, GuestErrorKind};

use super::*;

fn request(method: &str, url: &str, body: Body) -> Asked {
    Asked {
        method: method.to_owned(),
        url: url.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body,
        auth: None,
        idempotency_key: None,
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn made(requests: &[(Asked, Option<usize>)]) -> Performed {
    let requests = requests.iter().map(|(request, place)| Made { request: request.clone(), place: *place });
    Performed { requests: requests.collect(), answer: Answered::Ok { result: Value::Null } }
}

fn paths(before: &Performed, after: &Performed) -> Vec<String> {
    compare(before, after).into_iter().map(|one| format!("{}: {}", one.path, one.message)).collect()
}

/// The differences of a call with one request.
fn check(before: Asked, after: Asked, expect: &[&str]) {
    let found = paths(&made(&[(before.clone(), Some(0))]), &made(&[(after.clone(), Some(0))]));
    assert_eq!(found, expect, "{before:?} {after:?}");
}

#[test]
fn bodies_are_compared_by_what_they_say() {
    let post = |body| request("POST", "/a", body);
    let json = |text: &str| post(Body::Json(text.to_owned()));
    check(json(r#"{"a":1,"b":2}"#), json(r#"{ "b": 2, "a": 1 }"#), &[]);
    check(json(r#"{"a":1}"#), json(r#"{"a":2}"#), &["requests[0].body.a: is something else"]);
    check(json(r#"{"a":null}"#), json("{}"), &["requests[0].body.a: is left out"]);
    check(json("{"), json("{"), &[]);
    check(json("{"), json("}"), &["requests[0].body: is something else"]);
    let form = |all: &[(&str, &str)]| post(Body::Form(pairs(all)));
    check(form(&[("a", "1"), ("b", "2")]), form(&[("b", "2"), ("a", "1")]), &[]);
    check(
        form(&[("a", "1"), ("a", "2")]),
        form(&[("a", "2"), ("a", "1")]),
        &["requests[0].body.a[0]: is something else", "requests[0].body.a[1]: is something else"],
    );
    check(form(&[("a", "1")]), form(&[("a", "1"), ("c", "3")]), &["requests[0].body.c: was not there before"]);
    let bytes = |kind: &str, text: &str| {
        let body = Body::Bytes(Content::Text(text.to_owned()));
        Asked { headers: pairs(&[("Content-Type", kind)]), ..post(body) }
    };
    check(bytes("application/json", r#"{"a":1, "b":2}"#), bytes("application/json", r#"{"b":2,"a":1}"#), &[]);
    check(
        bytes("application/x-www-form-urlencoded", "a=1&b=2"),
        bytes("application/x-www-form-urlencoded", "b=2&a=1"),
        &[],
    );
    check(bytes("text/plain", "a=1&b=2"), bytes("text/plain", "b=2&a=1"), &["requests[0].body: is something else"]);
    check(post(Body::Empty), json("{}"), &["requests[0].body: is something else"]);
}

#[test]
fn queries_headers_and_schemes_are_compared() {
    let get = |url: &str| request("GET", url, Body::Empty);
    check(get("/a?x=1&y=2"), Asked { query: pairs(&[("y", "2"), ("x", "1")]), ..get("/a") }, &[]);
    check(get("/a?x=1"), get("/a?x=2"), &["requests[0].query.x: is something else"]);
    let with = |all: &[(&str, &str)]| Asked { headers: pairs(all), ..get("/a") };
    check(with(&[("Accept", "a"), ("user-agent", "one")]), with(&[("accept", "a"), ("User-Agent", "two")]), &[]);
    check(with(&[("version", "1")]), with(&[("version", "2")]), &["requests[0].headers.version: is something else"]);
    let auth = |name: &str| Asked { auth: Some(name.to_owned()), ..get("/a") };
    check(auth("basic"), auth("bearer"), &["requests[0].auth: is something else"]);
    let key = |name: &str| Asked { idempotency_key: Some(name.to_owned()), ..get("/a") };
    check(key("one"), key("two"), &["requests[0].idempotency_key: is something else"]);
}

#[test]
fn requests_are_paired_by_the_answer_that_they_got() {
    let get = |url: &str| request("GET", url, Body::Empty);
    let (a, b) = (get("/a"), get("/b"));
    let both = made(&[(a.clone(), Some(0)), (b.clone(), Some(1))]);
    assert!(paths(&both, &both).is_empty());
    let less = made(&[(a.clone(), Some(0))]);
    assert_eq!(paths(&both, &less), ["requests: lacks a request that was made"]);
    assert_eq!(paths(&less, &both), ["requests[1]: is a request that was not made before"]);
    let turned = made(&[(b.clone(), Some(1)), (a.clone(), Some(0))]);
    assert_eq!(paths(&both, &turned), ["requests[1]: is made later than it was, after others"]);
    let again = made(&[(a.clone(), Some(0)), (a.clone(), Some(0))]);
    assert_eq!(paths(&less, &again), ["requests[1]: is a request that was not made before"]);
    let unanswered = made(&[(get("/c"), None)]);
    assert!(paths(&unanswered, &unanswered).is_empty(), "both versions ask for what is not recorded");
}

#[test]
fn answers_are_compared_by_their_kind_first() {
    let ok = |result: Value| Performed { requests: Vec::new(), answer: Answered::Ok { result } };
    let refused = |kind, message: &str| {
        let error = GuestError {
            kind,
            message: message.to_owned(),
            provider_code: None,
            http_status: None,
            retry_after_ms: None,
        };
        Performed { requests: Vec::new(), answer: Answered::Refused { error } }
    };
    let fault = |message: &str| {
        let fault = Fault::Trap { message: message.to_owned(), backtrace: Vec::new() };
        Performed { requests: Vec::new(), answer: Answered::Fault { fault } }
    };
    let check = |before: Performed, after: Performed, expect: Option<(Verdict, &str)>| {
        let found = compare(&before, &after);
        let found = found.first().map(|one| (one.verdict, one.path.as_str()));
        assert_eq!(found, expect);
    };
    let declined = || refused(GuestErrorKind::Declined, "no");
    check(ok(json!({ "id": 1 })), ok(json!({ "id": 1, "fee": null })), None);
    check(ok(json!({ "id": 1 })), ok(json!({ "id": 1, "fee": 3 })), Some((Verdict::Added, "result.fee")));
    check(ok(json!({ "id": 1 })), ok(json!({ "id": 2 })), Some((Verdict::Changed, "result.id")));
    check(ok(json!({})), declined(), Some((Verdict::Changed, "answer")));
    check(ok(json!({})), fault("a"), Some((Verdict::Failed, "answer")));
    check(declined(), declined(), None);
    check(declined(), refused(GuestErrorKind::Provider, "no"), Some((Verdict::Changed, "error.kind")));
    check(declined(), fault("a"), Some((Verdict::Failed, "answer")));
    check(fault("a"), fault("b"), None);
    check(fault("a"), ok(json!({})), Some((Verdict::Changed, "answer")));
}
