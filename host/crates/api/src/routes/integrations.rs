//! Integrations.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use gatehouse_domain::capability::Capability;
use gatehouse_domain::cassette::Recording;
use gatehouse_domain::integration::{Environment, Integration, IntegrationStatus};
use gatehouse_domain::{Error, Problem};
use gatehouse_engine::Credentials;
use gatehouse_engine::integrations::{self, Filter, IntegrationChange, Status, Tested};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Answer;
use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page::{Asked, Items, Listing};
use crate::problem::Failure;
use crate::router::App;

/// An integration to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIntegration {
    /// The provider's code; `connection_code` is another name for it.
    #[serde(alias = "connection_code")]
    provider: String,
    /// A name for people.
    name: String,
    /// The secrets, under the plugin's credentials schema. They are sealed and never come back. Without any, an
    /// integration of the environment `sandbox` acts at the deployment's own sandbox, where that is on.
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    credentials: Credentials,
    /// Settings under the plugin's settings schema.
    #[serde(default)]
    settings: Map<String, Value>,
    /// Whatever shall be kept with it.
    #[serde(default)]
    metadata: Map<String, Value>,
    /// Which of the provider's worlds it acts in; `live` where absent.
    #[serde(default)]
    environment: Environment,
}

/// What to change; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IntegrationChange")]
pub(crate) struct Change {
    /// A new name.
    #[serde(default)]
    name: Option<String>,
    /// New secrets, all of them.
    #[serde(default)]
    #[schemars(with = "Option<Map<String, Value>>")]
    credentials: Option<Credentials>,
    /// New settings, all of them.
    #[serde(default)]
    settings: Option<Map<String, Value>>,
    /// New metadata, all of it.
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    /// Whether it is switched off.
    #[serde(default)]
    disabled: Option<bool>,
    /// Which of its calls are recorded: `off`, `sample` for the first call of each function in a
    /// minute, or `all`. The newest are kept, 50 of each integration and 8 MiB of them.
    #[serde(default)]
    recording: Option<Recording>,
}

/// Query parameters that choose among integrations.
#[derive(Deserialize)]
pub(crate) struct RawFilter {
    #[serde(alias = "connection_code")]
    provider: Option<String>,
    status: Option<String>,
    environment: Option<String>,
    q: Option<String>,
}

/// What the query parameters of [`list`] are.
pub(crate) const FILTERS: &[(&str, &str)] = &[
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before. A page may be short although there are more."),
    ("provider", "Only of this provider."),
    ("connection_code", "Another name for `provider`."),
    ("status", "Only in one of these statuses, separated by commas."),
    ("environment", "`live` or `sandbox`."),
    ("q", "Only those whose name, provider or id contains this, whatever the case."),
];

impl RawFilter {
    fn read(self) -> Result<Filter, Error> {
        let statuses = self.status.iter().flat_map(|text| text.split(',')).map(|name| word("status", name));
        Ok(Filter {
            statuses: statuses.collect::<Result<_, _>>()?,
            environment: self.environment.as_deref().map(|name| word("environment", name)).transpose()?,
            provider: self.provider,
            text: self.q,
        })
    }
}

/// One of the words of an enumeration; the error names all of them.
fn word<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Error> {
    serde_json::from_value(Value::String(text.trim().to_owned())).map_err(|error| {
        let problem = Problem::at(format!("?{name}"), error.to_string());
        Error::problems("the query does not fit", vec![problem])
    })
}

/// The query parameters of deleting.
pub(crate) const DELETING: &[(&str, &str)] =
    &[("force", "`true` to delete it with its links, though policies may name it still.")];

#[derive(Deserialize)]
pub(crate) struct Deleting {
    #[serde(default)]
    force: bool,
}

/// An integration as it is shown: with hints of its credentials, never with more.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Integration")]
pub(crate) struct View {
    #[serde(flatten)]
    integration: Integration,
    /// Where to point the provider's webhooks.
    webhook_url: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    By(caller): By,
    Body(new): Body<NewIntegration>,
) -> Result<(StatusCode, Json<View>), Failure> {
    let NewIntegration { provider, name, credentials, settings, metadata, environment } = new;
    let new = integrations::NewIntegration { provider, name, credentials, settings, metadata, environment };
    let integration = app.engine.create_integration(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(view(&app, integration))))
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Asked(page): Asked,
    Query(filter): Query<RawFilter>,
) -> Answer<Listing<View>> {
    let found = app.engine.integrations(&caller, &filter.read()?, &page).await?;
    Ok(Json(Listing::of(found, |integration| view(&app, integration))))
}

pub(crate) async fn connected(
    State(app): State<App>,
    By(caller): By,
    Asked(page): Asked,
    Query(filter): Query<RawFilter>,
) -> Answer<Listing<View>> {
    let statuses = vec![IntegrationStatus::Active, IntegrationStatus::Degraded];
    let filter = Filter { statuses, ..filter.read()? };
    let found = app.engine.integrations(&caller, &filter, &page).await?;
    Ok(Json(Listing::of(found, |integration| view(&app, integration))))
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Result<Tagged<View>, Failure> {
    show(&app, app.engine.integration(&caller, &target).await?.record)
}

pub(crate) async fn update(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Expected(expected): Expected,
    Body(change): Body<Change>,
) -> Result<Tagged<View>, Failure> {
    let Change { name, credentials, settings, metadata, disabled, recording } = change;
    let ask = IntegrationChange { name, credentials, settings, metadata, disabled, recording };
    show(&app, app.engine.update_integration(&caller, &target, ask, &expected).await?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Expected(expected): Expected,
    Query(Deleting { force }): Query<Deleting>,
) -> Result<StatusCode, Failure> {
    app.engine.delete_integration(&caller, &target, &expected, force).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn test(State(app): State<App>, By(caller): By, Path(target): Path<String>) -> Answer<Tested> {
    Ok(Json(app.engine.test_integration(&caller, &target).await?))
}

pub(crate) async fn status(State(app): State<App>, By(caller): By, Path(target): Path<String>) -> Answer<Status> {
    Ok(Json(app.engine.integration_status(&caller, &target).await?))
}

pub(crate) async fn capabilities(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
) -> Answer<Items<Capability>> {
    Ok(Json(Items { items: app.engine.capabilities(&caller, &target).await? }))
}

fn show(app: &App, integration: Integration) -> Result<Tagged<View>, Failure> {
    Ok(Tagged::of(&integration.clone(), view(app, integration))?)
}

pub(super) fn view(app: &App, integration: Integration) -> View {
    let webhook_url = integration.endpoint.map(|endpoint| app.engine.webhook_url(endpoint));
    View { integration, webhook_url }
}
