//! The headers of requests and of answers, described once.

use gatehouse_engine::execute::{LEAST_TIMEOUT_MS, MOST_TIMEOUT_MS};
use serde_json::{Value, json};

use crate::table::{Access, Asks, Repeats, Route};

/// Headers that requests can have, under the names by which operations refer to them.
pub(super) fn parameters() -> Value {
    let header = |name: &str, schema: Value, says: &str| json!({ "name": name, "in": "header", "required": false, "schema": schema, "description": says });
    json!({
        "Correlation": header(
            "X-Correlation-Id",
            json!({ "type": "string", "pattern": "^[ -~]{1,128}$", "examples": ["order-1042"] }),
            "The caller's own id for what it does; it comes back, and stands in the log.",
        ),
        "Tenant": header(
            "Gatehouse-Tenant",
            json!({ "type": "string", "pattern": "^ten_[0-9a-f]{32}$" }),
            "For which tenant an operator's key acts. A tenant's own key can only name its own.",
        ),
        "IdempotencyKey": header(
            "Idempotency-Key",
            json!({ "type": "string", "pattern": "^[!-~]{1,255}$", "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"] }),
            "Sending the request again with the same key gives the first answer again, for 24 hours.",
        ),
        "IfMatch": header(
            "If-Match",
            json!({ "type": "string", "pattern": "^(\\*|\"[!#-~]*\"(, *\"[!#-~]*\")*)$", "examples": ["*"] }),
            "The ETag of the version that is to be changed; refused with 412 where it is another by now.",
        ),
        "Timeout": header(
            "Gatehouse-Timeout-Ms",
            json!({ "type": "integer", "minimum": LEAST_TIMEOUT_MS, "maximum": MOST_TIMEOUT_MS }),
            "How long the caller waits, in milliseconds; as long as a call may take on this server where absent, and never longer.",
        ),
        "Prefer": header(
            "Prefer",
            json!({ "type": "string", "pattern": "^[\\t -~]*$", "examples": ["respond-async"] }),
            "`respond-async` accepts the call and answers at once; with `, wait=10`, after at most that many \
             seconds (30 at the longest). What else is preferred is passed over (RFC 7240).",
        ),
    })
}

/// References to the headers that a route's requests can have.
pub(super) fn of_request(route: &Route) -> Vec<Value> {
    let guarded = route.access != Access::Public;
    let names = [
        ("Correlation", true),
        ("Tenant", guarded),
        ("IdempotencyKey", guarded && route.repeats != Repeats::Harmless),
        ("IfMatch", route.matches),
        ("Timeout", route.timed),
        ("Prefer", route.accepts.is_some()),
    ];
    let named = names.into_iter().filter(|(_, has)| *has);
    named.map(|(name, _)| json!({ "$ref": format!("#/components/parameters/{name}") })).collect()
}

/// Headers that answers can have.
pub(super) fn headers() -> Value {
    let header = |required: bool, schema: Value, says: &str| json!({ "required": required, "schema": schema, "description": says });
    json!({
        "RequestId": header(
            true,
            json!({ "type": "string", "pattern": "^req_[0-9a-f]{32}$" }),
            "The number of the request, in every line of the log.",
        ),
        "Correlation": header(true, json!({ "type": "string" }), "The id that was sent, or the number of the request."),
        "ETag": header(
            true,
            json!({ "type": "string", "pattern": "^\"[0-9a-f]{32}\"$" }),
            "The version of the record, for If-Match.",
        ),
        "Location": header(true, json!({ "type": "string", "minLength": 1 }), "Where to go on."),
        "Applied": header(true, json!({ "type": "string" }), "Which preference counted (RFC 7240)."),
        "RetryAfter": header(
            false,
            json!({ "type": "integer", "minimum": 0 }),
            "How many seconds to wait before asking again.",
        ),
        "Replayed": header(
            false,
            json!({ "type": "string", "enum": ["true"] }),
            "The answer was given before, to a request with the same Idempotency-Key.",
        ),
        "Authenticate": header(true, json!({ "type": "string" }), "The scheme to authenticate with."),
    })
}

/// References to the headers of an answer.
pub(super) fn refer(names: &[(&str, &str)]) -> Value {
    let always = [("x-request-id", "RequestId"), ("x-correlation-id", "Correlation")];
    let all = always.iter().chain(names);
    let entries = all.map(|(name, of)| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{of}") })));
    Value::Object(entries.collect())
}

/// The headers of a route's good answer.
pub(super) fn of_good(route: &Route) -> Vec<(&'static str, &'static str)> {
    let replays = route.repeats == Repeats::Answer && route.access != Access::Public;
    let all = [
        (("ETag", "ETag"), route.tagged),
        (("Idempotent-Replayed", "Replayed"), replays),
        (("Location", "Location"), route.gives.0.is_redirection()),
        (
            ("Retry-After", "RetryAfter"),
            route.asks == Asks::Nothing && route.query.iter().any(|(name, _)| *name == "wait"),
        ),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(names, _)| names).collect()
}
