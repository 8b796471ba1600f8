//! The provider of records: it lists the same hundred thousand again and again.

use std::collections::HashMap;
use std::process::ExitCode;

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// How many records there are, and on one page: as many as a run asks for by itself.
pub(crate) const COUNT: usize = 100_000;
pub(crate) const PAGE: usize = 100;

/// Serves until the process is ended.
pub(crate) fn serve() -> ExitCode {
    crate::execute::plain::listen(Router::new().route("/items", get(list)))
}

async fn list(Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let limit: usize = query["limit"].parse().unwrap();
    let from: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let until = (from + limit).min(COUNT);
    let items: Vec<Value> = (from..until).map(record).collect();
    let next = (until < COUNT).then(|| until.to_string());
    Json(json!({ "items": items, "complete": next.is_none(), "next": next }))
}

/// A record with as many fields as a contact usually has.
fn record(number: usize) -> Value {
    json!({
        "id": format!("con_{number:08}"),
        "updated_at_ms": 1_772_353_800_000_u64 + number as u64,
        "data": {
            "first_name": "Ada", "last_name": format!("Lovelace {number}"), "email": format!("ada.{number}@example.com"),
            "phone": "+44 20 7946 0000", "company": "Analytical Engines Ltd", "title": "Countess", "owner": "own_1",
            "address": { "street": "12 St James's Square", "city": "London", "zip": "SW1Y 4JH", "country": "GB" },
            "tags": ["customer", "newsletter"], "created_at": "2026-01-01T00:00:00Z", "archived": false,
        },
    })
}
