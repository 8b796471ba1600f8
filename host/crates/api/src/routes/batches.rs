//! Batches of calls.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::batch::{Batch, Mode};
use gatehouse_domain::link::{Entity, Purpose};
use gatehouse_domain::{Problem, Result};
use gatehouse_engine::batches::{Line, NewBatch, NewItem};
use gatehouse_engine::routing::Wanted;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Answer;
use super::intent::Whom;
use crate::body::Body;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// A batch to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewBatch")]
pub(crate) struct Calls {
    /// Its calls, 1 to 1,000.
    items: Vec<Call>,
    /// In which order they are made; `parallel` where absent.
    #[serde(default)]
    mode: Mode,
    /// Whether no further call is begun after one that did not succeed.
    #[serde(default)]
    stop_on_error: bool,
}

/// One call.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// The capability's code, such as `PROCESS_PAYMENT`; `capability_code` is another name for it.
    #[serde(alias = "capability_code")]
    capability: String,
    /// Its parameters, under the capability's JSON Schema.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// The integration to call: an id, or a provider's code that names one. Where absent, it is
    /// chosen as `POST /execute` does. `integration_id` is another name for it.
    #[serde(default, alias = "integration_id")]
    integration: Option<String>,
    /// Whom it is for: the links of this entity are asked first.
    #[serde(default)]
    entity: Option<Whom>,
    /// What for: links for this purpose come before those for any.
    #[serde(default)]
    purpose: Option<Purpose>,
    /// The policy to ask where no link decides, by id or name.
    #[serde(default)]
    policy: Option<String>,
    /// Whether the parameters and the result go through the mapping that is saved for the
    /// capability; as the mapping says where absent.
    #[serde(default)]
    mapping: Option<bool>,
    /// The host app's own name for this call, 1 to 255 bytes.
    #[serde(default)]
    reference: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(calls): Body<Calls>,
) -> Result<(StatusCode, Json<Batch>), Failure> {
    let items = calls.items.into_iter().enumerate().map(|(index, call)| item(index, call));
    let items = items.collect::<Result<Vec<_>>>()?;
    let new = NewBatch { items, mode: calls.mode, stop_on_error: calls.stop_on_error };
    Ok((StatusCode::ACCEPTED, Json(app.engine.create_batch(&caller, new).await?)))
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Asked(page): Asked) -> Answer<Listing<Batch>> {
    Ok(Json(Listing::of(app.engine.batches(&caller, &page).await?, |batch| batch)))
}

pub(crate) async fn get(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Batch> {
    Ok(Json(app.engine.batch(&caller, id.parse()?).await?))
}

pub(crate) async fn items(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Asked(page): Asked,
) -> Answer<Listing<Line>> {
    Ok(Json(Listing::of(app.engine.batch_items(&caller, id.parse()?, &page).await?, |line| line)))
}

pub(crate) async fn cancel(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Batch> {
    Ok(Json(app.engine.cancel_batch(&caller, id.parse()?).await?))
}

fn item(index: usize, call: Call) -> Result<NewItem> {
    let Call { capability, parameters, integration, entity, purpose, policy, mapping, reference } = call;
    let entity = entity.map(|whom| Entity::new(whom.kind, whom.id)).transpose().map_err(|mut error| {
        let place = |problem: Problem| Problem { path: format!("$.items[{index}].{}", problem.path), ..problem };
        error.problems = error.problems.into_iter().map(place).collect();
        error
    })?;
    let parameters = Value::Object(parameters);
    let wanted =
        Wanted { capability, parameters, integration, entity, purpose, policy, idempotency_key: None, mapping };
    Ok(NewItem { wanted, reference })
}
