//! OAuth: links that begin a sign-in, the pages and redirects of one, and the apps it is done with.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::oauth::Redirect;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_engine::Credentials;
use gatehouse_engine::oauth::{App as OAuthApp, Begun, Callback, Ended, Link, LinkAsk, NewApp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::body::Body;
use crate::etag::{Expected, Tagged};
use crate::guard::By;
use crate::page_html::{Page, escape};
use crate::problem::Failure;
use crate::router::App;
use crate::status;

/// How long a browser keeps the cookie that ties a sign-in to it, in seconds.
const COOKIE_SECONDS: u32 = 600;

/// What may be asked of a link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(default)]
    return_url: Option<String>,
}

/// A link for somebody else.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewConnectLink")]
pub(crate) struct NewLink {
    /// Where the browser goes in the end, at one of the configuration's `oauth.return_origins`; a
    /// page of ours where absent.
    #[serde(default)]
    return_url: Option<String>,
    /// How long it is good, in minutes: 1 to 1,440; 10 where absent.
    #[serde(default)]
    expires_minutes: Option<u32>,
}

/// A registration with a provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewOAuthApp")]
pub(crate) struct New {
    /// The client's id.
    client_id: String,
    /// The id of its private key, as the provider knows it.
    #[serde(default)]
    key_id: Option<String>,
    /// `client_secret` and `private_key`, as the provider asks for them. They are never shown.
    #[serde(default = "no_credentials")]
    #[schemars(with = "Map<String, Value>")]
    credentials: Credentials,
    /// Where its callbacks come back to; `context` where absent.
    #[serde(default)]
    redirect: Redirect,
    /// Where webhooks are signed with the client secret: how long those that are signed with the
    /// one before are still taken, in seconds; at most 604800 (7 days), a day where absent.
    #[serde(default = "a_day")]
    overlap_seconds: u32,
}

fn a_day() -> u32 {
    86_400
}

pub(crate) async fn url(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    query: std::result::Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Failure> {
    let Query(asked) = query
        .map_err(|_| Failure(Error::invalid("the query may hold `return_url` and nothing else; leave the rest out")))?;
    let ask = LinkAsk { return_url: asked.return_url, ..LinkAsk::default() };
    let link: Link = app.engine.oauth_link(&caller, &target, ask).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(link)).into_response())
}

pub(crate) async fn connect_link(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Body(new): Body<NewLink>,
) -> Result<(StatusCode, Json<Link>), Failure> {
    let ask = LinkAsk { confirm: true, return_url: new.return_url, minutes: new.expires_minutes };
    Ok((StatusCode::CREATED, Json(app.engine.oauth_link(&caller, &target, ask).await?)))
}

pub(crate) async fn follow(State(app): State<App>, Path(link): Path<String>) -> Response {
    begin(&app, &link, false).await
}

pub(crate) async fn agree(State(app): State<App>, Path(link): Path<String>) -> Response {
    begin(&app, &link, true).await
}

pub(crate) async fn back(
    State(app): State<App>,
    Path(context): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    end(&app, Callback { context: Some(context), provider: None, parameters, cookies: cookies(&headers) }).await
}

pub(crate) async fn back_to_provider(
    State(app): State<App>,
    Path(provider): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    end(&app, Callback { context: None, provider: Some(provider), parameters, cookies: cookies(&headers) }).await
}

pub(crate) async fn get(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
) -> Result<Tagged<OAuthApp>, Failure> {
    show(app.engine.oauth_app(&caller, false, &code).await?)
}

pub(crate) async fn put(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
    Expected(expected): Expected,
    Body(new): Body<New>,
) -> Result<Tagged<OAuthApp>, Failure> {
    show(app.engine.put_oauth_app(&caller, false, &code, new.into(), &expected).await?)
}

pub(crate) async fn delete(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_oauth_app(&caller, false, &code, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn get_own(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
) -> Result<Tagged<OAuthApp>, Failure> {
    show(app.engine.oauth_app(&caller, true, &code).await?)
}

pub(crate) async fn put_own(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
    Expected(expected): Expected,
    Body(new): Body<New>,
) -> Result<Tagged<OAuthApp>, Failure> {
    show(app.engine.put_oauth_app(&caller, true, &code, new.into(), &expected).await?)
}

pub(crate) async fn delete_own(
    State(app): State<App>,
    By(caller): By,
    Path(code): Path<String>,
    Expected(expected): Expected,
) -> Result<StatusCode, Failure> {
    app.engine.delete_oauth_app(&caller, true, &code, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn show(app: OAuthApp) -> Result<Tagged<OAuthApp>, Failure> {
    let tag = Tagged::of(&app.version(), ())?;
    Ok(tag.showing(app))
}

impl From<New> for NewApp {
    fn from(new: New) -> Self {
        let New { client_id, key_id, credentials, redirect, overlap_seconds } = new;
        Self { client_id, key_id, credentials, redirect, overlap_seconds }
    }
}

fn no_credentials() -> Credentials {
    Credentials::from_pairs::<String, String>([])
}

async fn begin(app: &App, link: &str, confirmed: bool) -> Response {
    match app.engine.begin_flow(link, confirmed).await {
        Ok(Begun::Ask(who)) => Page::ask(&who).answer(StatusCode::OK),
        Ok(Begun::Go { url, cookie: (name, value), secure }) => {
            let secure = if secure { "; Secure" } else { "" };
            let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}{secure}");
            redirect(&url, Some(&cookie))
        }
        Err(error) => failed(&error),
    }
}

async fn end(app: &App, callback: Callback) -> Response {
    match app.engine.end_flow(callback).await {
        Ok(Ended { connected, integration, return_url: Some(url), .. }) => {
            let separator = if url.contains('?') { '&' } else { '?' };
            let status = if connected { "connected" } else { "failed" };
            let integration = integration.map(|id| format!("&integration={id}")).unwrap_or_default();
            redirect(&format!("{url}{separator}status={status}{integration}"), None)
        }
        Ok(Ended { connected: true, text, .. }) => Page::said("Connected", &text).answer(StatusCode::OK),
        Ok(Ended { text, .. }) => Page::said("Not connected", &text).answer(StatusCode::BAD_REQUEST),
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> Response {
    let status = status::of_error(error.kind);
    if matches!(error.kind, ErrorKind::Internal | ErrorKind::Corrupt) {
        tracing::error!(%error, "a sign-in failed");
        return Page::said("Not connected", "Something failed on our side. Try again later.").answer(status);
    }
    Page::said("Not connected", &error.message).answer(status)
}

/// Nothing of the address that it came from is told to where it goes.
fn redirect(url: &str, cookie: Option<&str>) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else {
        return Page::said("Not connected", &escape("the address to go on to holds a line break"))
            .answer(StatusCode::BAD_REQUEST);
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

/// Names and values of the cookies (RFC 6265 §5.4).
fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(axum::http::header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
