//! Subscriptions: who is told of which events.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::Error;
use gatehouse_domain::id::{IntegrationId, SubscriptionId};
use gatehouse_domain::subscription::{Counts, EventPattern, SignatureKind, Subscription};
use gatehouse_domain::time::Timestamp;
use gatehouse_engine::subscriptions::{self, Standing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// The most requests a second where nothing is said.
const RATE: u32 = 100;
/// The most requests at the same time where nothing is said.
const CONCURRENCY: u32 = 4;

/// A subscription to keep.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubscription {
    /// Where events are posted to: `https://`, a public name, no redirect.
    url: String,
    /// Which events it is for: exact names, `payment.*` or `*`. Names of ours have to exist.
    events: Vec<EventPattern>,
    /// Only events of these integrations; of any, and of none, where empty. A key that is restricted
    /// to integrations has to name some of them.
    #[serde(default)]
    integrations: Vec<IntegrationId>,
    /// Only events of integrations of these providers, by code; of any, and of none, where empty.
    #[serde(default)]
    providers: Vec<String>,
    /// What it is for, for people.
    #[serde(default)]
    description: Option<String>,
    /// Whether it is on, which it is where absent. Events that come while it is off are not taken
    /// for it; what waits then is sent when it is on again.
    #[serde(default = "on")]
    enabled: bool,
    /// Further headers of every request, at most 16. They are shown, so no credentials.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The most requests a second, 1 to 1000; 100 where absent.
    #[serde(default = "rate")]
    rate_per_second: u32,
    /// The most requests at the same time, 1 to 32; 4 where absent.
    #[serde(default = "concurrency")]
    concurrency: u32,
    /// `v1` (HMAC-SHA256), which it is where absent, or `v1a` (Ed25519). It is changed by rotation.
    #[serde(default)]
    signature: Option<SignatureKind>,
}

fn on() -> bool {
    true
}

fn rate() -> u32 {
    RATE
}

fn concurrency() -> u32 {
    CONCURRENCY
}

impl From<NewSubscription> for subscriptions::NewSubscription {
    fn from(new: NewSubscription) -> Self {
        Self {
            url: new.url,
            description: new.description,
            events: new.events,
            integrations: new.integrations,
            providers: new.providers,
            enabled: new.enabled,
            headers: new.headers,
            rate_per_second: new.rate_per_second,
            concurrency: new.concurrency,
            signature: new.signature,
        }
    }
}

/// A subscription as it is shown: with how it fares, never with its secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Subscription")]
pub(crate) struct View {
    #[serde(flatten)]
    subscription: Subscription,
    /// How many deliveries there are of each state, as of one commit.
    counts: Counts,
    /// Since when nothing but failures came of it.
    #[schemars(with = "Option<String>")]
    failing_since: Option<Timestamp>,
    /// When a delivery succeeded last.
    #[schemars(with = "Option<String>")]
    last_delivered_at: Option<Timestamp>,
    /// When an attempt failed last.
    #[schemars(with = "Option<String>")]
    last_failed_at: Option<Timestamp>,
}

/// A subscription with its secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedSubscription")]
pub(crate) struct Created {
    /// What requests are verified with, for `v1`. It is not shown again.
    secret: Option<String>,
    #[serde(flatten)]
    view: View,
}

/// How to rotate a secret.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretRotation")]
pub(crate) struct Rotation {
    /// What to sign with from now on; what it was where absent.
    #[serde(default)]
    signature: Option<SignatureKind>,
    /// For how many hours the old secret signs as well: 24 where absent, 0 to 168.
    #[serde(default)]
    overlap_hours: Option<u16>,
}

/// A secret that was rotated.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RotatedSubscription")]
pub(crate) struct Rotated {
    /// What requests are verified with, for `v1`. It is not shown again.
    secret: Option<String>,
    #[serde(flatten)]
    subscription: Subscription,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewSubscription>,
) -> Result<(StatusCode, Json<Created>), Failure> {
    let (standing, secret) = app.engine.create_subscription(&caller, new.into()).await?;
    let secret = secret.map(|secret| secret.to_string());
    Ok((StatusCode::CREATED, Json(Created { secret, view: view(standing) })))
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Asked(page): Asked) -> Answer<Listing<View>> {
    Ok(Json(Listing::of(app.engine.subscriptions(&caller, &page).await?, view)))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.subscription(&caller, known(&id)?).await?)
}

pub(crate) async fn replace(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
    Body(new): Body<NewSubscription>,
) -> Result<Tagged<View>, Failure> {
    show(app.engine.replace_subscription(&caller, known(&id)?, &expected, new.into()).await?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_subscription(&caller, known(&id)?, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn rotate(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(rotation): Body<Rotation>,
) -> Answer<Rotated> {
    let Rotation { signature, overlap_hours } = rotation;
    let rotated = app.engine.rotate_subscription_secret(&caller, known(&id)?, signature, overlap_hours).await?;
    Ok(Json(Rotated { subscription: rotated.0, secret: rotated.1.map(|secret| secret.to_string()) }))
}

/// The id in a path. What is none names nothing.
pub(super) fn known(id: &str) -> Result<SubscriptionId, Error> {
    id.parse().map_err(|_| Error::not_found("subscription", id))
}

fn show(standing: Standing) -> Result<Tagged<View>, Failure> {
    Ok(Tagged::of(&standing.subscription.clone(), view(standing))?)
}

fn view(standing: Standing) -> View {
    let Standing { subscription, counts, failing_since, last_delivered_at, last_failed_at } = standing;
    View { subscription, counts, failing_since, last_delivered_at, last_failed_at }
}
