//! Records of calls.

use axum::Json;
use axum::extract::{Path, Query, State};
use gatehouse_domain::execution::Execution;
use serde::Deserialize;

use super::Answer;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::router::App;

/// The query parameters of the list.
pub(crate) const QUERY: &[(&str, &str)] = &[
    ("integration", "Only those of this integration."),
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before."),
];

#[derive(Deserialize)]
pub(crate) struct Filter {
    integration: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Query(filter): Query<Filter>,
    Asked(page): Asked,
) -> Answer<Listing<Execution>> {
    let found = app.engine.executions(&caller, filter.integration.as_deref(), &page).await?;
    Ok(Json(Listing::of(found, |execution| execution)))
}

pub(crate) async fn get(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Execution> {
    Ok(Json(app.engine.execution(&caller, id.parse()?).await?))
}
