//! Deliveries to subscriptions: what became of them, and sending them again.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gatehouse_domain::id::SubscriptionDeliveryId;
use gatehouse_domain::subscription::{DeliveryState, SubscriptionDelivery};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Problem};
use gatehouse_engine::subscriptions::Again;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Answer;
use super::subscriptions::known;
use crate::body::Body;
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// The query parameters of [`list`].
pub(crate) const QUERY: &[(&str, &str)] = &[
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before. A page may be short although there are more."),
    ("state", "Only `pending`, which are in the order in which they are due, `delivered` or `dead`."),
];

#[derive(Deserialize)]
pub(crate) struct Filter {
    state: Option<String>,
}

/// Which deliveries to send again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplayRange")]
pub(crate) struct Range {
    /// Those that were taken on at this time or later. It can be left out with `only_dead`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    from: Option<Timestamp>,
    /// Those that were taken on before this time. It can be left out with `only_dead`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    to: Option<Timestamp>,
    /// Only those that were given up; otherwise also those that were delivered.
    #[serde(default)]
    only_dead: bool,
}

/// What is sent again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReplayedRange")]
pub(crate) struct Replayed {
    /// How many deliveries are pending again.
    deliveries: u64,
    /// Whether there are more than one request takes, so that it has to be asked again with a later
    /// `from`, or with the same `only_dead`.
    more: bool,
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Query(filter): Query<Filter>,
    Asked(page): Asked,
) -> Answer<Listing<SubscriptionDelivery>> {
    let state = filter.state.as_deref().map(state).transpose()?;
    let found = app.engine.subscription_deliveries(&caller, known(&id)?, state, &page).await?;
    Ok(Json(Listing::of(found, |delivery| delivery)))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path((id, delivery)): Path<(String, String)>,
) -> Answer<SubscriptionDelivery> {
    let id = known(&id)?;
    Ok(Json(app.engine.subscription_delivery(&caller, id, delivery_id(&delivery)?).await?))
}

pub(crate) async fn test(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<SubscriptionDelivery>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(app.engine.test_subscription(&caller, known(&id)?).await?)))
}

pub(crate) async fn replay(
    State(app): State<App>,
    By(caller): By,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<(StatusCode, Json<SubscriptionDelivery>), Failure> {
    let id = known(&id)?;
    Ok((StatusCode::ACCEPTED, Json(app.engine.replay_delivery(&caller, id, delivery_id(&delivery)?).await?)))
}

pub(crate) async fn replay_range(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(range): Body<Range>,
) -> Result<(StatusCode, Json<Replayed>), Failure> {
    let Range { from, to, only_dead } = range;
    let (deliveries, more) = app.engine.replay_deliveries(&caller, known(&id)?, Again { from, to, only_dead }).await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { deliveries, more })))
}

fn delivery_id(text: &str) -> Result<SubscriptionDeliveryId, Error> {
    text.parse().map_err(|_| Error::not_found("delivery", text))
}

fn state(text: &str) -> Result<DeliveryState, Error> {
    serde_json::from_value(Value::from(text)).map_err(|_| {
        let problem = Problem::at("?state", format!("`{text}` is none of pending, delivered and dead"));
        Error::problems("the query does not fit", vec![problem])
    })
}
