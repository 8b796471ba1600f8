//! Asking for a token: a code, a refresh token or our own word for an access token.

use std::time::Duration;

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::manifest::oauth::{ClientAuth, Grant};
use gatehouse_domain::manifest::{AuthScheme, OAuth};
use gatehouse_domain::time::Timestamp;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::answer::{self, Issued, TokenError};
use super::assertion;
use super::client::{OAuthClient, Pairs};
use super::exchange::{Exchange, within};
use super::places::Places;
use crate::broker::Broker;
use crate::scrub::Scrubber;
use crate::secret::Secret;

/// The longest that one request may take. A lease on a refresh is longer.
const LONGEST: Duration = Duration::from_secs(30);
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// For whom it is asked, and by which rules.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The provider's rules.
    pub rules: &'a OAuth,
    /// The plugin's auth schemes: the first that attaches an access token is used for look-ups.
    pub schemes: &'a [AuthScheme],
    /// Its endpoints.
    pub places: &'a Places,
    /// The integration's settings.
    pub settings: &'a Map<String, Value>,
    /// Who we are.
    pub client: &'a OAuthClient,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which integration.
    pub integration: IntegrationId,
    /// The time.
    pub now: Timestamp,
    /// When the answer has to be there; never more than 30 s from now.
    pub deadline: Instant,
}

/// What is offered for a token.
pub enum Ask<'a> {
    /// The code of a callback (RFC 6749 §4.1.3).
    Code {
        /// The code.
        code: &'a Secret,
        /// Where it was sent to.
        redirect_uri: &'a str,
        /// What the challenge was made of.
        verifier: Option<&'a Secret>,
    },
    /// A refresh token (RFC 6749 §6).
    Refresh(&'a Secret),
    /// Our own word: client credentials or an assertion.
    Own(Grant),
}

impl Broker {
    /// Asks the token endpoint.
    ///
    /// # Errors
    /// Why there is no token, and whether asking again can help.
    pub async fn ask_for_token(&self, asking: &Asking<'_>, ask: &Ask<'_>) -> Result<Issued, TokenError> {
        let asking = Asking { deadline: within(asking.deadline, LONGEST), ..*asking };
        let (headers, pairs) = prepare(&asking, ask)?;
        let exchange = Exchange {
            method: Method::POST,
            url: asking.places.token.clone(),
            headers,
            body: Some((asking.rules.token.body, pairs)),
        };
        let reply = self.exchange(&asking, exchange).await?;
        answer::read(asking.rules, reply.status, &reply.body, asking.now).map_err(|error| clean(error, &asking, ask))
    }
}

fn prepare(asking: &Asking<'_>, ask: &Ask<'_>) -> Result<(HeaderMap, Pairs), TokenError> {
    let mut pairs: Pairs = Vec::new();
    let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), Zeroizing::new(value.to_owned())));
    let sign = || assertion::sign(asking.rules, asking.places, asking.client, asking.settings, asking.now);
    match ask {
        Ask::Code { code, redirect_uri, verifier } => {
            add("grant_type", "authorization_code");
            add("code", text(code)?);
            add("redirect_uri", redirect_uri);
            if let Some(verifier) = verifier {
                add("code_verifier", text(verifier)?);
            }
        }
        Ask::Refresh(token) => {
            add("grant_type", "refresh_token");
            add("refresh_token", text(token)?);
        }
        Ask::Own(Grant::JwtBearer) => {
            add("grant_type", JWT_BEARER);
            add("assertion", &sign()?);
        }
        Ask::Own(_) => {
            add("grant_type", "client_credentials");
            if !asking.rules.scopes.is_empty() {
                add("scope", &asking.rules.scope());
            }
        }
    }
    for (name, value) in &asking.rules.token.parameters {
        add(name, value);
    }
    let mut headers = HeaderMap::new();
    // An assertion as the grant says who we are already (RFC 7523 §3).
    if !matches!(ask, Ask::Own(Grant::JwtBearer)) {
        if asking.rules.client.auth == ClientAuth::PrivateKeyJwt {
            add("client_assertion_type", CLIENT_ASSERTION);
            add("client_assertion", &sign()?);
        }
        asking.client.prove(asking.rules.client.auth, &mut headers, &mut pairs)?;
    }
    Ok((headers, pairs))
}

fn text(secret: &Secret) -> Result<&str, TokenError> {
    secret.expose_text().ok_or_else(|| TokenError::refused("a kept token is no text"))
}

/// The error without any secret that the provider may have repeated.
fn clean(error: TokenError, asking: &Asking<'_>, ask: &Ask<'_>) -> TokenError {
    let mut secrets: Vec<&[u8]> = asking.client.secrets().map(Secret::expose).collect();
    match ask {
        Ask::Code { code, verifier, .. } => {
            secrets.push(code.expose());
            secrets.extend(verifier.map(Secret::expose));
        }
        Ask::Refresh(token) => secrets.push(token.expose()),
        Ask::Own(_) => {}
    }
    let scrubber = Scrubber::new(secrets);
    let scrub = |text: String| scrubber.scrub_text(&text);
    match error {
        TokenError::Expired(text) => TokenError::Expired(scrub(text)),
        TokenError::Refused(text) => TokenError::Refused(scrub(text)),
        TokenError::Busy(text) => TokenError::Busy(scrub(text)),
        TokenError::Lost(text) => TokenError::Lost(scrub(text)),
    }
}
