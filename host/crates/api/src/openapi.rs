//! The OpenAPI 3.1 document, made from the table of routes and the types they name.

mod headers;
mod operation;
mod places;
mod redacted;
mod responses;
mod said;

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::problem::Document;
use crate::router::App;
use crate::table::Route;

/// Answers the document.
pub(crate) async fn document(State(app): State<App>) -> Json<Value> {
    Json((*app.openapi).clone())
}

/// The document of a table.
pub(crate) fn of(table: &[Route]) -> Value {
    let mut generator = generator();
    let mut shared = responses::Shared::default();
    let mut paths: Map<String, Value> = Map::new();
    for route in table {
        let path = paths.entry(format!("/api/v1{}", route.path)).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            let operation = operation::of(route, &mut generator, &mut shared);
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    generator.subschema_for::<Document>();
    let mut schemas = generator.take_definitions(true);
    redacted::allow(&mut schemas, &paths);
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Gatehouse",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Integrations on behalf of tenants, each provider behind a sandboxed gateway.",
            "description": said::description(table),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(table),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": shared.take(),
            "parameters": headers::parameters(),
            "headers": headers::headers(),
            "securitySchemes": { "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key's token: a tenant's, or an operator's with `Gatehouse-Tenant` to act for one.",
            } },
        },
    })
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

fn tags(table: &[Route]) -> Vec<Value> {
    let names: BTreeSet<&str> = table.iter().map(|route| operation::tag(route)).collect();
    let tag = |name: &str| match said::tag(name) {
        Some(says) => json!({ "name": name, "description": says }),
        None => json!({ "name": name }),
    };
    names.into_iter().map(tag).collect()
}

/// The schema of a problem document.
fn problem_schema() -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", Document::schema_name()) })
}
