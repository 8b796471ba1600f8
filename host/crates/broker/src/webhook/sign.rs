//! The provider's side: the headers of a delivery that our own verification accepts, for the sandbox.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::{Hmac, HmacAlgorithm, Place, StandardWebhooks, TimestampUnit, Verify};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use ring::digest::{SHA256, digest};

use super::fields::{self, Fields, Sealed, Secrets};
use super::render::{hex, render};
use super::request::{Inbound, Read};
use super::{Refusal, hmac, signature, standard};
use crate::vault::{CredentialContext, TenantKeyRef, Vault};

/// What is signed, and as whom.
#[derive(Clone, Copy)]
pub struct SignAs<'a> {
    /// The tenant's data key.
    pub key: &'a TenantKeyRef,
    /// What the credential is bound to.
    pub context: &'a CredentialContext,
    /// The credential's sealed fields.
    pub sealed: &'a BTreeMap<String, String>,
    /// The scheme.
    pub rules: &'a WebhookRules,
    /// Where it is sent to.
    pub url: &'a str,
}

impl Vault {
    /// The headers that our verification accepts for `body` at `now`: what a sandbox provider sends.
    /// Where the secret field holds several secrets, the first one signs.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the credential has no signing secret, and for
    /// schemes that need a private key.
    pub fn sign_webhook(
        &self,
        by: SignAs<'_>,
        headers: &[(String, String)],
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<(String, String)>> {
        for field in by.rules.fields() {
            self.open(by.key, by.context, by.sealed, field)?;
        }
        let sealed = Sealed { key: by.key, context: by.context, fields: by.sealed, prefix: "" };
        let conflict = |refusal: Refusal| Error::conflict(refusal.text);
        let secrets = Secrets { credentials: &[sealed], apps: &[] };
        let fields = Fields::open(self, secrets, by.rules).map_err(conflict)?;
        let request = Inbound { method: "POST", url: by.url, headers, body };
        let none = "the sandbox can not sign webhooks as this provider does: it has no such key";
        headers_of(by.rules, &fields, request, now).map_err(conflict)?.ok_or_else(|| Error::conflict(none))
    }
}

/// The headers; none where the scheme needs a private key, or the proof is no header.
pub(super) fn headers_of(
    rules: &WebhookRules,
    fields: &Fields<'_>,
    request: Inbound<'_>,
    now: Timestamp,
) -> Result<Option<Vec<(String, String)>>, Refusal> {
    match &rules.verify {
        Verify::Hmac(rules) => with_hash(rules, fields, request, now),
        Verify::StandardWebhooks(rules) => standard_headers(rules, fields, request.body, now).map(Some),
        Verify::Token(rules) => {
            let secret = String::from_utf8_lossy(fields.first(&rules.secret)?).into_owned();
            let value = [rules.prefix.as_deref().unwrap_or_default(), &secret].concat();
            Ok(header(&rules.header).map(|name| vec![(name, value)]))
        }
        Verify::Basic(rules) => {
            let pair = [fields.first(&rules.username)?, b":", fields.first(&rules.password)?].concat();
            Ok(Some(vec![("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair)))]))
        }
        Verify::Unsigned {} => Ok(Some(Vec::new())),
        Verify::PublicKey(_) | Verify::Certificate(_) | Verify::Jwt(_) => Ok(None),
    }
}

fn with_hash(
    rules: &Hmac,
    fields: &Fields<'_>,
    request: Inbound<'_>,
    now: Timestamp,
) -> Result<Option<Vec<(String, String)>>, Refusal> {
    let timestamp = match rules.timestamp_unit {
        TimestampUnit::Seconds => now.as_second().to_string(),
        TimestampUnit::Milliseconds => now.as_millisecond().to_string(),
        TimestampUnit::Rfc3339 => now.to_string(),
    };
    let message = render(&rules.signed, &Read::new(request), Some(&timestamp), fields)?;
    let key = fields::key(fields.first(&rules.secret)?, rules.secret_encoding, &rules.secret)?;
    let tag = hmac::tag(rules.algorithm, &key, &message);
    let signature = signature::write(&rules.format, rules.encoding, tag.as_ref(), &timestamp);
    let Some(name) = header(&rules.header) else { return Ok(None) };
    let mut headers = vec![(name, signature)];
    headers.extend(rules.timestamp_header.as_ref().and_then(header).map(|name| (name, timestamp)));
    Ok(Some(headers))
}

fn standard_headers(
    rules: &StandardWebhooks,
    fields: &Fields<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<(String, String)>, Refusal> {
    let timestamp = now.as_second().to_string();
    let digest = digest(&SHA256, body);
    let id = format!("msg_{}", hex(digest.as_ref().get(..12).unwrap_or_default()));
    let Some(standard::Key::Shared(key)) = standard::Key::read(fields.first(&rules.secret)?) else {
        return Err(fields::no_secret(&rules.secret));
    };
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let tag = hmac::tag(HmacAlgorithm::Sha256, &key, &message);
    let name = |end: &str| format!("{}-{end}", rules.prefix.to_ascii_lowercase());
    let signature = format!("v1,{}", STANDARD.encode(tag.as_ref()));
    Ok(vec![(name("id"), id), (name("timestamp"), timestamp), (name("signature"), signature)])
}

/// The header's name, where the place is one header.
fn header(place: &Place) -> Option<String> {
    place.header().map(|name| name.replace('*', "1"))
}
