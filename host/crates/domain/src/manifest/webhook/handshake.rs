//! Requests by which a provider tests an endpoint. The host answers them; no gateway sees them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::Place;
use super::signature::{HmacAlgorithm, SignatureEncoding};

/// A request that the host answers by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handshake {
    /// The request's method.
    pub method: HandshakeMethod,
    /// What else tells it from a delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Where the challenge is; a request without one is no handshake. At most 4 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<Place>,
    /// Whether the request has to verify as a delivery does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
    /// A text that has to be equal to a credential field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenCheck>,
    /// A keyed hash of the challenge, for the answer's `{hash}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// The credential field under which the challenge is kept, sealed, as the endpoint's own secret.
    /// One that is there already is never replaced by a request that does not verify with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
    /// A request by which the host confirms the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// What is answered, with 200.
    #[serde(default)]
    pub answer: Answer,
}

/// The method of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HandshakeMethod {
    /// `GET`, and `HEAD` with it.
    Get,
    /// `POST`.
    Post,
}

/// A text that a request has in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The place.
    pub at: Place,
    /// The text.
    pub equals: String,
}

/// A text that has to be equal to a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenCheck {
    /// Where it is.
    pub at: Place,
    /// The credential field.
    pub secret: String,
}

/// A keyed hash of the challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hash {
    /// The hash.
    pub algorithm: HmacAlgorithm,
    /// The credential field with the key; the first of several.
    pub secret: String,
    /// How it is written.
    pub encoding: SignatureEncoding,
}

/// A `GET` by which the host confirms an endpoint, at an address that the request names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// Where the address is. It has to be `https`, on one of `hosts`, and the request has to verify.
    pub url: Place,
    /// The hosts, as in a certificate's rules.
    pub hosts: Vec<String>,
}

/// What a handshake is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Text in which `{challenge}` and `{hash}` are filled in; as `text/plain`.
    Text(String),
    /// A JSON object of texts in which `{challenge}` and `{hash}` are filled in.
    Json(BTreeMap<String, String>),
    /// No body.
    Empty,
}

impl Default for Answer {
    fn default() -> Self {
        Self::Text("{challenge}".to_owned())
    }
}

impl Handshake {
    /// The credential fields that it needs.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let token = self.token.as_ref().map(|token| token.secret.as_str());
        let hash = self.hash.as_ref().map(|hash| hash.secret.as_str());
        token.into_iter().chain(hash).chain(self.keep.as_deref())
    }
}
