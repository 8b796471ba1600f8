//! The service, made from the table of all routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use gatehouse_engine::Engine;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::SwaggerUi;

use crate::metrics::HttpMetrics;
use crate::options::Options;
use crate::routes::metrics;
use crate::table::{
    Repeats, Route, batches, calls, cassettes, catalog, connection, integrations, mappings, market, oauth, operations,
    providers, publishers, routing, submissions, subscriptions, sync, tenancy, told, upgrades, versions, webhooks,
};
use crate::{admit, guard, openapi, problem, request};

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
pub fn table(options: &Options) -> Vec<Route> {
    let areas = [
        tenancy::routes,
        providers::routes,
        catalog::routes,
        versions::routes,
        submissions::routes,
        upgrades::routes,
        market::routes,
        market::reviews,
        publishers::routes,
        integrations::routes,
        connection::routes,
        oauth::routes,
        calls::routes,
        cassettes::routes,
        batches::routes,
        routing::routes,
        sync::routes,
        mappings::routes,
        told::routes,
        subscriptions::routes,
        webhooks::routes,
    ];
    let mut table = operations::routes(options);
    table.extend(areas.into_iter().flat_map(|routes| routes()));
    table
}

/// The OpenAPI document of every route.
pub fn openapi(options: &Options) -> serde_json::Value {
    openapi::of(&table(options))
}

/// The whole service: the API under `/api/v1`, its documentation under `/api/docs`.
pub fn serve_api(engine: Engine, options: Options) -> Router {
    let openapi = Arc::new(openapi::of(&table(&options)));
    let watch = request::Watch {
        engine: engine.clone(),
        metrics: HttpMetrics::new(&engine.metrics().registry),
        join: options.join,
    };
    let app = App { engine, openapi };
    let mut api = Router::new();
    for route in table(&options) {
        let once = route.repeats == Repeats::Answer;
        let (access, recalls) = (route.access, route.recalls);
        let needs = guard::Needs { engine: app.engine.clone(), access, recalls, once };
        let admits = from_fn_with_state(admit::Admits::of(&route), admit::check);
        let guarded = from_fn_with_state(needs, guard::check);
        api = api.route(route.path, route.service.route_layer(admits).route_layer(guarded));
    }
    // Scrapers look at the root unless they are told otherwise.
    let access = operations::scrapers(&options);
    let needs = guard::Needs { engine: app.engine.clone(), access, recalls: false, once: false };
    let scrape = get(metrics::scrape).route_layer(from_fn_with_state(needs, guard::check));
    let docs = SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/v1/openapi.json"));
    Router::new()
        .nest("/api/v1", api.fallback(problem::no_route).method_not_allowed_fallback(problem::no_method))
        .route("/metrics", scrape)
        .merge(docs)
        .fallback(problem::no_route)
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(watch, request::watch))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::permission::{ALL, ASKED_WITHIN};

    use super::*;
    use crate::table::Access::{Needs, Public};

    #[test]
    fn routes_ask_for_permissions_that_exist_and_every_permission_is_asked_for() {
        let table = table(&Options::default());
        let asked: Vec<&str> = table
            .iter()
            .filter_map(|route| match route.access {
                Needs(permission) => Some(permission),
                Public => None,
            })
            .collect();
        for name in &asked {
            assert!(ALL.iter().any(|declared| declared.name == *name), "{name} is not declared");
        }
        for declared in ALL {
            let within = ASKED_WITHIN.iter().any(|(name, _)| *name == declared.name);
            assert!(within || asked.contains(&declared.name), "nothing asks for {}", declared.name);
        }
    }
}
