//! Every route in one table, and the service made from it.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use gatehouse_domain::audit::AuditEntry;
use gatehouse_domain::capability::Capability;
use gatehouse_domain::event::Event;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::install::Install;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::webhook::Delivery;
use gatehouse_engine::Engine;
use gatehouse_engine::audit::Verified;
use gatehouse_engine::integrations::Tested;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::SwaggerUi;

use crate::page::{Items, Listing};
use crate::routes::{
    audit, events, execute, executions, health, installs, integrations, keys, plugins, providers, tenants, webhooks,
};
use crate::table::Access::{Needs, Public};
use crate::table::{PAGED, Repeats, Route};
use crate::{guard, openapi, problem, request};

/// The largest JSON request, in bytes.
const JSON_BYTES: usize = 1 << 20;

/// What handlers share.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub engine: Engine,
    /// The OpenAPI document, made once from the table.
    pub openapi: Arc<serde_json::Value>,
}

/// Every route, under `/api/v1`.
pub fn table() -> Vec<Route> {
    let mut table = operations();
    table.extend(tenancy());
    table.extend(catalog());
    table.extend(integrations_table());
    table.extend(calls());
    table.extend(told());
    table
}

fn operations() -> Vec<Route> {
    vec![
        Route::get("/health", Public, "What is well and what is not", health::health)
            .gives::<health::Health>(StatusCode::OK),
        Route::get("/health/live", Public, "Whether the process runs", health::live)
            .gives_nothing(StatusCode::NO_CONTENT),
        Route::get("/health/ready", Public, "Whether requests can be served", health::ready)
            .gives::<health::Health>(StatusCode::OK),
        Route::get("/openapi.json", Public, "This document", openapi::document),
    ]
}

fn tenancy() -> Vec<Route> {
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

fn catalog() -> Vec<Route> {
    vec![
        Route::get("/providers", Needs("providers:read"), "List providers", providers::list)
            .gives::<Items<providers::Provider>>(StatusCode::OK),
        Route::post("/plugins", Needs("plugins:write"), "Upload a built plugin", plugins::upload)
            .repeats_without_harm()
            .takes_bytes("application/wasm")
            .gives::<plugins::Plugin>(StatusCode::CREATED),
        Route::get("/plugins/available", Needs("plugins:read"), "List plugins", plugins::list)
            .gives::<Items<plugins::Plugin>>(StatusCode::OK),
        Route::get("/plugins/{plugin}", Needs("plugins:read"), "Read a plugin", plugins::get)
            .gives::<plugins::Plugin>(StatusCode::OK),
        Route::get("/plugins/{plugin}/versions", Needs("plugins:read"), "List versions", plugins::versions)
            .gives::<Items<String>>(StatusCode::OK),
        Route::get(
            "/plugins/{plugin}/permissions",
            Needs("plugins:read"),
            "Read the permission sheet, and the digest to consent with",
            plugins::permissions,
        )
        .query(&[("version", "Which version; the newest where absent.")])
        .gives::<plugins::Permissions>(StatusCode::OK),
        Route::get("/plugins/tenant/list", Needs("plugins:read"), "List the tenant's installs", installs::list)
            .gives::<Items<Install>>(StatusCode::OK),
        Route::get(
            "/plugins/tenant/enabled",
            Needs("plugins:read"),
            "List the tenant's enabled installs",
            installs::enabled,
        )
        .gives::<Items<Install>>(StatusCode::OK),
        Route::post(
            "/plugins/tenant/{plugin}/toggle",
            Needs("plugins:enable"),
            "Enable a plugin with consent to its permission sheet, or disable it",
            installs::toggle,
        )
        .takes::<installs::Toggle>()
        .gives::<Install>(StatusCode::OK),
    ]
}

fn integrations_table() -> Vec<Route> {
    let (read, update) = (Needs("integrations:read"), Needs("integrations:update"));
    vec![
        Route::post(
            "/integrations",
            Needs("integrations:create"),
            "Make an integration; its credentials are sealed and never come back",
            integrations::create,
        )
        .takes::<integrations::NewIntegration>()
        .gives::<integrations::View>(StatusCode::CREATED),
        Route::get("/integrations", read, "List integrations", integrations::list).query(PAGED).gives::<Listing<
            integrations::View,
        >>(
            StatusCode::OK
        ),
        Route::get("/integrations/{integration}", read, "Read an integration", integrations::get)
            .gives::<integrations::View>(StatusCode::OK),
        Route::put("/integrations/{integration}", update, "Change an integration", integrations::update)
            .takes::<integrations::Change>()
            .gives::<integrations::View>(StatusCode::OK),
        Route::delete(
            "/integrations/{integration}",
            Needs("integrations:delete"),
            "Delete an integration and its credentials",
            integrations::delete,
        )
        .gives_nothing(StatusCode::NO_CONTENT),
        Route::post(
            "/integrations/{integration}/test",
            update,
            "Ask the provider whether the credentials work",
            integrations::test,
        )
        .gives::<Tested>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/capabilities",
            read,
            "List what can be executed, with JSON Schemas read from the component",
            integrations::capabilities,
        )
        .gives::<Items<Capability>>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/events",
            Needs("events:read"),
            "List its events",
            events::of_integration,
        )
        .query(PAGED)
        .gives::<Listing<Event>>(StatusCode::OK),
        Route::get(
            "/integrations/{integration}/deliveries",
            Needs("events:read"),
            "List webhook deliveries, quarantined ones among them",
            webhooks::deliveries,
        )
        .query(PAGED)
        .gives::<Listing<Delivery>>(StatusCode::OK),
    ]
}

