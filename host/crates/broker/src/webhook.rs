//! Verifies the raw bytes of a provider's webhooks before anything reads them, answers the
//! provider's tests of an endpoint, and signs deliveries of the sandbox in the same way.

use std::fmt;

use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::{Require, Verify};
use gatehouse_domain::time::Timestamp;

mod certificate;
mod equality;
pub(crate) mod fetch;
pub(crate) mod fields;
pub(crate) mod handshake;
mod hmac;
mod jwt;
mod public_key;
mod render;
mod request;
mod sign;
mod signature;
mod standard;
mod time;

pub use fetch::FetchFor;
pub(crate) use fields::Fields;
pub use fields::{Sealed, SealedApp, Secrets};
pub use handshake::{Handshaken, Keep, Known, Reply};
pub use request::Inbound;
use request::Read;
pub use sign::SignAs;

/// Why a delivery must not be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What a caller branches on.
    pub reason: RefusalReason,
    /// The reason in a sentence, without secrets.
    pub text: String,
}

/// The reasons for a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// A header, or another part, that the scheme needs is not there.
    MissingHeader,
    /// A part is there and not in the scheme's form, or there twice.
    Malformed,
    /// It was signed too long ago.
    Stale,
    /// It claims to come from the future.
    Future,
    /// No signature fits the bytes.
    Mismatch,
    /// There is no signing secret, or it does not open.
    NoSecret,
    /// The provider's keys, as they are known, do not hold the one that signed.
    UnknownKey,
    /// The key or certificate could not be fetched; it may be another time.
    Unreachable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// What has to be fetched before a delivery can be judged, at an address that may be fetched from.
pub(crate) fn wanted(rules: &WebhookRules, request: Inbound<'_>) -> Result<Option<String>, Refusal> {
    match &rules.verify {
        Verify::Certificate(certificate) => certificate::address(certificate, &Read::new(request)).map(Some),
        Verify::Jwt(jwt) => Ok(jwt.jwks.clone()),
        _ => Ok(None),
    }
}

/// Judges a request with what was fetched for it. Every doubt refuses.
pub(crate) fn judge(
    rules: &WebhookRules,
    fields: &Fields<'_>,
    request: Inbound<'_>,
    fetched: Option<&[u8]>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let read = Read::new(request);
    match &rules.verify {
        Verify::Hmac(rules) => hmac::verify(rules, fields, &read, now),
        Verify::PublicKey(rules) => public_key::verify(rules, fields, &read, now),
        Verify::Certificate(rules) => certificate::verify(rules, fields, &read, fetched.unwrap_or_default(), now),
        Verify::StandardWebhooks(rules) => standard::verify(rules, fields, &read, now),
        Verify::Jwt(rules) => jwt::verify(rules, fields, &read, fetched.unwrap_or_default(), now),
        Verify::Token(rules) => equality::token(rules, fields, &read),
        Verify::Basic(rules) => equality::basic(rules, fields, &read),
        Verify::Unsigned {} => Ok(()),
    }?;
    rules.require.iter().try_for_each(|require| required(require, fields, &read))
}

fn required(require: &Require, fields: &Fields<'_>, read: &Read<'_>) -> Result<(), Refusal> {
    for value in read.all(&require.at)? {
        if !fields.holds(&require.field, value.as_bytes())? {
            let text = format!("`{}` is not what the credential field `{}` says", require.at, require.field);
            return Err(refuse(RefusalReason::Mismatch, text));
        }
    }
    Ok(())
}

fn refuse(reason: RefusalReason, text: impl Into<String>) -> Refusal {
    Refusal { reason, text: text.into() }
}

#[cfg(test)]
mod tests;
