//! What each way of being wrong against a document is called, and that every published document at
//! hand can be used at all.

use serde_json::{Value, json};

use super::*;
use crate::harness::fixture::{ExpectedRequest, PlayedResponse};

/// The problems of a request and of its answer.
fn problems(description: &Description, exchange: &Value) -> Vec<String> {
    let request: ExpectedRequest = serde_json::from_value(exchange["request"].clone()).unwrap();
    let Some(operation) = description.operation(&request.method, &request.path) else {
        return vec!["no operation".to_owned()];
    };
    let rules = Rules { added_by_host: &["token"], unlisted: &["dialect"], ..Rules::default() };
    let mut problems = judge::request(description, &operation, &request, &rules);
    if let Ok(response) = serde_json::from_value::<PlayedResponse>(exchange["response"].clone()) {
        problems.extend(judge::response(description, &operation, &response));
    }
    problems
}

/// Every text is in the problem of its place, and there are no others.
fn check(description: &Description, exchange: Value, expect: &[&str]) {
    let found = problems(description, &exchange);
    let fits = found.len() == expect.len() && found.iter().zip(expect).all(|(found, text)| found.contains(text));
    assert!(fits, "{exchange:#}\nexpected {expect:?}\nfound    {found:#?}");
}

/// A document of OpenAPI 3.0 with the habits that published ones have.
fn shop() -> Description {
    Description::of(json!({
        "openapi": "3.0.3",
        "paths": {
            "/orders": {
                "parameters": [{"$ref": "#/components/parameters/Shop"}],
                "get": {
                    "parameters": [
                        {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}},
                        {"in": "query", "name": "ids", "style": "form", "explode": false,
                         "schema": {"type": "array", "items": {"type": "integer"}}},
                        {"in": "query", "name": "created", "style": "deepObject",
                         "schema": {"anyOf": [{"type": "object", "properties": {"gte": {"type": "integer"}}}, {"type": "integer"}]}},
                        {"in": "header", "name": "X-Version", "required": true, "schema": {"enum": ["2"]}}
                    ],
                    "responses": {"200": {"content": {"application/json; charset=utf-8": {"schema":
                        {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}}}}}
                },
                "post": {
                    "requestBody": {"required": true, "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}},
                        "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                    "responses": {"2XX": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}}
                }
            },
            "/orders/{id}.json": {"get": {
                "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "string", "pattern": "^o_"}}],
                "responses": {"200": {"description": "fine"}}}},
            "/orders/latest.json": {"get": {"responses": {"200": {"description": "fine"}}}}
        },
        "components": {
            "parameters": {"Shop": {"in": "query", "name": "shop", "schema": {"type": "string"}}},
            "schemas": {
                "Order": {"type": "object", "required": ["total"], "properties": {
                    "total": {"type": "integer", "minimum": 0, "exclusiveMinimum": true},
                    "note": {"type": "string", "nullable": true, "enum": ["a", "b"]},
                    "payer": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/Person"}]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "gift": {"type": "boolean"},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
                    "extra": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "free": {"type": "object"}
                }},
                "Person": {"type": "object", "properties": {"name": {"type": "string"}}}
            }
        }
    }))
    .unwrap()
}

fn get(query: Value) -> Value {
    json!({"request": {"method": "GET", "path": "/orders", "query": query, "headers": {"x-version": "2"}}})
}

fn post(name: &str, body: Value) -> Value {
    json!({"request": {"method": "POST", "path": "/orders", name: body}})
}

#[test]
fn operations_are_found_by_the_nearest_path() {
    let shop = shop();
    let path = |path: &str| json!({"request": {"method": "GET", "path": path}});
    check(&shop, path("/orders/o_1.json"), &[]);
    check(&shop, path("/orders/latest.json"), &[]);
    check(&shop, path("/orders/x%20y.json"), &[".path.id: "]);
    for unknown in ["/orders/o_1", "/orders/.json", "/orders/o_1.json/more", "/"] {
        check(&shop, path(unknown), &["no operation"]);
    }
    check(&shop, json!({"request": {"method": "DELETE", "path": "/orders"}}), &["no operation"]);
}

