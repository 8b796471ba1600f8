//! The ways in which a delivery proves where it comes from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::Place;
use super::signature::{HmacAlgorithm, SignatureEncoding, SignatureFormat, TextEncoding, TimestampUnit};
use super::template::Template;
use crate::webhook::Trust;

/// How a delivery proves where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Verify {
    /// A keyed hash over a template of the raw body and other parts.
    Hmac(Hmac),
    /// A signature that a public key among the credential's fields verifies.
    PublicKey(PublicKey),
    /// A signature whose certificate is fetched from an address that the delivery names.
    Certificate(Certificate),
    /// Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks(StandardWebhooks),
    /// A JSON Web Token (RFC 7519).
    Jwt(Jwt),
    /// A text that only the provider and we know. The bytes are not signed.
    Token(Token),
    /// HTTP Basic (RFC 7617). The bytes are not signed.
    Basic(Basic),
    /// Nothing at all but the address, which nobody else knows: such a delivery is believed to
    /// say that something happened, and nothing more.
    Unsigned {},
}

/// A keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hmac {
    /// The hash.
    pub algorithm: HmacAlgorithm,
    /// The credential field with the signing secret. It may hold several, one a line,
    /// while a secret is being rolled.
    pub secret: String,
    /// How the secret is written.
    #[serde(default, skip_serializing_if = "TextEncoding::is_default")]
    pub secret_encoding: TextEncoding,
    /// Where the signature is: mostly a header. Of several headers (`X-Signature-*`) one has to fit.
    pub header: Place,
    /// How it is written.
    #[serde(default)]
    pub format: SignatureFormat,
    /// How the signature is encoded.
    pub encoding: SignatureEncoding,
    /// What is signed.
    pub signed: Template,
    /// Where the timestamp is, where it is not part of the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<Place>,
    /// How the timestamp is written.
    #[serde(default, skip_serializing_if = "TimestampUnit::is_default")]
    pub timestamp_unit: TimestampUnit,
    /// How far the timestamp may be from now, in seconds. Needed where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,
    /// Where a hash of the raw body is, which has to be right; it is needed for a body that is no
    /// form where only a form would be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<BodyHash>,
}

/// A hash of the raw body that a delivery carries in a signed place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyHash {
    /// Where it is.
    pub at: Place,
    /// How it is written. The hash is SHA-256.
    pub encoding: SignatureEncoding,
}

/// The algorithms of public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyAlgorithm {
    /// RSA with PKCS #1 v1.5 padding and SHA-256.
    RsaSha256,
    /// RSA with PKCS #1 v1.5 padding and SHA-1, for providers that have nothing better.
    RsaSha1,
    /// ECDSA over P-256 with SHA-256; the signature in ASN.1 DER.
    EcdsaP256,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// A signature under a public key that the tenant gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// The algorithm.
    pub algorithm: KeyAlgorithm,
    /// The credential field with the public key: PEM, its base64 alone, or for Ed25519 also 32
    /// bytes in hexadecimal or base64. Several stand one a line, or one PEM after the other.
    pub key: String,
    /// Where the signature is.
    pub header: Place,
    /// How it is encoded.
    pub encoding: SignatureEncoding,
    /// What is signed.
    pub signed: Template,
    /// Where the timestamp is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<Place>,
    /// How it is written.
    #[serde(default, skip_serializing_if = "TimestampUnit::is_default")]
    pub timestamp_unit: TimestampUnit,
    /// How far it may be from now, in seconds; a provider that repeats deliveries with their first
    /// timestamp needs as much as it goes on repeating. Not checked where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,
}

/// A signature under a certificate that is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Where the certificate's address is. It has to be `https` and on one of `hosts`.
    pub certificate: Place,
    /// The hosts from which a certificate may come. `*.example.com` stands for every name below
    /// it; a `*` elsewhere stands for one label: `sns.*.example.com`.
    pub hosts: Vec<String>,
    /// A name that the certificate has to be for; the rules of `hosts` hold. Any where absent: then
    /// that it came from one of `hosts` has to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The algorithm, where it is always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<KeyAlgorithm>,
    /// Else where the delivery names it, and which name means which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm_at: Option<Place>,
    /// The names at `algorithm_at`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub algorithms: BTreeMap<String, KeyAlgorithm>,
    /// Where the signature is.
    pub header: Place,
    /// How it is encoded.
    pub encoding: SignatureEncoding,
    /// What is signed.
    pub signed: Template,
    /// Where the timestamp is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<Place>,
    /// How it is written.
    #[serde(default, skip_serializing_if = "TimestampUnit::is_default")]
    pub timestamp_unit: TimestampUnit,
    /// How far it may be from now, in seconds. Not checked where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u32>,
}

/// Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandardWebhooks {
    /// The credential field with the secret: `whsec_…` for signatures `v1`, `whpk_…` for `v1a`, base64
    /// alone means the former. Several stand one a line.
    pub secret: String,
    /// What the headers' names begin with; `webhook` where absent.
    #[serde(default = "webhook")]
    pub prefix: String,
    /// How far the timestamp may be from now, in seconds; 300 where absent.
    #[serde(default = "five_minutes")]
    pub tolerance_seconds: u32,
}

