//! API keys.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gatehouse_domain::Result;
use gatehouse_domain::address::IpRange;
use gatehouse_domain::id::{IntegrationId, KeyId, TenantId};
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::permission::Permission;
use gatehouse_domain::time::Timestamp;
use gatehouse_engine::keys::{self, Expires};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::{Asked, Listing};
use crate::problem::Failure;
use crate::router::App;

/// A key to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// The tenant it shall act for. A tenant's own key can leave it out; an operator's key that
    /// leaves it out, and acts for none, makes another operator's key.
    #[serde(default)]
    tenant: Option<TenantId>,
    /// A name for people.
    name: String,
    /// `test` for a key that acts on sandbox integrations only; `live` where absent.
    #[serde(default)]
    environment: KeyEnvironment,
    /// The role it shall have: a built-in one or one of the tenant's own.
    #[serde(default)]
    role: Option<String>,
    /// What it may do beyond its role; all that its kind may hold where it has neither.
    #[serde(default)]
    permissions: Vec<Permission>,
    /// When it shall stop working: after 90 days where absent, at most 366 days from now. Only
    /// an operator makes a key that never does, with `null`.
    #[serde(default, deserialize_with = "expires")]
    #[schemars(with = "Option<String>")]
    expires_at: Expires,
    /// The only integrations that it shall know of; all where absent.
    #[serde(default)]
    integrations: Option<Vec<IntegrationId>>,
    /// The only capabilities that it may call, by code; all where absent.
    #[serde(default)]
    capabilities: Option<Vec<String>>,
    /// Where it may be used from; from where its maker may be where empty.
    #[serde(default)]
    allowed_ips: Vec<IpRange>,
}

/// How to rotate a key.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyRotation")]
pub(crate) struct Rotation {
    /// For how many hours the old key still works: 24 where absent, 0 to 168.
    #[serde(default)]
    overlap_hours: Option<u16>,
}

/// A new key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedKey")]
pub(crate) struct Created {
    /// What its holder shows. It is not kept, and not shown again.
    token: String,
    /// What is kept.
    #[serde(flatten)]
    key: ApiKey,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<Created>), Failure> {
    let new = keys::NewKey {
        tenant: new.tenant,
        name: new.name,
        environment: new.environment,
        role: new.role,
        permissions: new.permissions,
        expires: new.expires_at,
        integrations: new.integrations,
        capabilities: new.capabilities,
        allowed_ips: new.allowed_ips,
    };
    let (key, token) = app.engine.create_key(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(Created { token, key })))
}

pub(crate) async fn list(State(app): State<App>, By(caller): By, Asked(page): Asked) -> Answer<Listing<ApiKey>> {
    Ok(Json(Listing::of(app.engine.keys(&caller, &page).await?, |key| key)))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
) -> Result<Tagged<ApiKey>, Failure> {
    show(app.engine.get_key(&caller, id.parse()?).await?)
}

pub(crate) async fn rotate(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Body(rotation): Body<Rotation>,
) -> Result<(StatusCode, Json<Created>), Failure> {
    let id: KeyId = id.parse()?;
    let (key, token) = app.engine.rotate_key(&caller, id, rotation.overlap_hours).await?;
    Ok((StatusCode::CREATED, Json(Created { token, key })))
}

pub(crate) async fn revoke(
    State(app): State<App>,
    By(caller): By,
    Path(id): Path<String>,
    Expected(expected): Expected,
) -> Answer<ApiKey> {
    Ok(Json(app.engine.revoke_key(&caller, id.parse()?, &expected).await?))
}

/// That a key is used makes no other version of it.
fn show(key: ApiKey) -> Result<Tagged<ApiKey>, Failure> {
    let version = ApiKey { last_used_at: None, ..key.clone() };
    Ok(Tagged::of(&version, key)?)
}

/// `null` is a wish of its own, other than nothing.
fn expires<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Expires, D::Error> {
    Ok(Option::<Timestamp>::deserialize(deserializer)?.map_or(Expires::Never, Expires::At))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_null_is_not_one_that_is_absent() {
        let check = |json: &str, expect: Expires| {
            assert_eq!(serde_json::from_str::<NewKey>(json).unwrap().expires_at, expect, "{json}");
        };
        check(r#"{"name":"a"}"#, Expires::AsUsual);
        check(r#"{"name":"a","expires_at":null}"#, Expires::Never);
        let at = "2026-01-01T00:00:00Z";
        check(&format!(r#"{{"name":"a","expires_at":"{at}"}}"#), Expires::At(at.parse().unwrap()));
        assert!(serde_json::from_str::<NewKey>(r#"{"name":"a","expires_at":"soon"}"#).is_err());
    }
}
