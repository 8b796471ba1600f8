//! The marketplace: what is said of plugins, what tenants find in it and think of it, and what their
//! installs are configured with.

use serde_json::{Value, json};

use crate::harness::{Client, Server};

mod browse;
mod config;
mod listing;
mod reviews;
mod shown;

/// Enables the newest version of a plugin, with the consent that it asks for.
pub(super) async fn enable(tenant: &Client, plugin: &str) -> Value {
    let sheet = tenant.get(&format!("/plugins/{plugin}/permissions")).await.expect(200);
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    tenant.post(&format!("/plugins/tenant/{plugin}/toggle"), toggle).await.expect(200)
}

/// The actions of the operators' own audit trail.
pub(super) async fn audited(server: &Server) -> String {
    server.operator().get("/audit?limit=200").await.expect(200).to_string()
}
