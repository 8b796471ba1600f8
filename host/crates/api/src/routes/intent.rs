//! Calling a capability of whoever shall serve it.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use gatehouse_domain::Result;
use gatehouse_domain::execution::{Execution, Mapped, Outcome};
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::link::{Entity, Purpose};
use gatehouse_domain::routing::Decision;
use gatehouse_engine::routing::Wanted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::execute::accepted_as;
use crate::body::Body;
use crate::guard::By;
use crate::once;
use crate::prefer;
use crate::problem::{self, Failure};
use crate::router::App;

/// A call to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intent {
    /// The capability's code, such as `PROCESS_PAYMENT`; `capability_code` is another name for it.
    #[serde(alias = "capability_code")]
    capability: String,
    /// Its parameters, under the capability's JSON Schema.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// The integration, where it is known: an id, or a provider's code that names one. Nobody else
    /// is asked then. `integration_id` is another name for it.
    #[serde(default, alias = "integration_id")]
    integration: Option<String>,
    /// Whom it is for: the links of this entity are asked first.
    #[serde(default)]
    entity: Option<Whom>,
    /// What for: links for this purpose come before those for any.
    #[serde(default)]
    purpose: Option<Purpose>,
    /// The policy to ask where no link decides, by id or name; the one whose pattern fits the
    /// capability closest where absent.
    #[serde(default)]
    policy: Option<String>,
    /// Whether the parameters and the result go through the mapping that is saved for the
    /// capability; as the mapping says where absent.
    #[serde(default)]
    mapping: Option<bool>,
    /// Whether only to tell who would serve: nothing is called and nothing is kept.
    #[serde(default)]
    dry_run: bool,
}

/// One of the host app's own records.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whom {
    /// What kind of record it is, such as `customer`.
    #[serde(rename = "type", alias = "entity_type")]
    pub(crate) kind: String,
    /// The host app's id of it.
    #[serde(alias = "entity_id")]
    pub(crate) id: String,
}

/// A call that succeeded, or the decision of a dry run.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Routed {
    /// Whether nothing was called.
    dry_run: bool,
    /// The record of the call; absent for a dry run, as are all parts of it below.
    execution: Option<ExecutionId>,
    /// The capability's code.
    capability: String,
    /// What became of it.
    outcome: Option<Outcome>,
    /// The result, under the capability's JSON Schema.
    result: Option<Value>,
    /// How long the last attempt took, in microseconds.
    duration_us: Option<u64>,
    /// Which attempt it was, from 1.
    attempt: Option<u32>,
    /// The attempt before it, which had done nothing.
    failover_of: Option<ExecutionId>,
    /// The mapping that it went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<Mapped>,
    /// Who was chosen, among whom, and why.
    decision: Option<Decision>,
}

pub(crate) async fn execute(
    State(app): State<App>,
    By(caller): By,
    headers: HeaderMap,
    Body(intent): Body<Intent>,
) -> Result<Response, Failure> {
    let dry_run = intent.dry_run;
    let wanted = wanted(intent, &headers)?;
    if dry_run {
        let decision = app.engine.decide(&caller, &wanted).await?;
        return Ok(Json(Routed::dry(wanted.capability, decision)).into_response());
    }
    let execution = match prefer::asynchronous(&headers)? {
        None => app.engine.execute_intent(&caller, wanted).await?,
        Some(wait) => {
            let accepted = app.engine.accept_intent(&caller, wanted).await?;
            if wait.is_zero() { accepted } else { app.engine.execution_within(&caller, accepted.id, wait).await? }
        }
    };
    if !execution.has_ended() {
        return Ok(accepted_as(&execution));
    }
    if execution.outcome != Outcome::Succeeded {
        return Ok(problem::of_execution(execution));
    }
    Ok(Json(Routed::of(execution)).into_response())
}

fn wanted(intent: Intent, headers: &HeaderMap) -> Result<Wanted> {
    let Intent { capability, parameters, integration, entity, purpose, policy, mapping, dry_run: _ } = intent;
    let entity = entity.map(|whom| Entity::new(whom.kind, whom.id)).transpose()?;
    let parameters = Value::Object(parameters);
    let idempotency_key = once::key_of(headers)?;
    Ok(Wanted { capability, parameters, integration, entity, purpose, policy, idempotency_key, mapping })
}

impl Routed {
    fn of(execution: Execution) -> Self {
        let Execution { id, capability, outcome, result, duration_us, attempt, failover_of, mapping, decision, .. } =
            execution;
        Self {
            dry_run: false,
            execution: Some(id),
            capability,
            outcome: Some(outcome),
            result,
            duration_us: Some(duration_us),
            attempt: Some(attempt),
            failover_of,
            mapping,
            decision,
        }
    }

    fn dry(capability: String, decision: Decision) -> Self {
        Self {
            dry_run: true,
            execution: None,
            capability,
            outcome: None,
            result: None,
            duration_us: None,
            attempt: None,
            failover_of: None,
            mapping: None,
            decision: Some(decision),
        }
    }
}
