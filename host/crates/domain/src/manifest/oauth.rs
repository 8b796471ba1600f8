//! How a provider's OAuth 2 works, as data. The host does all of it: a gateway sees neither a
//! token nor a code, only the facts that are kept under names.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod capture;
mod check;
mod client;
mod revoke;

pub use capture::{Capture, CaptureFrom, Lookup};
pub use client::{Assertion, AssertionAlgorithm, Client, ClientAuth, ClientFrom};
pub use revoke::{Revoke, RevokeAuth, RevokePlace, RevokeToken};

/// The rules of one provider's OAuth. In its URLs `{setting}` stands for one DNS label of the
/// host, or for one segment of the path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// The ways to a token that the host may go, the preferred one first.
    pub grants: Vec<Grant>,
    /// Where a person agrees; needed by `authorization_code`.
    #[serde(default)]
    pub authorize_url: Option<String>,
    /// Where tokens are given out.
    pub token_url: String,
    /// The same places of the provider's sandbox, for integrations of `environment: sandbox`.
    #[serde(default)]
    pub sandbox: Option<Sandbox>,
    /// Who the provider says it is (RFC 9207). A callback with an `iss` that is not this is refused,
    /// also where nothing is written here.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Whether a callback without `iss` is refused: where the provider always sends it.
    #[serde(default)]
    pub issuer_required: bool,
    /// The least scopes that the gateway works with.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What stands between two scopes (default a space).
    #[serde(default = "space")]
    pub scope_separator: String,
    /// Whether the code is bound to us by PKCE (RFC 7636, default S256).
    #[serde(default)]
    pub pkce: Pkce,
    /// Further parameters of the consent page's URL, such as `access_type = "offline"`.
    #[serde(default)]
    pub authorize_parameters: BTreeMap<String, String>,
    /// Who we are to the provider, and how we prove it.
    #[serde(default)]
    pub client: Client,
    /// What we sign, for `jwt_bearer` and for `client.auth = "private_key_jwt"`.
    #[serde(default)]
    pub assertion: Option<Assertion>,
    /// How the token endpoint is asked and how it answers.
    #[serde(default)]
    pub token: TokenRules,
    /// What the provider adds to the callback.
    #[serde(default)]
    pub callback: CallbackRules,
    /// What is kept of the provider's answers, in the open. Everything else is dropped.
    #[serde(default)]
    pub capture: Vec<Capture>,
    /// A further request that says whose token it is, where the answer with the token does not.
    #[serde(default)]
    pub lookup: Option<Lookup>,
    /// How the provider is told that a token is not needed any more.
    #[serde(default)]
    pub revoke: Option<Revoke>,
}

/// A way to a token (RFC 6749, RFC 7523).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person agrees on the provider's page (RFC 6749 §4.1).
    AuthorizationCode,
    /// We ask in our own name (RFC 6749 §4.4).
    ClientCredentials,
    /// We show something that we signed (RFC 7523 §2.1).
    JwtBearer,
}

/// The places of a provider's sandbox; what is absent is as in the live world.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Where a person agrees.
    #[serde(default)]
    pub authorize_url: Option<String>,
    /// Where tokens are given out.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Where tokens are given back.
    #[serde(default)]
    pub revoke_url: Option<String>,
    /// Where it is asked whose token it is.
    #[serde(default)]
    pub lookup_url: Option<String>,
    /// Who the provider says it is.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Whom an assertion is for.
    #[serde(default)]
    pub audience: Option<String>,
}

/// Whether a code is bound to the one who asked for it (RFC 7636).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    /// By a SHA-256 challenge.
    #[default]
    S256,
    /// Not at all, as the provider refuses the parameters.
    Refused,
}

/// How the token endpoint is asked and how it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenRules {
    /// How a request is written (default a form, as RFC 6749 says).
    pub body: TokenBody,
    /// Further parameters of every request, such as `expiring = "1"`.
    pub parameters: BTreeMap<String, String>,
    /// The token types that may be used as the scheme attaches them, in any case (default
    /// `bearer`). An answer with another is refused; one that names none is taken.
    pub types: Vec<String>,
    /// Where the access token stands in the answer, as a JSON pointer (default `/access_token`).
    pub access_token: String,
    /// How long an access token is good where the answer does not say, in seconds. Where this is
    /// absent too, it is taken to be good until the provider refuses it.
    pub lifetime_seconds: Option<u32>,
    /// How long a refresh token is good that is not used, in seconds. The host uses it in time, also
    /// where nobody calls; where this is absent, as if it were 30 days.
    pub refresh_lifetime_seconds: Option<u32>,
    /// How long a person's consent is good however often tokens are renewed, in seconds: an event
    /// tells before it ends. Absent where it does not end by itself.
    pub consent_lifetime_seconds: Option<u32>,
    /// Whether each refresh gives a new refresh token and ends the old one (default no). Where
    /// the provider sends a new one, it is kept whatever stands here.
    pub rotates: bool,
    /// Codes of errors that mean, as `invalid_grant` does, that a person has to agree again.
    pub expired_codes: Vec<String>,
}

