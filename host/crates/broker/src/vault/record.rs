//! One sealed record: a key derived for this record alone, AES-256-GCM, and a commitment to
//! the key, which GCM lacks.
//!
//! `01 | 01 | key version (4, big endian) | salt (32) | commitment (32) | ciphertext and tag`,
//! in base64. HKDF-SHA-256 (RFC 5869) of the data key, with the salt and with the additional
//! data as info, gives `key (32) | nonce (12) | commitment (32)`. As a derived key seals one
//! record only, nonces can not repeat (NIST SP 800-38D §8).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::{Error, Result};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::Key;

const FORMAT: u8 = 1;
const AES_256_GCM_COMMITTED: u8 = 1;
const HEADER: usize = 6;

/// The key of `purpose` under the root key.
pub(super) fn subkey(root: &[u8; 32], purpose: &str) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    expand(root, &[], purpose.as_bytes(), key.as_mut_slice());
    key
}

/// Additional data in which no two lists of parts look alike: each part has its length before it.
pub(super) fn aad(parts: &[&[u8]]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        aad.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        aad.extend_from_slice(part);
    }
    aad
}

/// Seals `plain` with a `salt` that was never used before.
pub(super) fn seal(key: &Key, version: u32, salt: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<String> {
    let derived = Derived::of(key, version, salt, aad);
    let mut body = plain.to_vec();
    let tag = derived
        .cipher()
        .and_then(|(cipher, nonce)| cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut body).ok());
    let Some(tag) = tag else {
        body.zeroize();
        return Err(Error::internal("a secret could not be sealed"));
    };
    let record = [&header(version)[..], salt, derived.commitment(), &body, tag.as_ref()].concat();
    Ok(STANDARD.encode(record))
}

/// The plaintext; none where anything at all differs from what was sealed.
pub(super) fn open(key: &Key, version: u32, aad: &[u8], record: &str) -> Option<Vec<u8>> {
    let record = STANDARD.decode(record).ok()?;
    let rest = record.strip_prefix(&header(version))?;
    let (salt, rest) = rest.split_first_chunk::<32>()?;
    let (commitment, sealed) = rest.split_first_chunk::<32>()?;
    let derived = Derived::of(key, version, salt, aad);
    if !bool::from(derived.commitment().ct_eq(commitment)) {
        return None;
    }
    let (cipher, nonce) = derived.cipher()?;
    let mut body = Zeroizing::new(sealed.to_vec());
    let plain = cipher.open_in_place(nonce, Aad::from(aad), &mut body).ok()?;
    Some(plain.to_vec())
}

fn header(version: u32) -> [u8; HEADER] {
    let [a, b, c, d] = version.to_be_bytes();
    [FORMAT, AES_256_GCM_COMMITTED, a, b, c, d]
}

/// What one record's key derivation gives.
struct Derived(Zeroizing<[u8; 76]>);

impl Derived {
    fn of(key: &Key, version: u32, salt: &[u8; 32], aad: &[u8]) -> Self {
        let mut bytes = Zeroizing::new([0; 76]);
        let info = self::aad(&[&header(version), aad]);
        expand(key, salt, &info, bytes.as_mut_slice());
        Self(bytes)
    }

    fn cipher(&self) -> Option<(LessSafeKey, Nonce)> {
        let (key, rest) = self.0.split_first_chunk::<32>()?;
        let nonce = rest.first_chunk::<12>()?;
        let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
        Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(*nonce)))
    }

    fn commitment(&self) -> &[u8] {
        self.0.last_chunk::<32>().map_or(&[], |commitment| commitment)
    }
}

/// HKDF-SHA-256 (RFC 5869) written out over HMAC: unlike the library's form it can not fail,
/// so there is no path on which a key would stay all zeros.
fn expand(key: &[u8; 32], salt: &[u8], info: &[u8], out: &mut [u8]) {
    let extracted = hmac::sign(&hmac::Key::new(HMAC_SHA256, salt), key);
    let prk = hmac::Key::new(HMAC_SHA256, extracted.as_ref());
    let mut previous: Option<hmac::Tag> = None;
    for (number, chunk) in (1..=u8::MAX).zip(out.chunks_mut(32)) {
        let mut block = hmac::Context::with_key(&prk);
        block.update(previous.as_ref().map_or(&[], |tag| tag.as_ref()));
        block.update(info);
        block.update(&[number]);
        let tag = block.sign();
        chunk.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        previous = Some(tag);
    }
}
