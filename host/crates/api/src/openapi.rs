//! The OpenAPI 3.1 document, made from the table of routes and the types they name.

use axum::Json;
use axum::extract::State;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::problem::Document;
use crate::router::App;
use crate::table::{Access, Repeats, Route, Takes};

/// Answers the document.
pub(crate) async fn document(State(app): State<App>) -> Json<Value> {
    Json((*app.openapi).clone())
}

/// The document of a table.
pub(crate) fn of(table: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in table {
        let path = paths.entry(format!("/api/v1{}", route.path)).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation(route, &mut generator));
        }
    }
    generator.subschema_for::<Document>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gatehouse",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Integrations on behalf of tenants, each provider behind a sandboxed gateway.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.says,
        "tags": [route.path.split('/').nth(1).unwrap_or_default()],
        "parameters": parameters(route),
        "responses": responses(route, generator),
    });
    let Some(fields) = operation.as_object_mut() else { return operation };
    if let Access::Needs(permission) = route.access {
        fields.insert("security".to_owned(), json!([{ "key": [] }]));
        fields.insert("x-permission".to_owned(), json!(permission));
    }
    if let Some(body) = request_body(route.takes, generator) {
        fields.insert("requestBody".to_owned(), body);
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split('/').filter(|word| !word.is_empty());
    let words: Vec<String> =
        words.map(|word| word.replace(['{', '}', '.'], "_").trim_matches('_').to_owned()).collect();
    format!("{}_{}", route.method.as_str().to_ascii_lowercase(), words.join("_"))
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    let in_path =
        in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = route.query.iter().map(
        |(name, says)| json!({ "name": name, "in": "query", "description": says, "schema": { "type": "string" } }),
    );
    let key = (route.repeats != Repeats::Harmless && route.access != Access::Public).then(|| {
        json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "Sending the request again with the same key gives the first answer again, for 24 hours.",
        })
    });
    let timeout = route.timed.then(|| {
        json!({
            "name": "Gatehouse-Timeout-Ms", "in": "header", "schema": { "type": "integer", "minimum": 200 },
            "description": "How long the caller waits, in milliseconds; as long as a call may take where absent.",
        })
    });
    let prefer = route.accepts.is_some().then(|| {
        json!({
            "name": "Prefer", "in": "header", "schema": { "type": "string", "examples": ["respond-async, wait=10"] },
            "description": "`respond-async` accepts the call and answers at once; with `wait`, after at most that many \
                            seconds (30 at the longest). What else is preferred is passed over (RFC 7240).",
        })
    });
    in_path.chain(in_query).chain(key).chain(timeout).chain(prefer).collect()
}

fn request_body(takes: Takes, generator: &mut SchemaGenerator) -> Option<Value> {
    let (media_type, schema) = match takes {
        Takes::Nothing => return None,
        Takes::Json(schema) => ("application/json", json!(schema(generator))),
        Takes::Bytes(media_type) => (media_type, json!({ "type": "string", "format": "binary" })),
    };
    Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }))
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let (status, schema) = route.gives;
    let mut good = json!({ "description": status.canonical_reason().unwrap_or("Done") });
    if let (Some(schema), Some(fields)) = (schema, good.as_object_mut()) {
        fields.insert("content".to_owned(), json!({ "application/json": { "schema": schema(generator) } }));
    }
    let problem = Document::schema_name();
    let problem = json!({
        "description": "A problem document (RFC 9457)",
        "content": { "application/problem+json": { "schema": { "$ref": format!("#/components/schemas/{problem}") } } },
    });
    let mut responses = json!({ status.as_str(): good, "default": problem });
    if let (Some(schema), Some(fields)) = (route.accepts, responses.as_object_mut()) {
        let accepted = json!({
            "description": "Accepted; Location names the record that tells what becomes of it",
            "content": { "application/json": { "schema": schema(generator) } },
        });
        fields.insert("202".to_owned(), accepted);
    }
    responses
}
