//! What a caller without `payloads:read` sees of an answer: everything but what calls carried.
//! It goes by the names of fields, so that a route which is added later is covered as well.

use axum::Json;
use axum::body::to_bytes;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::{Error, Result};
use serde_json::Value;

use crate::problem::Failure;

/// The fields that hold what a call, a delivery or an event carried, wherever they stand.
pub(crate) const FIELDS: &[&str] = &["parameters", "result", "data", "log", "headers", "body", "payload", "excerpt"];

/// What stands in the place of a value.
pub(crate) const SHOWN: &str = "[redacted]";

/// The largest answer that is redacted, in bytes. No list is longer.
const MOST: usize = 256 << 20;

/// The answer without payloads.
pub(crate) async fn answer(response: Response) -> Response {
    let json = response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == b"application/json");
    if !json {
        return response;
    }
    redacted(response).await.unwrap_or_else(|error| Failure(error).into_response())
}

async fn redacted(response: Response) -> Result<Response> {
    let (mut parts, body) = response.into_parts();
    let unreadable = || Error::internal("an answer can not be read in order to redact it");
    let bytes = to_bytes(body, MOST).await.map_err(|error| unreadable().caused_by(error))?;
    let mut value = serde_json::from_slice(&bytes).map_err(|error| unreadable().caused_by(error))?;
    redact(&mut value);
    parts.headers.remove(CONTENT_LENGTH);
    Ok((parts.status, parts.headers, Json(value)).into_response())
}

/// Replaces what the named fields hold. A list becomes an empty one, and nothing stays nothing.
fn redact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    value if !FIELDS.contains(&name.as_str()) => redact(value),
                    Value::Null => {}
                    Value::Array(items) => items.clear(),
                    value => *value = Value::from(SHOWN),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(mut given: Value, expect: Value) {
        redact(&mut given);
        assert_eq!(given, expect);
    }

    #[test]
    fn payloads_go_and_the_rest_stays() {
        check(
            json!({ "id": "exe_1", "parameters": { "card": "4242" }, "result": null, "log": [{ "message": "4242" }] }),
            json!({ "id": "exe_1", "parameters": "[redacted]", "result": null, "log": [] }),
        );
        check(
            json!({ "items": [{ "data": [1], "kind": "payment.succeeded" }, { "data": "x" }], "next": null }),
            json!({ "items": [{ "data": [], "kind": "payment.succeeded" }, { "data": "[redacted]" }], "next": null }),
        );
        check(
            json!({ "parameters_schema": { "type": "object" } }),
            json!({ "parameters_schema": { "type": "object" } }),
        );
        check(
            json!({ "deep": { "deeper": [{ "body": 7 }] } }),
            json!({ "deep": { "deeper": [{ "body": "[redacted]" }] } }),
        );
        check(json!([{ "headers": [["a", "b"]] }, 1, "data"]), json!([{ "headers": [] }, 1, "data"]));
    }
}
