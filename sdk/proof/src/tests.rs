//! A gateway that is right is proven, and each way of being wrong is found by name.

use std::fs;
use std::path::Path;

use gatehouse_sdk::harness::dispatch::{Answer, Failure};
use gatehouse_sdk::harness::{Gateway, Value};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Error, Result};
use serde_json::json;

use super::{Claims, examine};

const MANIFEST: &str = r#"
id = "acme"
version = "0.1.0"
provider = "acme"
name = "Acme"
description = "Things."
publisher = "tests"
license = "Apache-2.0"
category = "crm"
contract = "0.1.0"

[egress]
base_url = "https://api.acme.example"
allow = [{ host = "api.acme.example", methods = ["GET"], paths = ["/things"] }, { host = "api.acme.example", methods = ["POST"], paths = ["/orders"] }]

[[auth]]
name = "key"
type = "bearer"
secret = "key"

[credentials]
type = "object"

[credentials.properties.key]
type = "string"
writeOnly = true

[capabilities.LIST_THINGS]
effect = "read"

[capabilities.PLACE_ORDER]
effect = "write"
"#;

/// How a gateway treats what it is answered.
trait Manners {
    /// Reads an answer's body as JSON; the status has been looked at.
    fn answer(request: Request) -> Result<Value> {
        let response = request.send()?;
        if !response.is_success() {
            return Err(response.error("acme said no"));
        }
        let body: serde_json::Map<String, Value> = response.json()?;
        Ok(Value::Object(body))
    }
}

struct Good;
impl Manners for Good {}

/// Believes whatever it is told.
struct Credulous;
impl Manners for Credulous {
    fn answer(request: Request) -> Result<Value> {
        Ok(request.send()?.json().unwrap_or_default())
    }
}

/// Calls everything unavailable, so that the host would make a payment twice.
struct Careless;
impl Manners for Careless {
    fn answer(request: Request) -> Result<Value> {
        Good::answer(request).map_err(|_| Error::unavailable("try again"))
    }
}

/// Repeats by itself.
struct Stubborn;
impl Manners for Stubborn {
    fn answer(request: Request) -> Result<Value> {
        (0..9).find_map(|_| Good::answer(request.clone()).ok()).map_or_else(|| Good::answer(request), Ok)
    }
}

struct Acme<M>(std::marker::PhantomData<M>);

impl<M: Manners> Gateway for Acme<M> {
    fn functions() -> Vec<&'static str> {
        vec!["list-things", "place-order"]
    }

    fn call(function: &str, input: &Value) -> Option<Answer> {
        let request = match function {
            "list-things" => {
                let cursor = input.get("cursor").and_then(Value::as_str);
                Request::get("/things").query_some("after", cursor)
            }
            _ => Request::post("/orders").json(input),
        };
        Some(M::answer(request).map_err(Failure::Guest))
    }
}

fn case(root: &Path, name: &str, input: &Value, request: &Value, answer: &Value) {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    let exchange = json!([{ "request": request, "response": { "status": 200, "json": answer } }]);
    for (file, value) in [("input.json", input), ("exchange.json", &exchange), ("output.json", answer)] {
        fs::write(folder.join(file), value.to_string()).unwrap();
    }
}

/// Fixtures that show all there is to show.
fn fixtures() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let page = |cursor: &str, next: &str, items: Value| {
        let (input, query) = if cursor.is_empty() {
            (json!({}), json!([]))
        } else {
            (json!({ "cursor": cursor }), json!([["after", cursor]]))
        };
        let request = json!({ "method": "GET", "path": "/things", "query": query });
        let mut answer = json!({ "items": items });
        if !next.is_empty() {
            answer["next"] = json!(next);
        }
        case(root.path(), &format!("list-things/page{cursor}"), &input, &request, &answer);
    };
    page("", "b", json!([1]));
    page("b", "c", json!([2]));
    page("c", "", json!([]));
    for (name, currency) in [("example", "EUR"), ("yen", "JPY"), ("dinar", "KWD")] {
        let input = json!({ "description": "für Łukasz", "amount": { "minor_units": 5, "currency": currency } });
        let request = json!({ "method": "POST", "path": "/orders", "json": input });
        case(root.path(), &format!("place-order/{name}"), &input, &request, &json!({ "id": "o_1" }));
    }
    root
}

