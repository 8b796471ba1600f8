//! Providers: what there are gateways to, or will be.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::provider::{Provider, ProviderStatus};
use gatehouse_engine::providers::{NewProvider, ProviderChange, Served};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// A provider as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
pub(crate) struct View {
    #[serde(flatten)]
    provider: Provider,
    /// The plugins that serve it; none where it is only declared.
    plugins: Vec<String>,
    /// The codes of the capabilities that it can be called for.
    capabilities: Vec<String>,
}

/// A provider to declare.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewProvider")]
pub(crate) struct New {
    /// Its code: lower-case letters, digits, `-` and `_`; `connection_code` is another name for it.
    #[serde(alias = "connection_code")]
    code: String,
    /// Its name for people.
    display_name: String,
    /// What it is for.
    #[serde(default)]
    description: Option<String>,
    /// Where its logo is: an https URL.
    #[serde(default)]
    logo_url: Option<String>,
    /// The marketplace category; `other` where absent.
    #[serde(default)]
    category: Option<String>,
    /// How far it can be relied on; `active` where absent.
    #[serde(default)]
    status: Option<ProviderStatus>,
}

/// What to change of a provider; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProviderChange")]
pub(crate) struct Change {
    /// A new name for people.
    #[serde(default)]
    display_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    description: Option<String>,
    /// Where its logo is: an https URL.
    #[serde(default)]
    logo_url: Option<String>,
    /// The marketplace category.
    #[serde(default)]
    category: Option<String>,
    /// How far it can be relied on.
    #[serde(default)]
    status: Option<ProviderStatus>,
}

pub(crate) async fn list(State(app): State<App>) -> Answer<Items<View>> {
    Ok(Json(Items { items: app.engine.providers().await?.into_iter().map(view).collect() }))
}

pub(crate) async fn get(State(app): State<App>, Path(code): Path<String>) -> Result<Tagged<View>, Failure> {
    show(app.engine.provider(&code).await?)
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<New>,
) -> Result<(StatusCode, Tagged<View>), Failure> {
    let New { code, display_name, description, logo_url, category, status } = new;
    let says = ProviderChange { display_name: Some(display_name), description, logo_url, category, status };
    let served = app.engine.create_provider(&caller, NewProvider { code, says }).await?;
    Ok((StatusCode::CREATED, show(served)?))
}

pub(crate) async fn update(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
    Expected(expected): Expected,
    Body(change): Body<Change>,
) -> Result<Tagged<View>, Failure> {
    let Change { display_name, description, logo_url, category, status } = change;
    let change = ProviderChange { display_name, description, logo_url, category, status };
    show(app.engine.update_provider(&caller, &code, change, &expected).await?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_provider(&caller, &code, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn show(served: Served) -> Result<Tagged<View>, Failure> {
    Ok(Tagged::of(&served.provider.clone(), view(served))?)
}

fn view(served: Served) -> View {
    View { provider: served.provider, plugins: served.plugins, capabilities: served.capabilities }
}
