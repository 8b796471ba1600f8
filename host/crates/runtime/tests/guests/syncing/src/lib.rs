//! A gateway that synchronises records with the provider that tests script. It adds nothing of its own.
#![cfg(target_arch = "wasm32")]

use gatehouse_sdk::http::Request;
use gatehouse_sdk::sync::{Change, Guest, Outcome, Page, RecordData};
use gatehouse_sdk::{Account, Error, ErrorKind, Result, connection, export_gateway};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The gateway.
struct Books;

/// A page as the provider sends it.
#[derive(Deserialize)]
struct Listed {
    items: Vec<Item>,
    next: Option<String>,
    complete: bool,
}

/// A record as the provider sends it.
#[derive(Deserialize)]
struct Item {
    id: String,
    updated_at_ms: Option<u64>,
    #[serde(default)]
    deleted: bool,
    data: Value,
}

/// What is searched for.
#[derive(Serialize)]
struct Search {
    limit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// A change as the provider takes it.
#[derive(Serialize)]
struct Sent {
    reference: String,
    data: Value,
}

impl connection::Guest for Books {
    fn test() -> Result<Account> {
        let response = Request::get("/account").send()?;
        if !response.is_success() {
            return Err(response.error("the books do not open"));
        }
        Ok(Account { id: "books".to_owned(), display_name: None, live: false })
    }
}

impl Guest for Books {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<Page> {
        // Some providers list by a search, which is a `POST`.
        let request = match entity.as_str() {
            "queries" => Request::post("/queries/search").json(&Search { limit: limit.to_string(), cursor }),
            _ => Request::get(format!("/{entity}")).query("limit", limit).query_some("cursor", cursor),
        };
        let response = request.send()?;
        if !response.is_success() {
            return Err(response.error("the books say no"));
        }
        let listed: Listed = response.json()?;
        let records = listed.items.into_iter().map(|item| RecordData {
            id: item.id,
            updated_at_ms: item.updated_at_ms,
            deleted: item.deleted,
            data: item.data.to_string(),
        });
        Ok(Page { records: records.collect(), cursor: listed.next, complete: listed.complete })
    }

    fn push(entity: String, changes: Vec<Change>) -> Result<Vec<Outcome>> {
        let outcome =
            |change: Change| Outcome { reference: change.reference.clone(), status: push_one(&entity, change) };
        Ok(changes.into_iter().map(outcome).collect())
    }
}

fn push_one(entity: &str, change: Change) -> Result<String> {
    let data: Value = serde_json::from_str(&change.data)
        .map_err(|error| Error::invalid_input(format!("the change is no JSON: {error}")))?;
    let sent = Sent { reference: change.reference, data };
    let request = match (&change.id, change.deleted) {
        (Some(id), true) => Request::delete(format!("/{entity}/{id}")),
        (Some(id), false) => Request::put(format!("/{entity}/{id}")).json(&sent),
        (None, _) => Request::post(format!("/{entity}")).json(&sent),
    };
    let response = request.send()?;
    if !response.is_success() {
        return Err(response.error("the books say no"));
    }
    let answer: Value = response.json()?;
    let id = answer.get("id").and_then(Value::as_str).map(str::to_owned);
    id.ok_or_else(|| Error::new(ErrorKind::Provider, "the books gave the record no id"))
}

export_gateway!(Books: connection, sync);