fn claims() -> Claims<'static> {
    Claims { manifest: MANIFEST, exceptions: &[("*/peer", "there is none")], ..Claims::default() }
}

#[track_caller]
fn check<M: Manners>(root: &Path, claims: &Claims<'_>, problem: &str) {
    let problems = examine::<Acme<M>>(root, claims).unwrap_err();
    assert!(problems.iter().any(|line| line.contains(problem)), "no `{problem}` in {problems:#?}");
}

#[test]
fn a_gateway_that_is_right_is_proven() {
    let root = fixtures();
    let (plugin, rows) = examine::<Acme<Good>>(root.path(), &claims()).unwrap();
    let text = |row: &super::Row| [&row.document, &row.trouble, &row.pages, &row.amounts].map(ToString::to_string);
    assert_eq!(plugin, "acme");
    assert_eq!(text(&rows[0]), ["pages", "39 trials", "3 pages, none", "(no amounts, no words)"]);
    assert_eq!(text(&rows[1]), ["pages", "39 trials", "(no pages)", "0 2 3 decimals, unicode"]);
}

#[test]
fn trouble_that_is_not_told_is_found() {
    let root = fixtures();
    check::<Credulous>(root.path(), &claims(), "place-order/example: Unauthorized in place of answer 0: it succeeded");
    check::<Credulous>(root.path(), &claims(), "list-things/page: Truncated in place of answer 0: it succeeded");
    check::<Careless>(root.path(), &claims(), "place-order/yen: Timeout in place of answer 0: ErrorKind::Unavailable");
    check::<Careless>(root.path(), &claims(), "place-order/yen: RateLimitedFor in place of answer 0: ErrorKind::Unav");
    check::<Stubborn>(root.path(), &claims(), "to repeat is the host's");
}

#[test]
fn what_no_fixture_shows_is_named() {
    for (gone, problem) in [
        ("list-things/pageb", "list-things: no fixture shows 1 of 3 pages in a row"),
        ("list-things/pagec", "list-things: no fixture shows an empty page"),
        ("place-order/yen", "place-order: no fixture shows an amount with 0 decimals"),
        ("place-order/dinar", "place-order: no fixture shows an amount with 3 decimals"),
    ] {
        let root = fixtures();
        fs::remove_dir_all(root.path().join(gone)).unwrap();
        check::<Good>(root.path(), &claims(), problem);
    }
}

#[test]
fn a_manifest_that_does_not_tell_the_truth_is_found() {
    let root = fixtures();
    for (from, to, problem) in [
        ("paths = [\"/things\"]", "paths = [\"/others\"]", "GET /things is not allowed"),
        (
            "paths = [\"/things\"]",
            "paths = [\"/things\", \"/all\"]",
            "GET /all of api.acme.example is allowed and never",
        ),
        ("capabilities.LIST_THINGS", "capabilities.LIST_ALL", "no [capabilities.LIST_THINGS]"),
        ("capabilities.LIST_THINGS", "capabilities.LIST_ALL", "[capabilities.LIST_ALL], which is not exported"),
    ] {
        let manifest = MANIFEST.replace(from, to);
        check::<Good>(root.path(), &Claims { manifest: &manifest, ..claims() }, problem);
    }
}

#[test]
fn exceptions_are_needed_and_peers_are_named() {
    let root = fixtures();
    let more = [("*/peer", "there is none"), ("place-order/Timeout", "it never is late")];
    check::<Good>(root.path(), &Claims { exceptions: &more, ..claims() }, "`place-order/Timeout` takes nothing out");
    check::<Good>(root.path(), &Claims { exceptions: &[], ..claims() }, "list-things: no peer is named");
    let named = Claims { peers: &[("*", "acme's own server")], exceptions: &[], ..claims() };
    assert_eq!(examine::<Acme<Good>>(root.path(), &named).unwrap().1[0].peers.to_string(), "acme's own server");
}
