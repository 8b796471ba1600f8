//! Tenants, their keys, roles and permissions.

use axum::http::StatusCode;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::permission::Declared;
use gatehouse_domain::role::Role;
use gatehouse_domain::tenant::Tenant;
use gatehouse_engine::rotation::TenantKeyState;

use super::Access::{Needs, Public};
use super::{PAGED, Route};
use crate::page::{Items, Listing};
use crate::routes::{keys, roles, rotation, tenants};

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    [of_tenants(), of_keys(), of_roles()].into_iter().flatten().collect()
}

fn of_tenants() -> Vec<Route> {
    let (read, write) = (Needs("tenants:read"), Needs("tenants:write"));
    vec![
        Route::post("/tenants", write, "Make a tenant", tenants::create)
            .takes::<tenants::NewTenant>()
            .gives::<Tenant>(StatusCode::CREATED),
        Route::get("/tenants", read, "List tenants, deleted ones among them", tenants::list)
            .query(PAGED)
            .gives::<Listing<Tenant>>(StatusCode::OK),
        Route::get("/tenants/{tenant}", read, "Read a tenant", tenants::get).tagged().gives::<Tenant>(StatusCode::OK),
        Route::put("/tenants/{tenant}", write, "Change a tenant's name and metadata", tenants::update)
            .tagged()
            .takes::<tenants::Change>()
            .gives::<Tenant>(StatusCode::OK),
        Route::post("/tenants/{tenant}/suspend", write, "Refuse the tenant's own keys", tenants::suspend)
            .gives::<Tenant>(StatusCode::OK),
        Route::post("/tenants/{tenant}/resume", write, "Let the tenant's keys work again", tenants::resume)
            .gives::<Tenant>(StatusCode::OK),
        Route::get(
            "/tenants/{tenant}/rotate-key",
            read,
            "Which keys seal the tenant's credentials, and how far the exchange of one has come",
            rotation::tenant_keys,
        )
        .gives::<TenantKeyState>(StatusCode::OK),
        Route::post(
            "/tenants/{tenant}/rotate-key",
            write,
            "Begin to exchange the key that seals the tenant's credentials for a new one",
            rotation::rotate_tenant_key,
        )
        .gives::<TenantKeyState>(StatusCode::ACCEPTED),
        Route::delete(
            "/tenants/{tenant}",
            write,
            "Delete a tenant for good: its credentials become unreadable and its records are erased",
            tenants::delete,
        )
        .tagged()
        .gives::<Tenant>(StatusCode::OK),
    ]
}

fn of_keys() -> Vec<Route> {
    let (read, write) = (Needs("keys:read"), Needs("keys:write"));
    vec![
        Route::post("/keys", write, "Make an API key; its token is shown this once", keys::create)
            .takes::<keys::NewKey>()
            .gives::<keys::Created>(StatusCode::CREATED),
        Route::get("/keys", read, "List API keys", keys::list).query(PAGED).gives::<Listing<ApiKey>>(StatusCode::OK),
        Route::get("/keys/{key}", read, "Read an API key", keys::get).tagged().gives::<ApiKey>(StatusCode::OK),
        Route::post(
            "/keys/{key}/rotate",
            write,
            "Make a successor with the same rights; both keys work for a while",
            keys::rotate,
        )
        .takes::<keys::Rotation>()
        .gives::<keys::Created>(StatusCode::CREATED),
        Route::delete("/keys/{key}", write, "Take an API key back", keys::revoke)
            .tagged()
            .gives::<ApiKey>(StatusCode::OK),
    ]
}

fn of_roles() -> Vec<Route> {
    let (read, write) = (Needs("roles:read"), Needs("roles:write"));
    vec![
        Route::get("/permissions", Public, "List every permission with what it allows", roles::permissions)
            .gives::<Items<Declared>>(StatusCode::OK),
        Route::get("/roles", read, "List the roles that keys can have", roles::list)
            .gives::<Items<Role>>(StatusCode::OK),
        Route::post("/roles", write, "Make a role of the tenant's own", roles::create)
            .takes::<roles::NewRole>()
            .gives::<Role>(StatusCode::CREATED),
        Route::get("/roles/{role}", read, "Read a role", roles::get).tagged().gives::<Role>(StatusCode::OK),
        Route::put("/roles/{role}", write, "Change a role, and what its keys may do from now on", roles::update)
            .tagged()
            .takes::<roles::Change>()
            .gives::<Role>(StatusCode::OK),
        Route::delete("/roles/{role}", write, "Delete a role that no working key has", roles::delete)
            .tagged()
            .gives_nothing(StatusCode::NO_CONTENT),
    ]
}
