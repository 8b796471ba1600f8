//! Base64 (RFC 4648): the standard alphabet with padding, and the one for URLs without.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Takes text with and without padding, as providers write both.
const TOLERANT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, TOLERANT);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, TOLERANT.with_encode_padding(false));

/// Bytes as text of the standard alphabet, with padding and without line breaks.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as text of the alphabet for URLs, without padding.
pub fn encode_url(bytes: &[u8]) -> String {
    URL.encode(bytes)
}

/// The bytes of text of the standard alphabet, with or without padding; `None` for any other text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The bytes of text of the alphabet for URLs, with or without padding; `None` for any other text.
pub fn decode_url(text: &str) -> Option<Vec<u8>> {
    URL.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4648_go_both_ways() {
        for (plain, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(plain.as_bytes()));
            assert_eq!(decode(text.trim_end_matches('=')).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn the_alphabets_are_not_mixed() {
        let bytes = [0xfb, 0xef, 0xff, 0x01];
        assert_eq!(encode(&bytes), "++//AQ==");
        assert_eq!(encode_url(&bytes), "--__AQ");
        assert_eq!(decode_url("--__AQ").as_deref(), Some(bytes.as_slice()));
        for (text, standard, url) in [("--__", false, true), ("++//", true, false), ("Zm9v\n", false, false)] {
            assert_eq!(decode(text).is_some(), standard, "{text:?}");
            assert_eq!(decode_url(text).is_some(), url, "{text:?}");
        }
    }
}
