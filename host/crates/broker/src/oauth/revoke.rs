//! Giving a token back (RFC 7009), or the provider's own way of doing so.

use std::time::Duration;

use gatehouse_domain::manifest::oauth::{Revoke, RevokeAuth, RevokePlace, RevokeToken, TokenBody};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use percent_encoding::percent_encode;
use url::Url;
use zeroize::Zeroizing;

use super::answer::TokenError;
use super::ask::Asking;
use super::client::{Pairs, header};
use super::exchange::{Exchange, within};
use super::lookup::attached;
use super::places::{TOKEN, parse};
use crate::broker::Broker;
use crate::egress::url::ENCODED;
use crate::secret::Secret;

const LONGEST: Duration = Duration::from_secs(15);

impl Broker {
    /// Gives a token back. Where the provider knows no way, nothing is done.
    ///
    /// # Errors
    /// [`TokenError::Refused`] where the provider does not take it back, else why it was not told.
    pub async fn revoke_token(
        &self,
        asking: &Asking<'_>,
        access: &Secret,
        refresh: Option<&Secret>,
    ) -> Result<(), TokenError> {
        let (Some(rules), Some(place)) = (&asking.rules.revoke, &asking.places.revoke) else { return Ok(()) };
        let asking = Asking { deadline: within(asking.deadline, LONGEST), ..*asking };
        let token = match rules.token {
            RevokeToken::Refresh => refresh.unwrap_or(access),
            RevokeToken::Access => access,
        };
        let reply = self.exchange(&asking, request(&asking, rules, place, token, access)?).await?;
        match reply.status {
            200..=299 => Ok(()),
            // What is gone needs no giving back (RFC 7009 §2.2).
            404 | 410 => Ok(()),
            429 | 500..=599 => Err(TokenError::Busy(format!("the provider answered {}", reply.status))),
            status => Err(TokenError::Refused(format!("the provider answered {status}"))),
        }
    }
}

fn request(
    asking: &Asking<'_>,
    rules: &Revoke,
    place: &str,
    token: &Secret,
    access: &Secret,
) -> Result<Exchange, TokenError> {
    let text = Zeroizing::new(token.expose_text().unwrap_or_default().to_owned());
    let mut url = place_of(rules, place, token)?;
    let mut pairs: Pairs = Vec::new();
    match rules.place {
        RevokePlace::Form | RevokePlace::Json => pairs.push((rules.parameter.clone(), text)),
        RevokePlace::Query => drop(url.query_pairs_mut().append_pair(&rules.parameter, &text)),
        RevokePlace::Path | RevokePlace::Header => {}
    }
    let headers = prove(asking, rules, access, &mut url, &mut pairs)?;
    let form = if rules.place == RevokePlace::Json { TokenBody::Json } else { TokenBody::Form };
    let method = match rules.method.as_str() {
        "DELETE" => Method::DELETE,
        "GET" => Method::GET,
        _ => Method::POST,
    };
    let body = (method == Method::POST).then_some((form, pairs));
    Ok(Exchange { method, url, headers, body })
}

fn place_of(rules: &Revoke, place: &str, token: &Secret) -> Result<Url, TokenError> {
    let wrong = || TokenError::refused("the manifest's `oauth.revoke.url` is no URL with this token in it");
    if rules.place != RevokePlace::Path {
        return parse(place).map_err(|_| wrong());
    }
    let encoded = Zeroizing::new(percent_encode(token.expose(), ENCODED).to_string());
    Url::parse(&Zeroizing::new(place.replace(TOKEN, &encoded))).map_err(|_| wrong())
}

fn prove(
    asking: &Asking<'_>,
    rules: &Revoke,
    access: &Secret,
    url: &mut Url,
    pairs: &mut Pairs,
) -> Result<HeaderMap, TokenError> {
    let mut headers = HeaderMap::new();
    let client = asking.client;
    let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), Zeroizing::new(value.to_owned())));
    match rules.auth {
        RevokeAuth::Client => client.prove(asking.rules.client.auth, &mut headers, pairs)?,
        RevokeAuth::Body => {
            add("client_id", &client.id);
            add("client_secret", client.secret_text()?);
        }
        RevokeAuth::ClientHeader => {
            add("client_id", &client.id);
            headers.insert(AUTHORIZATION, header("Client ", client.secret_text()?)?);
        }
        RevokeAuth::Scheme => headers = attached(asking.schemes, access, url)?,
        RevokeAuth::None => {}
    }
    Ok(headers)
}
