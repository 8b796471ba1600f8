//! Signatures under a public key.

use gatehouse_domain::manifest::webhook::{KeyAlgorithm, PublicKey};
use gatehouse_domain::time::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_cert::der::{Decode as _, pem};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::fields::Fields;
use super::render::render;
use super::request::Read;
use super::{Refusal, RefusalReason, refuse, signature, time};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// More keys than this are never rolled at a time.
const MAX_KEYS: usize = 4;
const PEM_END: &str = "-----END PUBLIC KEY-----";

pub(super) fn verify(rules: &PublicKey, fields: &Fields<'_>, read: &Read<'_>, now: Timestamp) -> Result<(), Refusal> {
    let signature = signature::decode(rules.encoding, &read.one(&rules.header)?)?;
    let timestamp = rules.timestamp_header.as_ref().map(|place| read.one(place)).transpose()?;
    if let (Some(timestamp), Some(tolerance)) = (&timestamp, rules.tolerance_seconds) {
        time::check(timestamp, rules.timestamp_unit, tolerance, now)?;
    }
    let message = render(&rules.signed, read, timestamp.as_deref(), fields)?;
    let keys = keys(rules.algorithm, fields.whole(&rules.key)?).ok_or_else(|| {
        let text = format!("the credential field `{}` holds no public key of the manifest's algorithm", rules.key);
        refuse(RefusalReason::NoSecret, text)
    })?;
    if keys.iter().any(|key| holds(rules.algorithm, key, &message, &signature)) {
        return Ok(());
    }
    Err(refuse(RefusalReason::Mismatch, "the signature does not fit the body and the public key"))
}

/// Whether the signature is of this message under this key.
pub(super) fn holds(algorithm: KeyAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match algorithm {
        KeyAlgorithm::RsaSha256 => &RSA_PKCS1_2048_8192_SHA256,
        KeyAlgorithm::RsaSha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        KeyAlgorithm::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
        KeyAlgorithm::Ed25519 => &ED25519,
    };
    UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

/// The key in a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), as the algorithm takes it.
pub(super) fn key_of(algorithm: KeyAlgorithm, der: &[u8]) -> Option<Vec<u8>> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    let kind = info.algorithm.oid.to_string();
    let wanted = match algorithm {
        KeyAlgorithm::RsaSha256 | KeyAlgorithm::RsaSha1 => "1.2.840.113549.1.1.1",
        KeyAlgorithm::EcdsaP256 => "1.2.840.10045.2.1",
        KeyAlgorithm::Ed25519 => "1.3.101.112",
    };
    (kind == wanted).then(|| info.subject_public_key.as_bytes().map(<[u8]>::to_vec)).flatten()
}

/// The keys that a field holds: none where one of them can not be read.
fn keys(algorithm: KeyAlgorithm, field: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(field).ok()?;
    let keys: Option<Vec<_>> = if text.contains("-----BEGIN") {
        let blocks = text.split_inclusive(PEM_END).map(str::trim).filter(|block| !block.is_empty());
        blocks.take(MAX_KEYS).map(|block| key_of(algorithm, &pem::decode_vec(block.as_bytes()).ok()?.1)).collect()
    } else {
        text.split_whitespace().take(MAX_KEYS).map(|line| bare(algorithm, line)).collect()
    };
    keys.filter(|keys| !keys.is_empty())
}

fn bare(algorithm: KeyAlgorithm, line: &str) -> Option<Vec<u8>> {
    let decoded = STANDARD.decode(line).ok();
    if let Some(key) = decoded.as_deref().and_then(|der| key_of(algorithm, der)) {
        return Some(key);
    }
    let raw = signature::unhex(line).filter(|key| key.len() == 32).or(decoded)?;
    (algorithm == KeyAlgorithm::Ed25519 && raw.len() == 32).then_some(raw)
}