#[test]
fn queries_and_headers_are_held_to_their_schemas() {
    let shop = shop();
    check(&shop, get(json!([["limit", "7"], ["ids", "1,2"], ["created[gte]", "5"], ["shop", "a"]])), &[]);
    check(&shop, get(json!([["created", "5"]])), &[]);
    check(&shop, get(json!([["limit", "101"]])), &[".query.limit: 101 is greater"]);
    check(&shop, get(json!([["limit", "many"]])), &[".query.limit: \"many\" is not of type"]);
    check(&shop, get(json!([["limit", "1"], ["limit", "2"]])), &[".query.limit: "]);
    check(&shop, get(json!([["ids", "1,x"]])), &[".query.ids/1: \"x\" is not of type"]);
    check(&shop, get(json!([["created[lte]", "5"]])), &[".query.created/lte: is not known"]);
    check(&shop, get(json!([["lmit", "7"]])), &[".query: `lmit` is not known"]);
    check(&shop, get(json!([["dialect", "7"]])), &[]);
    check(&shop, get(json!([["dialects", "7"]])), &[".query: `dialects` is not known"]);
    let headers = |headers: Value| json!({"request": {"method": "GET", "path": "/orders", "headers": headers}});
    check(&shop, headers(json!({})), &[": `X-Version` is missing in its header"]);
    check(&shop, headers(json!({"X-VERSION": "3"})), &[".headers.X-Version: \"3\" is not"]);
    let in_path = json!({"request": {"method": "GET", "path": "/orders?limit=x", "headers": {"x-version": "2"}}});
    check(&shop, in_path, &[".query.limit: "]);
}

#[test]
fn bodies_are_held_to_their_schemas_and_to_the_known_names() {
    let shop = shop();
    let good =
        json!({"total": 1, "note": null, "payer": null, "lines": [{"total": 2}], "extra": {"a": 1}, "free": {"x": 1}});
    check(&shop, post("json", good), &[]);
    check(&shop, post("json", json!({"total": 0})), &[".json/total: 0 is "]);
    check(&shop, post("json", json!({})), &[".json: \"total\" is a required property"]);
    check(&shop, post("json", json!({"total": 1, "note": "c"})), &[".json/note: \"c\" is not one of"]);
    check(&shop, post("json", json!({"total": 1, "nte": "a"})), &[".json/nte: is not known"]);
    check(&shop, post("json", json!({"total": 1, "payer": {"nme": "a"}})), &[".json/payer/nme: is not known"]);
    check(&shop, post("json", json!({"total": 1, "dialect": 7, "payer": {"dialect": "a"}})), &[]);
    check(
        &shop,
        post("json", json!({"total": 1, "lines": [{"total": 2, "x": 1}]})),
        &[".json/lines/0/x: is not known"],
    );
    check(&shop, post("json", json!({"total": 1, "extra": {"a": "b"}})), &[".json/extra/a: \"b\" is not of type"]);
    check(&shop, json!({"request": {"method": "POST", "path": "/orders"}}), &[": a body is needed"]);
    let form = |pairs: Value| post("form", pairs);
    check(
        &shop,
        form(json!([["total", "1"], ["gift", "true"], ["tags[]", "7"], ["tags[]", "b"], ["lines[0][total]", "2"]])),
        &[],
    );
    check(&shop, form(json!([["total", "1"], ["tags[1]", "b"], ["tags[0]", "a"], ["extra[k]", "5"]])), &[]);
    check(&shop, form(json!([["total", "one"]])), &[".form/total: \"one\" is not of type"]);
    check(&shop, form(json!([["total", "1"], ["gift", "yes"]])), &[".form/gift: \"yes\" is not of type"]);
    check(
        &shop,
        form(json!([["total", "1"], ["lines[0][totl]", "2"]])),
        &[".form/lines/0: ", ".form/lines/0/totl: is not known"],
    );
    check(
        &shop,
        json!({"request": {"method": "GET", "path": "/orders/o_1.json", "json": {}}}),
        &[": no body is described"],
    );
}