/// How a request to the token endpoint is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenBody {
    /// `application/x-www-form-urlencoded`.
    #[default]
    Form,
    /// `application/json`.
    Json,
}

/// What a provider adds to the callback, and how it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallbackRules {
    /// Parameters that must have this value, with `{setting}` placeholders, such as
    /// `shop = "{shop}.acme.example"`.
    pub expect: BTreeMap<String, String>,
    /// The parameter with the hexadecimal HMAC-SHA-256, under the client's secret, of all the
    /// others, sorted by name and joined as `name=value` by `&`.
    pub hmac: Option<String>,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            body: TokenBody::Form,
            parameters: BTreeMap::new(),
            types: vec!["bearer".to_owned()],
            access_token: "/access_token".to_owned(),
            lifetime_seconds: None,
            refresh_lifetime_seconds: None,
            consent_lifetime_seconds: None,
            rotates: false,
            expired_codes: Vec::new(),
        }
    }
}

fn space() -> String {
    " ".to_owned()
}

impl OAuth {
    /// Whether `grant` is one of its ways.
    pub fn grants(&self, grant: Grant) -> bool {
        self.grants.contains(&grant)
    }

    /// The way to a token for which no person is needed, where there is one.
    pub fn own_grant(&self) -> Option<Grant> {
        self.grants.iter().copied().find(|grant| *grant != Grant::AuthorizationCode)
    }

    /// The scopes as the provider writes them.
    pub fn scope(&self) -> String {
        self.scopes.join(&self.scope_separator)
    }

    /// Every URL, with its place in the manifest.
    pub fn urls(&self) -> Vec<(&'static str, &str)> {
        let sandbox = self.sandbox.as_ref();
        let all = [
            ("$.oauth.authorize_url", self.authorize_url.as_deref()),
            ("$.oauth.token_url", Some(self.token_url.as_str())),
            ("$.oauth.revoke.url", self.revoke.as_ref().map(|revoke| revoke.url.as_str())),
            ("$.oauth.lookup.url", self.lookup.as_ref().map(|lookup| lookup.url.as_str())),
            ("$.oauth.sandbox.authorize_url", sandbox.and_then(|places| places.authorize_url.as_deref())),
            ("$.oauth.sandbox.token_url", sandbox.and_then(|places| places.token_url.as_deref())),
            ("$.oauth.sandbox.revoke_url", sandbox.and_then(|places| places.revoke_url.as_deref())),
            ("$.oauth.sandbox.lookup_url", sandbox.and_then(|places| places.lookup_url.as_deref())),
        ];
        all.into_iter().filter_map(|(path, url)| url.map(|url| (path, url))).collect()
    }

    /// The same rules with the sandbox's places.
    #[must_use]
    pub fn in_sandbox(&self) -> Self {
        let mut rules = self.clone();
        let Some(places) = rules.sandbox.take() else { return rules };
        rules.authorize_url = places.authorize_url.or(rules.authorize_url);
        rules.token_url = places.token_url.unwrap_or(rules.token_url);
        rules.issuer = places.issuer.or(rules.issuer);
        if let (Some(revoke), Some(url)) = (&mut rules.revoke, places.revoke_url) {
            revoke.url = url;
        }
        if let (Some(lookup), Some(url)) = (&mut rules.lookup, places.lookup_url) {
            lookup.url = url;
        }
        if let (Some(assertion), Some(audience)) = (&mut rules.assertion, places.audience) {
            assertion.audience = audience;
        }
        rules
    }

    /// The names of all facts that are kept.
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        let looked_up = self.lookup.iter().flat_map(|lookup| &lookup.capture);
        self.capture.iter().chain(looked_up).map(|capture| capture.name.as_str())
    }

    /// What is signed, with the claims that are fixed.
    pub fn claims(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.assertion.iter().flat_map(|assertion| &assertion.claims)
    }
}
