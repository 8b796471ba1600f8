//! Calling a capability.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::execution::{Execution, Mapped, Outcome};
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::{Error, Problem};
use gatehouse_engine::execute;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::body::Body;
use crate::guard::By;
use crate::once;
use crate::prefer;
use crate::problem::{self, Failure};
use crate::router::App;

/// A call to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCall")]
pub(crate) struct Ask {
    /// The capability's code, such as `PROCESS_PAYMENT`; `capability_code` is another name for it.
    #[serde(alias = "capability_code")]
    capability: String,
    /// Its parameters, under the capability's JSON Schema.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// Whether the parameters and the result go through the mapping that is saved for the
    /// capability; as the mapping says where absent.
    #[serde(default)]
    mapping: Option<bool>,
}

/// A call that succeeded.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Executed {
    /// The record of the call.
    execution: ExecutionId,
    /// The capability's code.
    capability: String,
    /// What became of it.
    outcome: Outcome,
    /// The result, under the capability's JSON Schema.
    result: Option<Value>,
    /// How long it took, in microseconds.
    duration_us: u64,
    /// The mapping that it went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<Mapped>,
}

/// A call that was accepted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AcceptedCall")]
pub(crate) struct Accepted {
    /// The record that tells what becomes of it.
    execution: ExecutionId,
    /// `queued`, or `running` where it was begun by now.
    outcome: Outcome,
}

pub(crate) async fn execute(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    headers: HeaderMap,
    Body(ask): Body<Ask>,
) -> Result<Response, Failure> {
    let ask = execute::Ask {
        capability: ask.capability,
        parameters: Value::Object(ask.parameters),
        idempotency_key: once::key_of(&headers)?,
        timeout_ms: timeout_ms(&headers)?,
        mapping: ask.mapping.into(),
        ..execute::Ask::default()
    };
    let Some(wait) = prefer::asynchronous(&headers)? else {
        return Ok(answer(app.engine.execute(&caller, &target, ask).await?));
    };
    let accepted = app.engine.accept_call(&caller, &target, ask).await?;
    // Whoever does not want to wait hears of the acceptance, however quick the call was.
    let execution =
        if wait.is_zero() { accepted } else { app.engine.execution_within(&caller, accepted.id, wait).await? };
    Ok(if execution.has_ended() { answer(execution) } else { accepted_as(&execution) })
}

/// The answer for a call that was accepted and has not ended.
pub(crate) fn accepted_as(execution: &Execution) -> Response {
    let Execution { id, outcome, .. } = *execution;
    prefer::accepted(&format!("/api/v1/executions/{id}"), Json(Accepted { execution: id, outcome }))
}

pub(crate) fn answer(execution: Execution) -> Response {
    if execution.outcome != Outcome::Succeeded {
        return problem::of_execution(execution);
    }
    let Execution { id, capability, outcome, result, duration_us, mapping, .. } = execution;
    Json(Executed { execution: id, capability, outcome, result, duration_us, mapping }).into_response()
}

/// How long the caller waits: `Gatehouse-Timeout-Ms`, in milliseconds.
pub(crate) fn timeout_ms(headers: &HeaderMap) -> Result<Option<u64>, Error> {
    let Some(value) = headers.get("gatehouse-timeout-ms") else { return Ok(None) };
    let millis = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    millis.map(Some).ok_or_else(|| {
        let given = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let problem = Problem::at("Gatehouse-Timeout-Ms", format!("`{given}` is not a number of milliseconds"));
        Error::problems("the timeout does not fit", vec![problem])
    })
}
