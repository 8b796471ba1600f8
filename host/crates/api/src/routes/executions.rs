//! Records of calls.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::{Error, Problem};
use gatehouse_engine::deferred::LONGEST_WAIT;
use gatehouse_engine::{executions, ledger};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Answer;
use super::execute::answer;
use crate::body::Body;
use crate::guard::By;
use crate::once;
use crate::page::{Asked, Listing};
use crate::prefer;
use crate::problem::Failure;
use crate::router::App;

/// The query parameters of the list.
pub(crate) const QUERY: &[(&str, &str)] = &[
    ("integration", "Only those of this integration."),
    ("outcome", "Only those of this outcome; `unknown` is the one that can be asked for."),
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before."),
];

/// The query parameters of one.
pub(crate) const WAIT: &[(&str, &str)] =
    &[("wait", "How many seconds to wait for its end, 0 to 30; not at all where absent.")];

#[derive(Deserialize)]
pub(crate) struct Waits {
    wait: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    integration: Option<String>,
    outcome: Option<String>,
}

/// What a person says became of a write.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExecutionDecision")]
pub(crate) struct Decision {
    /// `succeeded` or `failed`.
    outcome: Outcome,
    /// The result, where it was done and is known, under the capability's JSON Schema.
    #[serde(default)]
    result: Option<Value>,
    /// What the decision rests on, in 1 to 1,000 characters.
    note: String,
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Query(filter): Query<Filter>,
    Asked(page): Asked,
) -> Answer<Listing<Execution>> {
    let filter = executions::Filter { unknown: asks_for_unknown(&filter)?, integration: filter.integration };
    let found = app.engine.executions(&caller, &filter, &page).await?;
    Ok(Json(Listing::of(found, |execution| execution)))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Query(waits): Query<Waits>,
) -> Result<Response, Failure> {
    let execution = app.engine.execution_within(&caller, id.parse()?, seconds(waits.wait)?).await?;
    let has_ended = execution.has_ended();
    let mut response = Json(execution).into_response();
    if !has_ended {
        prefer::ask_again(&mut response);
    }
    Ok(response)
}

pub(crate) async fn cancel(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Execution> {
    Ok(Json(app.engine.cancel_execution(&caller, id.parse()?).await?))
}

pub(crate) async fn resolve(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(says): Body<Decision>,
) -> Answer<Execution> {
    let says = ledger::Decision { outcome: says.outcome, result: says.result, note: says.note };
    Ok(Json(app.engine.resolve_execution(&caller, id.parse()?, says).await?))
}

pub(crate) async fn replay(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let key = once::key_of(&headers)?;
    Ok(answer(app.engine.replay_execution(&caller, id.parse()?, key).await?))
}

fn seconds(asked: Option<String>) -> Result<Duration, Error> {
    let Some(text) = asked else { return Ok(Duration::ZERO) };
    let seconds = text.parse().ok().map(Duration::from_secs).filter(|wait| *wait <= LONGEST_WAIT);
    seconds.ok_or_else(|| {
        let message = format!("`{text}` is not a number of seconds from 0 to {}", LONGEST_WAIT.as_secs());
        Error::problems("the query does not fit", vec![Problem::at("?wait", message)])
    })
}

fn asks_for_unknown(filter: &Filter) -> Result<bool, Error> {
    match filter.outcome.as_deref() {
        None => Ok(false),
        Some("unknown") => Ok(true),
        Some(other) => {
            let message = format!("`{other}` can not be asked for; leave it out, or say unknown");
            Err(Error::problems("there is no such list", vec![Problem::at("outcome", message)]))
        }
    }
}
