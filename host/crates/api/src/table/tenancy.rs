//! Tenants and their keys.

use axum::http::StatusCode;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::tenant::Tenant;

use super::Access::Needs;
use super::{PAGED, Route};
use crate::page::Listing;
use crate::routes::{keys, tenants};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post("/tenants", Needs("tenants:write"), "Make a tenant", tenants::create)
            .takes::<tenants::NewTenant>()
            .gives::<Tenant>(StatusCode::CREATED),
        Route::get("/tenants", Needs("tenants:read"), "List tenants", tenants::list)
            .query(PAGED)
            .gives::<Listing<Tenant>>(StatusCode::OK),
        Route::get("/tenants/{tenant}", Needs("tenants:read"), "Read a tenant", tenants::get)
            .gives::<Tenant>(StatusCode::OK),
        Route::post("/keys", Needs("keys:write"), "Make an API key; its token is shown this once", keys::create)
            .takes::<keys::NewKey>()
            .gives::<keys::Created>(StatusCode::CREATED),
        Route::get("/keys", Needs("keys:read"), "List API keys", keys::list)
            .query(PAGED)
            .gives::<Listing<ApiKey>>(StatusCode::OK),
        Route::delete("/keys/{key}", Needs("keys:write"), "Take an API key back", keys::revoke)
            .gives::<ApiKey>(StatusCode::OK),
    ]
}
