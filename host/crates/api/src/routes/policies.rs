//! Routing policies.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::routing::{Policy, Rule};
use gatehouse_engine::routing;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// A policy to keep.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPolicy {
    /// Its name, which no other policy of the tenant has: 1 to 64 of A-Z a-z 0-9 _ - .
    name: String,
    /// The capabilities it decides about by itself: a code, or the beginning of one and `*`. A
    /// policy without is used only where a request names it.
    #[serde(default)]
    capability: Option<String>,
    /// Its rules; the first that matches decides.
    rules: Vec<Rule>,
}

impl From<NewPolicy> for routing::NewPolicy {
    fn from(new: NewPolicy) -> Self {
        let NewPolicy { name, capability, rules } = new;
        Self { name, capability, rules }
    }
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewPolicy>,
) -> Result<(StatusCode, Json<Policy>), Failure> {
    Ok((StatusCode::CREATED, Json(app.engine.create_policy(&caller, new.into()).await?)))
}

pub(crate) async fn list(State(app): State<App>, By(caller): By) -> Answer<Items<Policy>> {
    Ok(Json(Items { items: app.engine.policies(&caller).await? }))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Result<Tagged<Policy>, Failure> {
    Ok(Tagged::whole(app.engine.policy(&caller, &target).await?)?)
}

pub(crate) async fn replace(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Expected(expected): Expected,
    Body(new): Body<NewPolicy>,
) -> Result<Tagged<Policy>, Failure> {
    Ok(Tagged::whole(app.engine.replace_policy(&caller, &target, new.into(), &expected).await?)?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_policy(&caller, &target, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
