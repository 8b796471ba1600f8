//! Ed25519 (RFC 8032) as far as the server needs it: telling public keys apart and verifying. It
//! makes no signature and holds no private key.

use gatehouse_domain::trust::document::Signable;
use gatehouse_domain::trust::{Document, Publisher, hexadecimal};
use gatehouse_domain::{Error, Result};
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::refused;

/// The id of a public key: the first half of its SHA-256.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] at `$.public_key` for what is no public key.
pub fn key_id(public_key: &str) -> Result<String> {
    let Some(bytes) = hexadecimal::read::<32>(public_key) else {
        let message =
            "must be 64 hexadecimal digits in lower case, as in the .pub file that `gatehouse plugin keygen` writes";
        return Err(Error::invalid("the key does not fit").at("$.public_key", message));
    };
    let hash = hexadecimal::write(digest(&SHA256, &bytes).as_ref());
    Ok(hash.chars().take(32).collect())
}

/// Whether a signature over a message is a public key's.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] for what is no public key.
pub fn is_signed_by(public_key: &str, message: &str, signature: &[u8]) -> Result<bool> {
    key_id(public_key)?;
    let bytes = hexadecimal::read::<32>(public_key).unwrap_or_default();
    Ok(UnparsedPublicKey::new(&ED25519, bytes).verify(message.as_bytes(), signature).is_ok())
}

/// Verifies a document with the key of the publisher that it names.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Forbidden`] with the reason.
pub(crate) fn verify<S: Signable>(publisher: &Publisher, document: &Document<S>) -> Result<()> {
    let (id, key) = (&publisher.id, &document.key);
    let Some(known) = publisher.key(key) else {
        return Err(refused(format!("the publisher `{id}` has no key {key}: the signature was made with another one")));
    };
    if key_id(&known.public_key).ok().as_ref() != Some(&known.id) {
        return Err(refused(format!("the key {key} of `{id}` is not what it was when it was entered; enter it anew")));
    }
    if is_signed_by(&known.public_key, &document.message, &document.signature)? {
        return Ok(());
    }
    Err(refused(format!(
        "the signature is not one of the key {key} of `{id}` over this statement: one of the two was changed"
    )))
}