fn calls() -> Vec<Route> {
    vec![
        Route::post(
            "/integrations/{integration}/execute",
            Needs("integrations:execute"),
            "Call a capability",
            execute::execute,
        )
        .repeats_by_itself()
        .takes::<execute::Ask>()
        .gives::<execute::Executed>(StatusCode::OK),
        Route::get("/executions", Needs("executions:read"), "List executions, newest first", executions::list)
            .query(executions::QUERY)
            .gives::<Listing<Execution>>(StatusCode::OK),
        Route::get("/executions/{execution}", Needs("executions:read"), "Read an execution", executions::get)
            .gives::<Execution>(StatusCode::OK),
        Route::post(
            "/webhooks/{endpoint}",
            Public,
            "Where a provider's webhooks reach us: verified, durable before the answer",
            webhooks::accept,
        )
        .repeats_by_itself()
        .takes_bytes("application/octet-stream")
        .gives::<webhooks::Receipt>(StatusCode::OK),
    ]
}

fn told() -> Vec<Route> {
    vec![
        Route::get("/events", Needs("events:read"), "Read the feed of events, oldest first", events::feed)
            .query(PAGED)
            .gives::<events::Feed>(StatusCode::OK),
        Route::get("/events/{event}", Needs("events:read"), "Read an event", events::get)
            .gives::<Event>(StatusCode::OK),
        Route::get("/audit", Needs("audit:read"), "Read the audit trail, newest first", audit::list)
            .query(PAGED)
            .gives::<Listing<AuditEntry>>(StatusCode::OK),
        Route::get(
            "/audit/verify",
            Needs("audit:read"),
            "Prove that nothing in the audit trail was altered",
            audit::verify,
        )
        .gives::<Verified>(StatusCode::OK),
    ]
}

/// The whole service: the API under `/api/v1`, its documentation under `/api/docs`.
pub fn serve_api(engine: Engine) -> Router {
    let openapi = Arc::new(openapi::of(&table()));
    let app = App { engine, openapi };
    let mut api = Router::new();
    for route in table() {
        let once = route.repeats == Repeats::Answer;
        let needs = guard::Needs { engine: app.engine.clone(), access: route.access, once };
        api = api.route(route.path, route.service.route_layer(from_fn_with_state(needs, guard::check)));
    }
    let docs = SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/v1/openapi.json"));
    Router::new()
        .nest("/api/v1", api.fallback(problem::no_route).method_not_allowed_fallback(problem::no_method))
        .merge(docs)
        .fallback(problem::no_route)
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(request::log))
        .layer(from_fn_with_state(app.engine.clone(), request::number))
        .with_state(app)
}
