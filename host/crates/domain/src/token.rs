//! The token of an API key: `gh_{live|test}_`, the key's id, a secret, and a checksum that
//! refuses a mistyped token without asking anybody. It says nothing about whether the key exists.

use crate::id::KeyId;
use crate::key::KeyEnvironment;

/// Characters of the id: the fewest in which 16 bytes fit in base 62.
const ID_CHARS: usize = 22;
/// Characters of the secret: the fewest in which 32 bytes fit in base 62.
const SECRET_CHARS: usize = 43;
/// Characters of the checksum: the fewest in which 4 bytes fit in base 62.
const CHECKSUM_CHARS: usize = 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What the holder of a key shows. It has no `Debug`, so that it can not be logged by accident.
pub struct Token {
    /// The environment that the key is for.
    pub environment: KeyEnvironment,
    /// The key that it belongs to.
    pub id: KeyId,
    secret: String,
}

impl Token {
    /// The token of the key `id`, with 32 bytes that nobody can guess; the caller brings them.
    pub fn new(environment: KeyEnvironment, id: KeyId, random: [u8; 32]) -> Self {
        Self { environment, id, secret: base62(&random, SECRET_CHARS) }
    }

    /// Reads a token; none where its form or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_CHARS)?)?;
        let (environment, rest) = body.strip_prefix("gh_")?.split_once('_')?;
        let (id, secret) = rest.split_once('_')?;
        let whole = id.len() == ID_CHARS && secret.len() == SECRET_CHARS;
        if !whole || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) || checksum_of(body) != checksum {
            return None;
        }
        let id = KeyId::from_bytes(number(id)?.to_be_bytes());
        Some(Self { environment: KeyEnvironment::named(environment)?, id, secret: secret.to_owned() })
    }

    /// The token as its holder shows it: a secret.
    pub fn reveal(&self) -> String {
        let body = format!("gh_{}_{}_{}", self.environment.name(), base62(&self.id.to_bytes(), ID_CHARS), self.secret);
        let checksum = checksum_of(&body);
        body + &checksum
    }

    /// The secret part, which only the vault digests.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The beginning and the last four characters; both together are far from the token.
    pub fn hint(&self) -> String {
        let token = self.reveal();
        let head = token.get(..12).unwrap_or_default();
        let tail = token.get(token.len().saturating_sub(4)..).unwrap_or_default();
        format!("{head}…{tail}")
    }
}

/// The CRC of ISO 3309, as every zip file has it, of all that stands before it.
fn checksum_of(body: &str) -> String {
    base62(&crc32fast::hash(body.as_bytes()).to_be_bytes(), CHECKSUM_CHARS)
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

/// The number that base-62 digits stand for; none where one is no digit or it is too large.
fn number(digits: &str) -> Option<u128> {
    digits.bytes().try_fold(0u128, |number, digit| {
        let value = DIGITS.iter().position(|known| *known == digit)?;
        number.checked_mul(62)?.checked_add(u128::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: u8, secret: u8) -> Token {
        Token::new(KeyEnvironment::Live, KeyId::from_bytes([id; 16]), [secret; 32])
    }

    #[test]
    fn a_token_survives_its_text() {
        for environment in [KeyEnvironment::Live, KeyEnvironment::Test] {
            for byte in [0, 1, 7, 61, 62, 128, 255] {
                let made = Token::new(environment, KeyId::from_bytes([byte; 16]), [byte; 32]);
                let text = made.reveal();
                assert_eq!(text.len(), 3 + 5 + 22 + 1 + 43 + 6, "{text}");
                let read = Token::parse(&text).unwrap();
                assert_eq!((read.environment, read.id), (environment, made.id));
                assert_eq!((read.secret(), read.reveal()), (made.secret(), text));
            }
        }
    }

    #[test]
    fn digits_are_the_number_in_base_62() {
        let mut bytes = [0; 32];
        assert_eq!(base62(&bytes, 43), "0".repeat(43));
        bytes[31] = 61;
        assert_eq!(base62(&bytes, 43), format!("{}z", "0".repeat(42)));
        bytes[30] = 1;
        assert_eq!(base62(&bytes, 43), format!("{}57", "0".repeat(41)), "256 + 61 is 5 * 62 + 7");
        assert_eq!(number("57"), Some(256 + 61));
        assert_eq!(number(&base62(&[255; 16], 22)), Some(u128::MAX));
        assert_eq!(number(&"z".repeat(22)), None, "larger than any id");
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926, "the checksum is the well-known one");
    }

    #[test]
    fn a_changed_character_anywhere_is_seen() {
        let good = token(7, 9).reveal();
        for index in 0..good.len() {
            for other in [b'a', b'b', b'_', b'0'] {
                let mut bytes = good.clone().into_bytes();
                if std::mem::replace(&mut bytes[index], other) != other {
                    assert!(Token::parse(std::str::from_utf8(&bytes).unwrap()).is_none(), "{index}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        let good = token(7, 9).reveal();
        let umlaut = good.replace(&good[20..22], "ä");
        let sealed = |body: &str| format!("{body}{}", checksum_of(body));
        let foreign = sealed(&good[..good.len() - 6].replace("live", "prod"));
        let wide = sealed(&format!("gh_live_{}_{}", "z".repeat(22), "0".repeat(43)));
        let short = sealed(&format!("gh_live_{}_{}", "0".repeat(22), "0".repeat(42)));
        let joined = sealed(&format!("gh_live_{}0{}", "0".repeat(22), "0".repeat(43)));
        let texts =
            ["", "gh_", "€", &good[1..], &good[..79], &good.to_uppercase(), &umlaut, &foreign, &wide, &short, &joined];
        for text in texts.into_iter().chain([format!("{good}0").as_str(), &format!(" {good}")]) {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_hint_tells_tokens_apart_and_no_more() {
        let token = token(7, 9);
        let (hint, text) = (token.hint(), token.reveal());
        assert!(hint.starts_with("gh_live_") && hint.ends_with(&text[text.len() - 4..]), "{hint}");
        assert_eq!(hint.chars().count(), 17);
        assert!(!hint.contains(&token.secret()[..8]));
    }
}
