//! The marketplace: what is said of plugins, what tenants find in it and think of it, and what their
//! installs are configured with.

use crate::harness::Server;

mod browse;
mod config;
mod listing;
mod reviews;
mod shown;

/// The actions of the operators' own audit trail.
pub(super) async fn audited(server: &Server) -> String {
    server.operator().get("/audit?limit=200").await.expect(200).to_string()
}
