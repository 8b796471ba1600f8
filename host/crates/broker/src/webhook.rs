//! Verifies the raw bytes of a provider's webhooks before anything reads them, and signs
//! deliveries of the sandbox in the same way.

use std::collections::BTreeMap;
use std::fmt;

use gatehouse_domain::manifest::webhook::{HmacAlgorithm, Verify};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use ring::hmac;
use subtle::{Choice, ConstantTimeEq as _};

use crate::secret::Secret;
use crate::vault::{CredentialContext, TenantKeyRef, Vault};

mod signature;

/// How far a timestamp may be off where the manifest forgets to say.
const TOLERANCE: u32 = 300;
/// More secrets than this are never rolled at a time, and each costs a hash of the body.
const MAX_SECRETS: usize = 8;

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
    /// A header that the scheme needs is not there.
    MissingHeader,
    /// A header is there and not in the scheme's form, or there twice.
    Malformed,
    /// It was signed too long ago.
    Stale,
    /// It claims to come from the future.
    Future,
    /// No signature fits the bytes.
    Mismatch,
    /// There is no signing secret, or it does not open.
    NoSecret,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl Vault {
    /// The headers that `verify` accepts for `body` at `now`: what a sandbox provider sends.
    /// Where the secret field holds several secrets, the first one signs.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the credential has no signing secret.
    pub fn sign_webhook(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        sealed: &BTreeMap<String, String>,
        verify: &Verify,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<(String, String)>> {
        let secret = self.open(key, context, sealed, verify.secret())?;
        let first = secret.as_ref().and_then(|secret| secrets(secret).next());
        let first = first.ok_or_else(|| Error::conflict(no_secret(verify).text))?;
        Ok(sign(verify, first, body, now))
    }
}

pub(crate) fn no_secret(verify: &Verify) -> Refusal {
    let field = verify.secret();
    let text = format!("the integration has no webhook secret; set the credential field `{field}`");
    Refusal { reason: RefusalReason::NoSecret, text }
}

/// Verifies `body` as it came. Every doubt refuses.
pub(crate) fn verify(
    verify: &Verify,
    secret: &Secret,
    headers: &[(String, String)],
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refusal> {
    let Verify::Hmac { header, format, encoding, signed, timestamp_header, tolerance_seconds, algorithm, .. } = verify;
    let claim = signature::read(format, *encoding, one(headers, header)?)?;
    let timestamp = match timestamp_header {
        Some(name) => Some(one(headers, name)?),
        None => claim.timestamp,
    };
    if let Some(timestamp) = timestamp {
        check_time(timestamp, tolerance_seconds.unwrap_or(TOLERANCE), now)?;
    }
    let message = message(signed, timestamp, body)?;
    let mut known = secrets(secret).peekable();
    if known.peek().is_none() {
        return Err(no_secret(verify));
    }
    for secret in known {
        let tag = tag(*algorithm, secret, &message);
        // Every signature is compared in full, so time tells nothing about how much of one fits.
        let fits = claim
            .signatures
            .iter()
            .map(|given| given.ct_eq(tag.as_ref()))
            .fold(Choice::from(0), |any, this| any | this);
        if bool::from(fits) {
            return Ok(());
        }
    }
    Err(refuse(RefusalReason::Mismatch, "no signature fits the body and the webhook secret"))
}

fn sign(verify: &Verify, secret: &[u8], body: &[u8], now: Timestamp) -> Vec<(String, String)> {
    let Verify::Hmac { header, format, encoding, signed, timestamp_header, algorithm, .. } = verify;
    let timestamp = now.as_second().to_string();
    let message = message(signed, Some(&timestamp), body).unwrap_or_default();
    let signature = signature::write(format, *encoding, tag(*algorithm, secret, &message).as_ref(), &timestamp);
    let mut headers = vec![(header.to_ascii_lowercase(), signature)];
    headers.extend(timestamp_header.iter().map(|name| (name.to_ascii_lowercase(), timestamp.clone())));
    headers
}

/// The only header of that name. Of two, another reader might take the other one.
fn one<'h>(headers: &'h [(String, String)], name: &str) -> Result<&'h str, Refusal> {
    let mut found = headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value.trim()),
        (Some(_), Some(_)) => Err(refuse(RefusalReason::Malformed, format!("the header `{name}` occurs twice"))),
        (None, _) => Err(refuse(RefusalReason::MissingHeader, format!("the header `{name}` is missing"))),
    }
}

fn check_time(timestamp: &str, tolerance: u32, now: Timestamp) -> Result<(), Refusal> {
    let digits = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|b| b.is_ascii_digit());
    let seconds: Option<i64> = digits.then(|| timestamp.parse().ok()).flatten();
    let seconds = seconds.ok_or_else(|| {
        refuse(RefusalReason::Malformed, "the signature's timestamp is not a number of seconds since 1970")
    })?;
    let age = now.as_second().saturating_sub(seconds);
    if age > i64::from(tolerance) {
        let text = format!("the signature is {age} seconds old and may be {tolerance}");
        return Err(refuse(RefusalReason::Stale, text));
    }
    if age < -i64::from(tolerance) {
        let text = format!("the signature is {} seconds ahead of our clock and may be {tolerance}", -age);
        return Err(refuse(RefusalReason::Future, text));
    }
    Ok(())
}

/// What is signed: the template in one pass, so that nothing in a body is read as a placeholder.
fn message(template: &str, timestamp: Option<&str>, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut message = Vec::with_capacity(template.len() + body.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (literal, from) = rest.split_at(at);
        message.extend_from_slice(literal.as_bytes());
        rest = if let Some(after) = from.strip_prefix("{body}") {
            message.extend_from_slice(body);
            after
        } else if let Some(after) = from.strip_prefix("{timestamp}") {
            let timestamp =
                timestamp.ok_or_else(|| refuse(RefusalReason::Malformed, "the signature has no timestamp"))?;
            message.extend_from_slice(timestamp.as_bytes());
            after
        } else {
            message.push(b'{');
            from.get(1..).unwrap_or_default()
        };
    }
    message.extend_from_slice(rest.as_bytes());
    Ok(message)
}

fn tag(algorithm: HmacAlgorithm, secret: &[u8], message: &[u8]) -> hmac::Tag {
    let algorithm = match algorithm {
        HmacAlgorithm::Sha256 => hmac::HMAC_SHA256,
        HmacAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    };
    hmac::sign(&hmac::Key::new(algorithm, secret), message)
}

/// The secrets in the field, one a line.
fn secrets(secret: &Secret) -> impl Iterator<Item = &[u8]> {
    secret
        .expose()
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .take(MAX_SECRETS)
}

fn refuse(reason: RefusalReason, text: impl Into<String>) -> Refusal {
    Refusal { reason, text: text.into() }
}

#[cfg(test)]
mod tests;
