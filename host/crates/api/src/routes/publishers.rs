//! Publishers: entering them and their keys, revoking keys, and taking in the next one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::trust::{Earlier, Publisher};
use gatehouse_engine::publishers::{NewPublisher, Revoke};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Answer;
use crate::body::Body;
use crate::guard::By;
use crate::page::Items;
use crate::problem::Failure;
use crate::router::App;

/// A publisher to enter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPublisherBody {
    /// The id that its signatures name: lower-case letters, digits and dashes.
    id: String,
    /// The name for people. A manifest's `publisher` has to be this or the id.
    name: String,
    /// Its Ed25519 public key, 64 hexadecimal digits, where it is at hand.
    #[serde(default)]
    public_key: Option<String>,
}

/// A key to enter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyBody {
    /// The Ed25519 public key, 64 hexadecimal digits.
    public_key: String,
}

/// That a key is no longer to be believed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeBody {
    /// Why.
    reason: String,
    /// What becomes of what was signed with it, and uploaded here, before that.
    earlier: Earlier,
    /// Since when, where that was earlier than now.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    since: Option<Timestamp>,
}

/// The next key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateBody {
    /// What `gatehouse plugin next-key` wrote: the new key, signed with the present one.
    document: String,
}

/// A key in a path.
#[derive(Deserialize)]
pub(crate) struct NamedKey {
    publisher: String,
    publisher_key: String,
}

pub(crate) async fn list(State(app): State<App>) -> Answer<Items<Publisher>> {
    Ok(Json(Items { items: app.engine.publishers().await? }))
}

pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> Answer<Publisher> {
    Ok(Json(app.engine.publisher(&id).await?))
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(body): Body<NewPublisherBody>,
) -> Result<(StatusCode, Json<Publisher>), Failure> {
    let new = NewPublisher { id: body.id, name: body.name, public_key: body.public_key };
    Ok((StatusCode::CREATED, Json(app.engine.create_publisher(&caller, new).await?)))
}

pub(crate) async fn add_key(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(body): Body<NewKeyBody>,
) -> Answer<Publisher> {
    Ok(Json(app.engine.add_publisher_key(&caller, &id, &body.public_key).await?))
}

pub(crate) async fn revoke_key(
    State(app): State<App>,
    By(caller): By,
    Path(named): Path<NamedKey>,
    Body(body): Body<RevokeBody>,
) -> Answer<Publisher> {
    let ask = Revoke { since: body.since, earlier: body.earlier, reason: body.reason };
    Ok(Json(app.engine.revoke_publisher_key(&caller, &named.publisher, &named.publisher_key, ask).await?))
}

pub(crate) async fn rotate_key(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(body): Body<RotateBody>,
) -> Answer<Publisher> {
    Ok(Json(app.engine.rotate_publisher_key(&caller, &id, &body.document).await?))
}
