//! Who we are to a provider's authorization server, and how we prove it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Our registration with the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// Whose registration it is.
    pub from: ClientFrom,
    /// How we prove that it is ours (default `basic`).
    pub auth: ClientAuth,
    /// With `from = "credential"`, the credential field with the client's id.
    pub id: Option<String>,
    /// The credential field with its secret.
    pub secret: Option<String>,
    /// The credential field with its private key: PKCS#8 in PEM.
    pub private_key: Option<String>,
    /// The credential field with the id of that key.
    pub key_id: Option<String>,
}

/// Whose registration it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrom {
    /// The app that the operator registered for all tenants, or a tenant's own.
    #[default]
    App,
    /// Each integration brings its own, as part of its credential.
    Credential,
}

/// How a client proves who it is (RFC 6749 §2.3, RFC 7523 §2.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic` of id and secret, each form-encoded first.
    #[default]
    Basic,
    /// `Authorization: Basic` of the secret alone, as a user name without a password.
    BasicSecret,
    /// `client_id` and `client_secret` in the body.
    Body,
    /// A signed assertion (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// `client_id` in the body and no secret: a public client, which PKCE protects.
    None,
}

/// What we sign. Every text may hold `{client_id}`, `{scope}` and `{setting}` placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// How it is signed.
    pub algorithm: AssertionAlgorithm,
    /// Whom it is for: `issuer`, `token_url`, or a text of the provider's own.
    pub audience: String,
    /// Who speaks (default `{client_id}`).
    #[serde(default = "client_id")]
    pub issuer: String,
    /// For whom (default `{client_id}`).
    #[serde(default = "client_id")]
    pub subject: String,
    /// How long it is good, in seconds (default 300, at most 3,600).
    #[serde(default = "five_minutes")]
    pub lifetime_seconds: u32,
    /// Further claims, such as `scope = "{scope}"`.
    #[serde(default)]
    pub claims: BTreeMap<String, Value>,
}

/// How an assertion is signed (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssertionAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA over P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

impl Client {
    /// The credential fields that it names.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        [&self.id, &self.secret, &self.private_key, &self.key_id].into_iter().filter_map(Option::as_deref)
    }
}

fn client_id() -> String {
    "{client_id}".to_owned()
}

fn five_minutes() -> u32 {
    300
}
