//! Webhooks in: where providers reach us, and what they told us.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use gatehouse_domain::id::{DeliveryId, EndpointId};
use gatehouse_domain::webhook::Delivery;
use gatehouse_domain::{Error, Result};
use gatehouse_engine::webhook::{Accepted, Incoming};
use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use crate::body::unread;
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

pub(crate) async fn accept(
    State(app): State<App>,
    Path(endpoint): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Receipt> {
    // A malformed id looks the same as an unknown one.
    let id: EndpointId = endpoint.parse().map_err(|_| Error::not_found("endpoint", &endpoint))?;
    let body = body.map_err(|error| Failure(unread(&error)))?.to_vec();
    let incoming = Incoming { headers: plain(&headers), body };
    let (delivery, duplicate) = match app.engine.accept_delivery(id, incoming).await? {
        Accepted::New(delivery) => (delivery, false),
        Accepted::Duplicate(delivery) => (delivery, true),
    };
    Ok(Json(Receipt { delivery, duplicate }))
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
