//! Providers: what there are gateways to.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use crate::page::Items;
use crate::router::App;

/// A provider.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Provider {
    /// Its code, by which integrations name it.
    code: String,
    /// Its name for people.
    name: String,
    /// Its category.
    category: String,
    /// The plugin that serves it.
    plugin: String,
    /// The codes of its capabilities.
    capabilities: Vec<String>,
}

pub(crate) async fn list(State(app): State<App>) -> Answer<Items<Provider>> {
    let plugins = app.engine.plugins().await?;
    let items = plugins.into_iter().map(|listed| {
        let newest = listed.newest;
        Provider {
            code: newest.manifest.provider,
            name: newest.manifest.name,
            category: newest.manifest.category,
            plugin: newest.plugin.id,
            capabilities: newest.capabilities.into_iter().map(|capability| capability.code).collect(),
        }
    });
    Ok(Json(Items { items: items.collect() }))
}
