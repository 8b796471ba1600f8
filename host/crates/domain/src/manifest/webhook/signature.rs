//! How signatures, keys and timestamps are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The hash of an HMAC (RFC 2104).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
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
        /// What stands between the pairs.
        #[serde(default = "comma", skip_serializing_if = "is_comma")]
        separator: char,
    },
}

fn comma() -> char {
    ','
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_comma(separator: &char) -> bool {
    *separator == ','
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal, of either case.
    Hex,
    /// Base64 (RFC 4648 §4).
    Base64,
    /// Base64 for URLs without padding (RFC 4648 §5).
    Base64url,
}

/// How a secret or key is written in its credential field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// Its bytes are the key.
    #[default]
    Text,
    /// Hexadecimal.
    Hex,
    /// Base64 (RFC 4648 §4).
    Base64,
}

impl TextEncoding {
    /// Whether it is the default, which is not written.
    pub fn is_default(&self) -> bool {
        *self == Self::Text
    }
}

/// How a timestamp is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimestampUnit {
    /// Seconds since 1970.
    #[default]
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// A date and time as RFC 3339 has it.
    Rfc3339,
}

impl TimestampUnit {
    /// Whether it is the default, which is not written.
    pub fn is_default(&self) -> bool {
        *self == Self::Seconds
    }
}
