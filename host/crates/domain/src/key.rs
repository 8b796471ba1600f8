//! API keys: the record that is kept, and the token that its holder shows.
//!
//! A token is `gh_`, the secret as 43 characters and a checksum of 6: the checksum refuses
//! a mistyped token before any look-up, and the prefix lets secret scanners find leaked ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{KeyId, TenantId};
use crate::permission::Permission;
use crate::time::Timestamp;

/// What every token begins with.
pub const TOKEN_PREFIX: &str = "gh_";

/// Characters of the secret: the fewest in which 32 bytes fit in base 62.
const SECRET_CHARS: usize = 43;

/// Characters of the checksum: the fewest in which 4 bytes fit in base 62.
const CHECKSUM_CHARS: usize = 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The token made of 32 bytes that nobody can guess; the caller brings them.
pub fn token_from(random: [u8; 32]) -> String {
    let secret = base62(&random, SECRET_CHARS);
    let checksum = checksum_of(&secret);
    format!("{TOKEN_PREFIX}{secret}{checksum}")
}

/// Whether a text has the form of a token and its checksum fits. Says nothing about
/// whether the key exists.
pub fn checksum_ok(token: &str) -> bool {
    let Some(rest) = token.strip_prefix(TOKEN_PREFIX) else { return false };
    let whole = rest.len() == SECRET_CHARS + CHECKSUM_CHARS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    whole && rest.split_at_checked(SECRET_CHARS).is_some_and(|(secret, checksum)| checksum_of(secret) == checksum)
}

/// What is kept of an API key. The secret itself is not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// Its identifier. It is no part of the token.
    pub id: KeyId,
    /// The tenant it acts for; an operator's key has none.
    pub tenant: Option<TenantId>,
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The token's beginning and last four characters.
    pub hint: String,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When it stops working.
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[schemars(with = "Option<String>")]
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether the key works at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the key may do what `wanted` names.
    pub fn may(&self, wanted: &str) -> bool {
        self.permissions.iter().any(|held| held.allows(wanted))
    }
}

fn checksum_of(secret: &str) -> String {
    base62(&crc32(secret.as_bytes()).to_be_bytes(), CHECKSUM_CHARS)
}

/// The CRC of ISO 3309 (polynomial 0x04C11DB7, reflected), bit by bit: 43 bytes need no table.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let lowest_set = crc & 1 == 1;
            crc >>= 1;
            if lowest_set {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

/// A big-endian number in base 62, padded with zeros at the front to `width`.
fn base62(bytes: &[u8], width: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits: Vec<char> = (0..width).map(|_| divide_by_62(&mut number)).collect();
    digits.reverse();
    digits.into_iter().collect()
}

/// Divides a big-endian number in place and answers the remainder as a digit.
fn divide_by_62(number: &mut [u8]) -> char {
    let mut remainder = 0u16;
    for byte in number {
        let value = (remainder << 8) | u16::from(*byte);
        *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
        remainder = value % 62;
    }
    DIGITS.get(usize::from(remainder)).map_or('0', |digit| char::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_secret_in_base_62_with_its_checksum() {
        let zero = token_from([0; 32]);
        assert_eq!(zero.len(), 3 + 43 + 6);
        assert!(zero.starts_with(&format!("gh_{}", "0".repeat(43))), "{zero}");
        let mut one = [0; 32];
        one[31] = 61;
        assert!(token_from(one).starts_with(&format!("gh_{}z", "0".repeat(42))));
        one[30] = 1;
        assert!(token_from(one).starts_with(&format!("gh_{}57", "0".repeat(41))), "256 + 61 is 5 * 62 + 7");
        assert!(checksum_ok(&token_from([255; 32])) && checksum_ok(&zero));
    }

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn a_changed_character_anywhere_is_seen() {
        let token = token_from([7; 32]);
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'a' { b'b' } else { b'a' };
            assert!(!checksum_ok(std::str::from_utf8(&bytes).unwrap()), "{index}");
        }
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        let good = token_from([7; 32]);
        let umlaut = format!("gh_{}ä", "0".repeat(47));
        for text in ["", "gh_", &good[1..], &good[..51], &format!("{good}0"), &good.to_uppercase(), &umlaut] {
            assert!(!checksum_ok(text), "{text}");
        }
    }
}
