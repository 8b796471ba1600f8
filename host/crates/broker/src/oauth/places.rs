//! Where a provider's endpoints are for one integration: the manifest's URLs with its settings in
//! them, or under the base that the operator allowed in their place.

use gatehouse_domain::manifest::OAuth;
use gatehouse_domain::{Error, Problem, Result};
use serde_json::{Map, Value};
use url::Url;

use crate::broker::Broker;
use crate::egress::policy::{BASE_URL, operators};
use crate::egress::template;

/// The endpoints of one integration.
#[derive(Debug, Clone)]
pub struct Places {
    pub(crate) authorize: Option<Url>,
    pub(crate) token: Url,
    pub(crate) revoke: Option<String>,
    pub(crate) lookup: Option<Url>,
    /// Who the provider says it is.
    pub issuer: Option<String>,
    /// The operator's origin; none for the public network.
    pub(crate) origin: Option<String>,
}

/// Where `{token}` stands while the rest of the URL is read.
pub(crate) const TOKEN: &str = "{token}";

impl Broker {
    /// The endpoints that `rules` name with these settings.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the setting at fault.
    pub fn oauth_places(&self, rules: &OAuth, settings: &Map<String, Value>) -> Result<Places> {
        let wrong = |problem| Error::problems("the settings name no place to sign in", vec![problem]);
        let base = match settings.get(BASE_URL).filter(|value| !value.is_null()) {
            Some(named) => Some(operators(named, &self.shared.origins).map_err(wrong)?),
            None => None,
        };
        let place = |template: &str| expand(template, settings, base.as_ref()).map_err(wrong);
        let url = |template: &str| parse(&place(template)?);
        let issuer = |issuer: &String| match &base {
            Some(_) => place(issuer),
            None => Ok(issuer.clone()),
        };
        Ok(Places {
            authorize: rules.authorize_url.as_deref().map(url).transpose()?,
            token: url(&rules.token_url)?,
            revoke: rules.revoke.as_ref().map(|revoke| place(&revoke.url)).transpose()?,
            lookup: rules.lookup.as_ref().map(|lookup| url(&lookup.url)).transpose()?,
            issuer: rules.issuer.as_ref().map(issuer).transpose()?,
            origin: base.map(|base| base.origin().ascii_serialization()),
        })
    }
}

/// A text of the manifest's with its `{setting}` placeholders filled; none where one is not set.
pub fn fill_text(text: &str, settings: &Map<String, Value>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(settings.get(name)?.as_str()?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

pub(crate) fn parse(text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|_| Error::invalid(format!("`{text}` in the manifest's `oauth` is no URL")))?;
    if url.as_str().trim_end_matches('/') == text.trim_end_matches('/') {
        return Ok(url);
    }
    Err(Error::invalid(format!("`{text}` in the manifest's `oauth` is read as `{url}`; write it so")))
}

fn expand(template: &str, settings: &Map<String, Value>, base: Option<&Url>) -> std::result::Result<String, Problem> {
    let rest = template.strip_prefix("https://").unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let origin = match base {
        Some(base) => base.as_str().trim_end_matches('/').to_owned(),
        None => {
            let host = template::expand(host, settings).map_err(|unfilled| {
                let path = unfilled.setting.map_or_else(|| "$.oauth".to_owned(), |name| format!("$.settings.{name}"));
                Problem::at(path, unfilled.message)
            })?;
            format!("https://{host}")
        }
    };
    let segments: std::result::Result<Vec<String>, Problem> =
        path.split('/').map(|segment| expand_segment(segment, settings)).collect();
    Ok(format!("{origin}{}", segments?.join("/")))
}

fn expand_segment(segment: &str, settings: &Map<String, Value>) -> std::result::Result<String, Problem> {
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(name) = name.filter(|_| segment != TOKEN) else { return Ok(segment.to_owned()) };
    let value = settings.get(name).and_then(Value::as_str).unwrap_or_default();
    let plain = (1..=128).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !value.bytes().all(|b| b == b'.');
    if plain {
        return Ok(value.to_owned());
    }
    let message =
        "is needed for the provider's address and must be 1 to 128 letters, digits, dashes, dots and underscores";
    Err(Problem::at(format!("$.settings.{name}"), message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(template: &str, base: Option<&str>, expect: std::result::Result<&str, &str>) {
        let Value::Object(settings) =
            json!({ "shop": "my-shop", "tenant": "a.b_C", "dots": "..", "path": "a/b", "host": "a.b" })
        else {
            return;
        };
        let base = base.map(|base| Url::parse(base).unwrap());
        match (expand(template, &settings, base.as_ref()), expect) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(problem), Err(part)) => assert!(problem.path.contains(part), "{problem:?}"),
            (other, _) => panic!("{template}: {other:?}"),
        }
    }

    #[test]
    fn settings_choose_an_account_and_never_a_place() {
        check("https://{shop}.acme.example/oauth", None, Ok("https://my-shop.acme.example/oauth"));
        check("https://login.acme.example/{tenant}/token", None, Ok("https://login.acme.example/a.b_C/token"));
        check("https://api.acme.example/tokens/{token}", None, Ok("https://api.acme.example/tokens/{token}"));
        check("https://{host}.acme.example/t", None, Err("$.settings.host"));
        check("https://login.acme.example/{dots}/t", None, Err("$.settings.dots"));
        check("https://login.acme.example/{path}/t", None, Err("$.settings.path"));
        check("https://login.acme.example/{absent}/t", None, Err("$.settings.absent"));
        check("https://{absent}.acme.example/t", Some("http://127.0.0.1:9/x/"), Ok("http://127.0.0.1:9/x/t"));
    }
}
