//! Standard Webhooks 1.0: id, time and body under a keyed hash (`v1`) or Ed25519 (`v1a`).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use gatehouse_domain::manifest::webhook::{HmacAlgorithm, KeyAlgorithm, Place, StandardWebhooks, TimestampUnit};
use gatehouse_domain::time::Timestamp;
use subtle::ConstantTimeEq as _;

use super::fields::{Fields, no_secret};
use super::request::{Read, malformed};
use super::{Refusal, RefusalReason, hmac, public_key, refuse, time};

/// Some write the padding and some do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// While secrets are rolled, the header holds one signature for each.
const MAX_SIGNATURES: usize = 16;

pub(super) fn verify(
    rules: &StandardWebhooks,
    fields: &Fields<'_>,
    read: &Read<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let header = |name: &str| read.one(&Place::Header(format!("{}-{name}", rules.prefix.to_ascii_lowercase())));
    let (id, timestamp, list) = (header("id")?, header("timestamp")?, header("signature")?);
    time::check(&timestamp, TimestampUnit::Seconds, rules.tolerance_seconds, now)?;
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", read.request.body].concat();
    let given: Vec<(&str, Vec<u8>)> = list
        .split_whitespace()
        .filter_map(|one| one.split_once(','))
        .filter_map(|(version, text)| Some((version, BASE64.decode(text).ok()?)))
        .collect();
    if given.is_empty() || given.len() > MAX_SIGNATURES {
        return Err(malformed(format!("the signature needs 1 to {MAX_SIGNATURES} entries such as `v1,…`")));
    }
    for line in fields.lines(&rules.secret)? {
        let key = Key::read(line).ok_or_else(|| no_secret(&rules.secret))?;
        if given.iter().fold(false, |any, (version, signature)| any | key.fits(version, signature, &message)) {
            return Ok(());
        }
    }
    Err(refuse(RefusalReason::Mismatch, "no signature fits the body and the webhook secret"))
}

/// The key in a line of a secret field.
pub(super) enum Key {
    /// For `v1`.
    Shared(zeroize::Zeroizing<Vec<u8>>),
    /// For `v1a`.
    Public(Vec<u8>),
}

impl Key {
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let decode = |text: &[u8]| BASE64.decode(text).ok().filter(|key| !key.is_empty());
        match line.strip_prefix(b"whpk_") {
            Some(text) => decode(text).map(Self::Public),
            None => decode(line.strip_prefix(b"whsec_").unwrap_or(line)).map(|key| Self::Shared(key.into())),
        }
    }

    fn fits(&self, version: &str, signature: &[u8], message: &[u8]) -> bool {
        match (self, version) {
            (Self::Shared(key), "v1") => {
                signature.ct_eq(hmac::tag(HmacAlgorithm::Sha256, key, message).as_ref()).into()
            }
            (Self::Public(key), "v1a") => public_key::holds(KeyAlgorithm::Ed25519, key, message, signature),
            _ => false,
        }
    }
}
