//! The capabilities of a provider, and what an operator says of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_engine::providers::{CapabilityChange, Offered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// A capability of a provider as tenants meet it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProviderCapability")]
pub(crate) struct View {
    /// The provider's code.
    provider: String,
    /// The capability's code.
    capability: String,
    /// What it does.
    description: String,
    /// The JSON Schema of its parameters.
    parameters_schema: Value,
    /// The JSON Schema of its result; absent where no plugin serves it yet.
    result_schema: Option<Value>,
    /// Whether it may be called.
    enabled: bool,
    /// The plugins that serve it; none where it is only declared.
    plugins: Vec<String>,
}

/// A capability to declare, or to say something of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCapability")]
pub(crate) struct New {
    /// Its code in upper snake case; `capability_code` is another name for it.
    #[serde(alias = "capability_code")]
    capability: String,
    /// A description in the place of the component's.
    #[serde(default)]
    description: Option<String>,
    /// A JSON Schema that parameters must fit beside the component's own.
    #[serde(default)]
    parameters_schema: Option<Map<String, Value>>,
    /// Whether it may be called; `true` where absent.
    #[serde(default)]
    enabled: Option<bool>,
}

/// What is said of a capability; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CapabilityChange")]
pub(crate) struct Change {
    /// A description in the place of the component's.
    #[serde(default)]
    description: Option<String>,
    /// A JSON Schema that parameters must fit beside the component's own.
    #[serde(default)]
    parameters_schema: Option<Map<String, Value>>,
    /// Whether it may be called.
    #[serde(default)]
    enabled: Option<bool>,
}

pub(crate) async fn list(State(app): State<App>, Path(provider): Path<String>) -> Answer<Items<View>> {
    Ok(Json(Items { items: app.engine.offered(&provider).await?.into_iter().map(view).collect() }))
}

pub(crate) async fn get(
    State(app): State<App>,
    Path((provider, code)): Path<(String, String)>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.offered_one(&provider, &code).await?)
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Path(provider): Path<String>,
    Body(new): Body<New>,
) -> Result<(StatusCode, Tagged<View>), Failure> {
    let New { capability, description, parameters_schema, enabled } = new;
    let says = read(Change { description, parameters_schema, enabled });
    let offered = app.engine.create_capability(&caller, &provider, &capability, says).await?;
    Ok((StatusCode::CREATED, show(offered)?))
}

pub(crate) async fn update(
    State(app): State<App>,
    By(caller): By,
    Path((provider, code)): Path<(String, String)>,
    Expected(expected): Expected,
    Body(change): Body<Change>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.update_capability(&caller, &provider, &code, read(change), &expected).await?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path((provider, code)): Path<(String, String)>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_capability(&caller, &provider, &code, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(change: Change) -> CapabilityChange {
    let Change { description, parameters_schema, enabled } = change;
    CapabilityChange { description, parameters_schema: parameters_schema.map(Value::Object), enabled }
}

fn show(offered: Offered) -> Result<Tagged<View>, Failure> {
    Ok(Tagged::of(&offered.says.clone(), view(offered))?)
}

fn view(offered: Offered) -> View {
    let Offered { provider, code, description, parameters_schema, result_schema, enabled, plugins, says: _ } = offered;
    View { provider, capability: code, description, parameters_schema, result_schema, enabled, plugins }
}
