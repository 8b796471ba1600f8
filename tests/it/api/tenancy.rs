//! Tenants, keys and roles: who is let in, and how far.

mod acting;
mod command;
mod gifts;
mod keys;
mod narrow;
mod places;
mod roles;
mod tenants;

use serde_json::Value;

use crate::harness::{Client, Server};

/// A text field of a JSON document.
fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value:#}")).to_owned()
}

/// A client with a key that `maker` makes.
async fn key(server: &Server, maker: &Client, ask: Value) -> Client {
    let made = maker.post("/keys", ask).await.expect(201);
    server.client().with_key(&text(&made, "token"))
}

/// The actions in an audit trail, oldest first.
fn actions(trail: &Value) -> Vec<String> {
    trail["items"].as_array().unwrap().iter().rev().map(|entry| text(entry, "action")).collect()
}
