//! How a provider's webhooks are verified, as data. The host verifies the raw bytes;
//! plugin code sees only what passed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rules for one provider's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRules {
    /// How a delivery proves where it comes from.
    pub verify: Verify,
    /// Where the provider's id of a delivery is: a JSON pointer (RFC 6901) into the body.
    /// Deliveries without one are told apart by their bytes.
    #[serde(default)]
    pub dedupe: Option<String>,
    /// The provider's names of the events that the gateway understands, for the permission sheet.
    #[serde(default)]
    pub events: Vec<String>,
}

/// How a delivery proves where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Verify {
    /// A keyed hash over a template of the raw body and other parts.
    Hmac {
        /// The hash.
        algorithm: HmacAlgorithm,
        /// The credential field with the signing secret. It may hold several, one a line,
        /// while a secret is being rolled.
        secret: String,
        /// The header with the signature.
        header: String,
        /// How the header is written.
        #[serde(default)]
        format: SignatureFormat,
        /// How the signature is written.
        encoding: SignatureEncoding,
        /// What is signed: `{body}`, `{timestamp}` and literal text.
        signed: String,
        /// The header with the timestamp, where it is not part of the signature header.
        #[serde(default)]
        timestamp_header: Option<String>,
        /// How far the timestamp may be from now, in seconds. Needed where there is one.
        #[serde(default)]
        tolerance_seconds: Option<u32>,
    },
}

/// The hash of an HMAC (RFC 2104).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-1, for providers that have nothing better.
    Sha1,
}

/// How a signature header is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case", tag = "style", deny_unknown_fields)]
pub enum SignatureFormat {
    /// The signature alone.
    #[default]
    Plain,
    /// A prefix, then the signature: `v0=…`.
    Prefixed {
        /// The prefix.
        prefix: String,
    },
    /// `t=1700000000,v1=…,v1=…`: pairs, in which a signature may occur several times.
    Pairs {
        /// The name of the timestamp.
        timestamp: String,
        /// The name of a signature.
        signature: String,
    },
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal, of either case.
    Hex,
    /// Base64 (RFC 4648 §4).
    Base64,
}

impl Verify {
    /// The headers that carry the proof, in lower case; a gateway does not get to see them.
    pub fn headers(&self) -> Vec<String> {
        match self {
            Self::Hmac { header, timestamp_header, .. } => {
                let names = std::iter::once(header).chain(timestamp_header);
                names.map(|name| name.to_ascii_lowercase()).collect()
            }
        }
    }

    /// The credential field that holds the secret.
    pub fn secret(&self) -> &str {
        match self {
            Self::Hmac { secret, .. } => secret,
        }
    }
}