#[test]
fn answers_are_held_to_their_schemas() {
    let shop = shop();
    let answer = |status: u16, json: Value| {
        let request = json!({"method": "POST", "path": "/orders", "json": {"total": 1}});
        json!({"request": request, "response": {"status": status, "json": json}})
    };
    check(&shop, answer(201, json!({"total": 1, "unknown": "is let through"})), &[]);
    check(&shop, answer(201, json!({"total": "1"})), &[".json/total: \"1\" is not of type"]);
    check(&shop, answer(302, json!({})), &[".status: 302 is not described"]);
    check(&shop, answer(500, json!("whatever")), &[]);
}

#[test]
fn swagger_2_is_understood() {
    let chat = Description::of(json!({
        "swagger": "2.0",
        "paths": {
            "/post": {"post": {
                "consumes": ["application/x-www-form-urlencoded"],
                "parameters": [
                    {"in": "header", "name": "token", "type": "string", "required": true},
                    {"in": "formData", "name": "channel", "type": "string", "required": true},
                    {"in": "formData", "name": "count", "type": "integer", "x-nullable": true}
                ],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Answer"}}}}},
            "/members/{hash}": {"put": {
                "parameters": [
                    {"in": "path", "name": "hash", "type": "string", "required": true},
                    {"in": "query", "name": "fields", "type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
                    {"in": "body", "name": "body", "required": true,
                     "schema": {"type": "object", "properties": {"email": {"type": "string", "required": true}}}}
                ],
                "responses": {"default": {"schema": {"type": "object"}}}}}
        },
        "definitions": {"Answer": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}}
    }))
    .unwrap();
    let post = |form: Value| json!({"request": {"method": "POST", "path": "/post", "form": form}});
    check(&chat, post(json!([["channel", "C1"], ["count", "2"]])), &[]);
    check(&chat, post(json!([["count", "two"]])), &["`channel` is missing", ".form.count: \"two\" is not of type"]);
    check(&chat, post(json!([["channel", "C1"], ["txt", "x"]])), &[".form: `txt` is not known"]);
    let put = |query: Value, json: Value| json!({"request": {"method": "PUT", "path": "/members/ab", "query": query, "json": json}});
    check(&chat, put(json!([["fields", "a,b"]]), json!({"email": "x"})), &[]);
    check(
        &chat,
        put(json!([["fields", "a,c"]]), json!({"mail": "x"})),
        &[".query.fields/1: ", ".json/mail: is not known"],
    );
}

#[test]
fn what_is_no_description_is_refused() {
    for document in [json!({}), json!({"openapi": "4.0"}), json!({"swagger": "1.2"}), json!([])] {
        assert!(Description::of(document).is_err());
    }
    assert!(Description::named("there-is-no-such-file.json").is_none());
}

/// The documents are not part of the repository; without them this test has nothing to look at.
#[test]
fn every_published_document_can_be_used() {
    const FILES: &[&str] = &[
        "docusign.json",
        "freshbooks-thirdparty.json",
        "google-calendar.derived.json",
        "google-gmail.derived.json",
        "hubspot-contacts.json",
        "mailchimp.json",
        "msgraph.derived.json",
        "paypal-orders-v2.json",
        "paypal-payments-v2.json",
        "quickbooks-thirdparty.json",
        "sendgrid-mail.json",
        "slack.json",
        "square.json",
        "stripe-unexpanded.json",
        "twilio.json",
        "xero-acyclic.json",
    ];
    for file in FILES {
        let Some(description) = Description::named(file) else { continue };
        let mut bodies = 0;
        for (path, item) in description.document["paths"].as_object().unwrap() {
            for method in
                ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().filter(|m| item.get(m.to_ascii_lowercase()).is_some())
            {
                let operation = description.operation(method, &path.replace(['{', '}'], "")).unwrap();
                let schemas =
                    ["json", "form"].map(|format| description.body(&operation, format).and_then(|(schema, _)| schema));
                for schema in schemas.into_iter().flatten() {
                    bodies += 1;
                    let problems = description.problems(&schema, &json!(7)).join("\n");
                    assert!(!problems.contains("can not be used"), "{file}: {method} {path}: {problems}");
                }
            }
        }
        assert!(
            bodies > 0 || *file == "slack.json" || *file == "quickbooks-thirdparty.json",
            "{file} has no body at all"
        );
    }
}