fn webhook() -> String {
    "webhook".to_owned()
}

fn five_minutes() -> u32 {
    300
}

/// The algorithms of tokens (RFC 7518). A token chooses among those that the manifest lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-512.
    HS512,
    /// RSA PKCS #1 v1.5 with SHA-256.
    RS256,
    /// RSA-PSS with SHA-256.
    PS256,
    /// ECDSA over P-256 with SHA-256.
    ES256,
}

impl JwtAlgorithm {
    /// Whether its key is a secret that both sides have.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS512)
    }

    /// Its name in a token's head.
    pub fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
        }
    }
}

/// A JSON Web Token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Where the token is; `Authorization` after `Bearer ` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Place>,
    /// The algorithms that may be used. Those with a shared secret and those with a public key can
    /// not be mixed.
    pub algorithms: Vec<JwtAlgorithm>,
    /// The credential field with the shared secret, for `HS…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The address of the provider's public keys (RFC 7517), for all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// The issuers that are believed; any where empty, which only a shared secret may have.
    #[serde(default)]
    pub issuers: Vec<String>,
    /// What the audience has to be, as a template: `{url}`, `{field:app_id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Template>,
    /// Claims that have to be equal to a template: `email = "{field:service_account}"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, Template>,
    /// The claim with a hash of the raw body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<JwtBodyHash>,
    /// How far our clocks may differ, in seconds; for a token without an end also how old it may be.
    #[serde(default = "five_minutes")]
    pub tolerance_seconds: u32,
}

/// The claim with a hash of the raw body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtBodyHash {
    /// The claim's name.
    pub claim: String,
    /// How the hash is written. It is SHA-256.
    pub encoding: SignatureEncoding,
}

/// A text that only the provider and we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Where it is. Where a place has several values, each has to be equal.
    pub header: Place,
    /// The credential field; it may hold several, one a line.
    pub secret: String,
    /// What stands before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// A name and a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The credential field with the name.
    pub username: String,
    /// The credential field with the password.
    pub password: String,
}

impl Verify {
    /// How far a delivery that passes is to be believed.
    pub fn trust(&self) -> Trust {
        match self {
            Self::Hmac(_) | Self::PublicKey(_) | Self::Certificate(_) | Self::StandardWebhooks(_) => Trust::Verified,
            Self::Jwt(jwt) if jwt.body_hash.is_some() => Trust::Verified,
            Self::Jwt(_) | Self::Token(_) | Self::Basic(_) => Trust::Authenticated,
            Self::Unsigned {} => Trust::Untrusted,
        }
    }

    /// The headers that carry the proof, in lower case; a gateway does not get to see them.
    pub fn headers(&self) -> Vec<String> {
        let of = |place: &Place| place.header();
        let and = |header: &Place, timestamp: &Option<Place>| {
            of(header).into_iter().chain(timestamp.as_ref().and_then(of)).collect()
        };
        match self {
            Self::Hmac(rules) => and(&rules.header, &rules.timestamp_header),
            Self::PublicKey(rules) => and(&rules.header, &rules.timestamp_header),
            Self::Certificate(rules) => and(&rules.header, &rules.timestamp_header),
            Self::StandardWebhooks(rules) => vec![format!("{}-signature", rules.prefix.to_ascii_lowercase())],
            Self::Jwt(rules) => {
                rules.header.as_ref().map_or(Some("authorization".to_owned()), of).into_iter().collect()
            }
            Self::Token(rules) => of(&rules.header).into_iter().collect(),
            Self::Basic(_) => vec!["authorization".to_owned()],
            Self::Unsigned {} => Vec::new(),
        }
    }

    /// The credential fields that it needs.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::Hmac(rules) => std::iter::once(rules.secret.as_str()).chain(rules.signed.fields()).collect(),
            Self::PublicKey(rules) => std::iter::once(rules.key.as_str()).chain(rules.signed.fields()).collect(),
            Self::Certificate(rules) => rules.signed.fields().collect(),
            Self::StandardWebhooks(rules) => vec![&rules.secret],
            Self::Jwt(rules) => {
                let templates = rules.audience.iter().chain(rules.claims.values());
                rules.secret.as_deref().into_iter().chain(templates.flat_map(Template::fields)).collect()
            }
            Self::Token(rules) => vec![&rules.secret],
            Self::Basic(rules) => vec![&rules.username, &rules.password],
            Self::Unsigned {} => Vec::new(),
        }
    }

    /// The hosts from which keys or certificates are fetched.
    pub fn fetches_from(&self) -> Vec<String> {
        match self {
            Self::Certificate(rules) => rules.hosts.clone(),
            Self::Jwt(Jwt { jwks: Some(jwks), .. }) => {
                let host = jwks.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', ':']).next());
                host.map(str::to_owned).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}
