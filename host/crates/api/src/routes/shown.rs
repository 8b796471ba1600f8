//! What plugins show of themselves: icons, texts and screenshots, each by its bytes. They come from
//! whoever wrote the plugin, so a browser is told to run nothing of them.

use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::plugin::shown::{Part, Shown};
use gatehouse_domain::{Error, Result};
use gatehouse_engine::Caller;
use gatehouse_engine::market::{Content, Which};
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::versions::read_version;
use crate::guard::By;
use crate::problem::Failure;
use crate::router::App;

/// The query parameters.
pub(crate) const QUERY: &[(&str, &str)] = &[
    (
        "version",
        "Of which version; where absent, of the newest that is neither yanked nor deprecated nor a pre-release.",
    ),
    ("digest", "What a plugin's `shown` gives: the answer to this address never changes, so it is kept for a year."),
];

/// Nothing of it runs, loads or is framed, even where it is opened by itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// How many hexadecimal digits of the digest make a tag.
const TAG: usize = 32;

#[derive(Deserialize)]
pub(crate) struct Asked {
    version: Option<String>,
    digest: Option<String>,
}

/// Where to get what a version shows, under the API's own address.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Shown")]
pub(crate) struct View {
    /// An SVG image.
    icon: Option<String>,
    /// Text in Markdown. It is the author's: who shows it as HTML has to make that safe.
    readme: Option<String>,
    /// Text in Markdown.
    changelog: Option<String>,
    /// PNG and JPEG images.
    screenshots: Vec<String>,
}

impl View {
    /// The addresses of what a version shows.
    pub(super) fn of(plugin: &str, version: &Version, shown: &Shown) -> Self {
        let address = |what: &str, part: &Part| {
            format!("/api/v1/plugins/{plugin}/{what}?version={version}&digest={}", part.digest)
        };
        let version_of = |what: &str, part: &Option<Part>| part.as_ref().map(|part| address(what, part));
        let screenshots = shown.screenshots.iter().zip(1..);
        Self {
            icon: version_of("icon", &shown.icon),
            readme: version_of("readme", &shown.readme),
            changelog: version_of("changelog", &shown.changelog),
            screenshots: screenshots.map(|(part, number)| address(&format!("screenshots/{number}"), part)).collect(),
        }
    }
}

pub(crate) async fn icon(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    give((&app, &caller), &plugin, (Which::Icon, "icon"), &asked, &headers).await
}

pub(crate) async fn readme(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    give((&app, &caller), &plugin, (Which::Readme, "readme"), &asked, &headers).await
}

pub(crate) async fn changelog(
    State(app): State<App>,
    By(caller): By,
    Path(plugin): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    give((&app, &caller), &plugin, (Which::Changelog, "changelog"), &asked, &headers).await
}

pub(crate) async fn screenshot(
    State(app): State<App>,
    By(caller): By,
    Path((plugin, number)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    // What is no number names no screenshot either.
    let which = Which::Screenshot(number.parse().unwrap_or_default());
    give((&app, &caller), &plugin, (which, "screenshot"), &asked, &headers).await
}

async fn give(
    (app, caller): (&App, &Caller),
    plugin: &str,
    (which, name): (Which, &str),
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let version = asked.version.as_deref().map(|text| read_version("?version", text)).transpose()?;
    let Content { part, bytes } = app.engine.shown_part(caller, plugin, version.as_ref(), which).await?;
    if asked.digest.as_ref().is_some_and(|digest| *digest != part.digest) {
        return Err(Error::not_found("such content of the plugin", plugin).into());
    }
    let tag = format!("\"{}\"", part.digest.get(..TAG).unwrap_or(&part.digest));
    // Named by its digest it never changes; by its version alone it has to be asked for again.
    let kept = if asked.digest.is_some() { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let always = [(ETAG, tag.clone()), (CACHE_CONTROL, kept.to_owned())];
    if known.is_some_and(|known| is_among(known, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, always).into_response());
    }
    let file = format!("attachment; filename=\"{name}.{}\"", part.media.extension());
    let own: [(HeaderName, String); 4] = [
        (CONTENT_TYPE, part.media.name().to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((always, own, bytes).into_response())
}

/// Whether a tag is named; for reading, weak ones are as good (RFC 9110 §13.1.2).
fn is_among(named: &str, tag: &str) -> bool {
    named.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_already_is_recognised() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_among(known, "\"a\""), "{known}");
        }
        for other in ["", "a", "\"b\"", "\"aa\""] {
            assert!(!is_among(other, "\"a\""), "{other}");
        }
    }
}
