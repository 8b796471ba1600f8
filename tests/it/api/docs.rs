//! The API describes itself, and the description is served without reaching outside.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::Server;
use crate::harness::contract::DOCUMENT;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_openapi_document_names_every_permission() {
    let server = Server::start(&[]);
    let document = server.client().get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let execute = &document["paths"]["/api/v1/integrations/{integration}/execute"]["post"];
    assert_eq!(execute["x-permission"], "integrations:execute", "{execute:#}");
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(!answers.contains_key("default"), "{method} {path}: every status is named");
            for status in ["422", "500", "503"] {
                assert!(answers.contains_key(status), "{method} {path} {status}");
            }
            let guarded = !operation["security"].as_array().unwrap().is_empty();
            assert!(!guarded || (answers.contains_key("401") && answers.contains_key("403")), "{method} {path}");
        }
    }
    check_references(&document, &document);
    assert_eq!(document, *DOCUMENT, "the tests hold answers against another document than is served");
}

/// A name with a number at its end depends on which routes stand before it in the table.
#[test]
fn shapes_have_names_of_their_own() {
    for name in DOCUMENT["components"]["schemas"].as_object().unwrap().keys() {
        let numbered = name.ends_with(|last: char| last.is_ascii_digit());
        assert!(!numbered, "two types are named as {name}: give one `#[schemars(rename = \"…\")]`");
    }
}

/// A list is `{items, next}` with `limit` and `cursor`, or `{items}` without either; a feed has a
/// `cursor` that stays.
#[test]
fn lists_are_paged_alike() {
    let mut lists = 0;
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let reference = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = reference.as_str().and_then(|text| text.strip_prefix("#/components/schemas/")) else {
            continue;
        };
        let fields = &DOCUMENT["components"]["schemas"][name]["properties"];
        let has = |name: &str| operation["parameters"].as_array().unwrap().iter().any(|known| known["name"] == name);
        assert_eq!(has("limit"), has("cursor"), "{path}");
        if fields["items"].is_object() {
            let goes_on = fields["next"].is_object() || fields["cursor"].is_object();
            assert_eq!(goes_on, has("limit"), "{path}");
            lists += 1;
        } else {
            assert!(!has("limit"), "{path} is no list");
        }
    }
    assert!(lists > 20, "{lists}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_problem_is_listed_and_no_other_is_documented() {
    let server = Server::start(&[]);
    let listed = server.client().get("/problems").await.expect(200);
    let listed: BTreeSet<&str> =
        listed["items"].as_array().unwrap().iter().map(|kind| kind["type"].as_str().unwrap()).collect();
    let answers = DOCUMENT["components"]["responses"].as_object().unwrap().values();
    let shapes = answers.map(|answer| &answer["content"]["application/problem+json"]["schema"]["allOf"][1]);
    let documented: BTreeSet<&str> = shapes
        .flat_map(|shape| shape["properties"]["type"]["enum"].as_array().unwrap())
        .map(|kind| kind.as_str().unwrap())
        .collect();
    // No route answers that it does not take a method; the table does.
    let beside = BTreeSet::from(["urn:gatehouse:problem:method-not-allowed"]);
    assert_eq!(&documented | &beside, listed);
    let kind = server.client().delete("/problems").await.expect_problem(405, "DELETE")["type"].clone();
    assert!(beside.contains(kind.as_str().unwrap()), "{kind}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_route_reads_is_refused_before_it() {
    let server = Server::start(&[]);
    let operator = server.operator();
    for (path, says) in [
        ("/tenants?limit=0", "is not a number from 1 to 200"),
        ("/tenants?limit=1&limit=2", "?limit"),
        ("/tenants?limt=1", "it has limit, cursor"),
        ("/roles?a%5Bb%5D=1", "it has none"),
    ] {
        operator.get(path).await.expect_problem(422, says);
    }
    operator.get("/tenants/%FF%FE").await.expect_problem(404, "no route");
    let body = br#"{"name":"Acme"}"#.to_vec();
    for (media, status) in [("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("Application/JSON", 201)]
    {
        let answer = operator.post_bytes("/tenants", body.clone(), &[("content-type", media)]).await;
        assert_eq!(answer.status, status, "{media}: {}", answer.body);
    }
    operator.post("/tenants", json!(["Acme"])).await.expect_problem(422, "expected an object");
    // Only a good key hears what is wrong with its request.
    server.client().get("/tenants?limt=1").await.expect_problem(401, "key");
}

/// Every `$ref` must lead somewhere.
fn check_references(document: &serde_json::Value, part: &serde_json::Value) {
    match part {
        serde_json::Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(|value| value.as_str()) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|value| check_references(document, value));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| check_references(document, value)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_interface_is_served_from_the_binary() {
    let server = Server::start(&[]);
    let http = crate::harness::client::http();
    for (path, text) in [("/api/docs/", "swagger-ui"), ("/api/docs/swagger-initializer.js", "/api/v1/openapi.json")] {
        let response = http.get(format!("{}{path}", server.base)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = response.text().await.unwrap();
        assert!(body.contains(text), "{path}: {body}");
        assert!(!body.contains("//cdn") && !body.contains("unpkg"), "{path} reaches outside");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_unknown_paths() {
    let server = Server::start(&[]);
    assert_eq!(server.client().get("/health").await.expect(200)["ok"], true);
    server.client().get("/health/ready").await.expect(200);
    server.client().get("/health/live").await.expect(204);
    server.client().get("/nothing/here").await.expect_problem(404, "/nothing/here");
    server.client().delete("/health").await.expect_problem(405, "DELETE");
    let numbered = server.client().get("/health").await;
    assert!(numbered.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
}
