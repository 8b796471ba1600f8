//! Keyed hashes over a template.

use gatehouse_domain::manifest::webhook::{BodyHash, Hmac, HmacAlgorithm, Part, Place};
use gatehouse_domain::time::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac;
use subtle::{Choice, ConstantTimeEq as _};

use super::fields::{self, Fields};
use super::render::render;
use super::request::{Read, malformed};
use super::signature::{self, Claim};
use super::{Refusal, RefusalReason, refuse, time};

/// How far a timestamp may be off where the manifest forgets to say.
const TOLERANCE: u32 = 300;

pub(super) fn verify(rules: &Hmac, fields: &Fields<'_>, read: &Read<'_>, now: Timestamp) -> Result<(), Refusal> {
    let mut claim = claim(rules, read)?;
    if let Some(place) = &rules.timestamp_header {
        claim.timestamp = Some(read.one(place)?);
    }
    if let Some(timestamp) = &claim.timestamp {
        time::check(timestamp, rules.timestamp_unit, rules.tolerance_seconds.unwrap_or(TOLERANCE), now)?;
    }
    check_body(rules, read)?;
    let message = render(&rules.signed, read, claim.timestamp.as_deref(), fields)?;
    for line in fields.lines(&rules.secret)? {
        let key = fields::key(line, rules.secret_encoding, &rules.secret)?;
        if fits(&claim, tag(rules.algorithm, &key, &message).as_ref()) {
            return Ok(());
        }
    }
    Err(refuse(RefusalReason::Mismatch, "no signature fits the body and the webhook secret"))
}

/// The keyed hash.
pub(super) fn tag(algorithm: HmacAlgorithm, key: &[u8], message: &[u8]) -> hmac::Tag {
    let algorithm = match algorithm {
        HmacAlgorithm::Sha256 => hmac::HMAC_SHA256,
        HmacAlgorithm::Sha512 => hmac::HMAC_SHA512,
        HmacAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    };
    hmac::sign(&hmac::Key::new(algorithm, key), message)
}

fn claim(rules: &Hmac, read: &Read<'_>) -> Result<Claim, Refusal> {
    let several = matches!(&rules.header, Place::Header(name) if name.ends_with('*'));
    if !several {
        return signature::read(&rules.format, rules.encoding, &read.one(&rules.header)?);
    }
    let mut all = Claim::default();
    for value in read.all(&rules.header)? {
        let claim = signature::read(&rules.format, rules.encoding, &value)?;
        all.signatures.extend(claim.signatures);
        all.timestamp = claim.timestamp.or(all.timestamp);
    }
    Ok(all)
}

/// Every signature is compared in full, so time tells nothing about how much of one fits.
fn fits(claim: &Claim, tag: &[u8]) -> bool {
    let each = claim.signatures.iter().map(|given| given.ct_eq(tag));
    each.fold(Choice::from(0), |any, this| any | this).into()
}

/// A form stands in the signature field by field. Any other body has to be bound by its hash.
fn check_body(rules: &Hmac, read: &Read<'_>) -> Result<(), Refusal> {
    let hash = rules.body_hash.as_ref().map(|hash| Ok((hash, read.values(&hash.at)?))).transpose()?;
    match hash.filter(|(_, given)| !given.is_empty()) {
        Some((hash, _)) => check_hash(hash, read),
        None if rules.signed.has(&Part::Form) && read.form().is_none() && !read.request.body.is_empty() => {
            Err(malformed("the body is no form, and nothing signs it"))
        }
        None => Ok(()),
    }
}

fn check_hash(hash: &BodyHash, read: &Read<'_>) -> Result<(), Refusal> {
    let given = signature::decode(hash.encoding, &read.one(&hash.at)?)?;
    if given.ct_eq(digest(&SHA256, read.request.body).as_ref()).into() {
        return Ok(());
    }
    Err(refuse(RefusalReason::Mismatch, "the body's hash is another one"))
}
