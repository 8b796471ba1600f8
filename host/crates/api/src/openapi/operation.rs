//! One operation of the document: what a request of a route carries, and what answers it.

use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::responses::Shared;
use super::{headers, places, responses};
use crate::query::Rules;
use crate::table::{Access, Route, Takes};

/// The operation of a route.
pub(super) fn of(route: &Route, generator: &mut SchemaGenerator, shared: &mut Shared) -> Value {
    let mut operation = json!({
        "operationId": id(route),
        "summary": route.says,
        "tags": [tag(route)],
        "parameters": parameters(route),
        "responses": responses::of(route, generator, shared),
        "security": [],
    });
    let Some(fields) = operation.as_object_mut() else { return operation };
    if let Access::Needs(permission) = route.access {
        fields.insert("security".to_owned(), json!([{ "key": [] }]));
        fields.insert("description".to_owned(), json!(format!("Needs the permission `{permission}`.")));
        fields.insert("x-permission".to_owned(), json!(permission));
    }
    if let Some(body) = request_body(route.takes, generator) {
        fields.insert("requestBody".to_owned(), body);
    }
    operation
}

/// The area that a route belongs to: the first word of its path.
pub(super) fn tag(route: &Route) -> &'static str {
    route.path.split('/').nth(1).unwrap_or_default()
}

/// The method and the words of the path: it changes only where the route does.
fn id(route: &Route) -> String {
    let words = route.path.split('/').filter(|word| !word.is_empty());
    let words: Vec<String> =
        words.map(|word| word.replace(['{', '}', '.', '-'], "_").trim_matches('_').to_owned()).collect();
    format!("{}_{}", route.method.as_str().to_ascii_lowercase(), words.join("_"))
}

fn parameters(route: &Route) -> Vec<Value> {
    let rules = Rules::of(route);
    let in_query = route
        .query
        .iter()
        .map(|(name, says)| json!({ "name": name, "in": "query", "description": says, "schema": rules.schema(name) }));
    places::of(route).chain(in_query).chain(headers::of_request(route)).collect()
}

fn request_body(takes: Takes, generator: &mut SchemaGenerator) -> Option<Value> {
    let (media_type, schema) = match takes {
        Takes::Nothing => return None,
        Takes::Json(schema) => ("application/json", json!(schema(generator))),
        // No schema: the bytes are what they are (OpenAPI 3.1 §4.8.14.3).
        Takes::Bytes(media_type) => (media_type, json!({})),
    };
    Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }))
}
