//! Webhooks in: where providers reach us, and what they told us.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::id::{DeliveryId, EndpointId, TenantId};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::webhook::Delivery;
use gatehouse_domain::{Error, Result};
use gatehouse_engine::Credentials;
use gatehouse_engine::webhook::{Accepted, Address, EndpointState, Heard, Incoming, Reply, nothing_here};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Answer;
use crate::body::{Body, unread};
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// What a provider is told: the delivery is on the disk.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Receipt {
    /// The delivery.
    delivery: DeliveryId,
    /// Whether it had been received before.
    duplicate: bool,
}

/// How a quarantined delivery is to be released.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// Whether it is released also where it does not verify: then its events say that something
    /// happened, and nothing of what the delivery says is believed.
    #[serde(default)]
    as_untrusted: bool,
}

/// Secrets of an endpoint.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// By the names of the credential fields that they come before. They are sealed and never come back.
    #[schemars(with = "Map<String, Value>")]
    secrets: Credentials,
}

/// How to move to another endpoint.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EndpointRotation")]
pub(crate) struct Rotate {
    /// How long the old one goes on, in seconds; at most 604800 (7 days), a day where absent.
    #[serde(default = "a_day")]
    overlap_seconds: u32,
}

fn a_day() -> u32 {
    86_400
}

/// An integration's new endpoint.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MovedEndpoint")]
pub(crate) struct Moved {
    /// Where to point the provider's webhooks from now on.
    webhook_url: String,
    /// When the old address ends.
    #[schemars(with = "String")]
    old_until: Timestamp,
}

pub(crate) async fn accept(
    State(app): State<App>,
    method: Method,
    Path(endpoint): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    // A malformed id looks the same as an unknown one.
    let id: EndpointId = endpoint.parse().map_err(|_| nothing_here())?;
    hear(&app, Address::Endpoint(id), (&method, &uri, &headers), body).await
}

pub(crate) async fn accept_of_provider(
    State(app): State<App>,
    method: Method,
    Path((provider, tenant)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let tenant: TenantId = tenant.parse().map_err(|_| nothing_here())?;
    hear(&app, Address::Provider { provider, tenant }, (&method, &uri, &headers), body).await
}

async fn hear(
    app: &App,
    address: Address,
    (method, uri, headers): (&Method, &Uri, &HeaderMap),
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|error| Failure(unread(&error)))?.to_vec();
    let query = uri.query().unwrap_or_default().to_owned();
    let incoming = Incoming { method: method.as_str().to_owned(), query, headers: plain(headers), body };
    let receipt = match app.engine.hear_webhook(&address, incoming).await? {
        Heard::Delivery(Accepted::New(delivery)) => Receipt { delivery, duplicate: false },
        Heard::Delivery(Accepted::Duplicate(delivery)) => Receipt { delivery, duplicate: true },
        Heard::Handshake(reply) => return Ok(told(reply)),
    };
    Ok(Json(receipt).into_response())
}

/// A handshake's answer. What a stranger had us repeat must not be taken for a page of ours.
fn told(reply: Reply) -> Response {
    let Some(media_type) = reply.media_type else { return StatusCode::OK.into_response() };
    ([(CONTENT_TYPE, media_type), (X_CONTENT_TYPE_OPTIONS, "nosniff")], reply.body).into_response()
}

pub(crate) async fn quarantine(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Asked(page): Asked,
) -> Answer<Listing<Delivery>> {
    Ok(Json(Listing::of(app.engine.quarantined(&caller, &target, &page).await?, |delivery| delivery)))
}

pub(crate) async fn release(
    State(app): State<App>,
    By(caller): By,
    Path((target, delivery)): Path<(String, String)>,
    Body(ask): Body<Release>,
) -> Answer<Delivery> {
    let id = known(&delivery)?;
    Ok(Json(app.engine.release_delivery(&caller, &target, id, ask.as_untrusted).await?))
}

pub(crate) async fn delete_quarantined(
    State(app): State<App>,
    By(caller): By,
    Path((target, delivery)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    app.engine.delete_quarantined(&caller, &target, known(&delivery)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn replay(
    State(app): State<App>,
    By(caller): By,
    Path((target, delivery)): Path<(String, String)>,
) -> Answer<Delivery> {
    Ok(Json(app.engine.parse_delivery_again(&caller, &target, known(&delivery)?).await?))
}

pub(crate) async fn set_secrets(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(ask): Body<Secrets>,
) -> Result<StatusCode, Failure> {
    app.engine.set_endpoint_secrets(&caller, &target, &ask.secrets).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn rotate(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(ask): Body<Rotate>,
) -> Answer<Moved> {
    let moved = app.engine.rotate_endpoint(&caller, &target, ask.overlap_seconds).await?;
    Ok(Json(Moved { webhook_url: app.engine.webhook_url(moved.endpoint), old_until: moved.old_until }))
}

pub(crate) async fn state(State(app): State<App>, By(caller): By, Path(target): Path<String>) -> Answer<EndpointState> {
    Ok(Json(app.engine.endpoint_state(&caller, &target).await?))
}

pub(crate) async fn repair(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Result<(StatusCode, Json<EndpointState>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(app.engine.repair_endpoint(&caller, &target).await?)))
}

pub(crate) async fn backfill(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Result<(StatusCode, Json<EndpointState>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(app.engine.backfill_endpoint(&caller, &target).await?)))
}

/// What is no id names nothing.
fn known(delivery: &str) -> Result<DeliveryId, Failure> {
    delivery.parse().map_err(|_| Failure(Error::not_found("delivery", delivery)))
}

pub(crate) async fn deliveries(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Asked(page): Asked,
) -> Answer<Listing<Delivery>> {
    Ok(Json(Listing::of(app.engine.deliveries(&caller, &target, &page).await?, |delivery| delivery)))
}

/// Headers as text; what is not text can not be part of a signature scheme.
fn plain(headers: &HeaderMap) -> Vec<(String, String)> {
    let readable = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    readable.collect()
}
