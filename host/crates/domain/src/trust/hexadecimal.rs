//! Bytes as hexadecimal text in lower case: one text for one sequence of bytes, and no other.

use std::fmt::Write as _;

/// Bytes as text.
pub fn write(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Exactly `N` bytes from text; nothing for any other text, capital digits included.
pub fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_value() {
        assert_eq!(write(&[0, 255, 26]), "00ff1a");
        assert_eq!(read::<3>("00ff1a"), Some([0, 255, 26]));
        for other in ["00FF1a", "00ff1", "00ff1a00", "", " 0ff1a", "00ff1g", "0x0ff1"] {
            assert_eq!(read::<3>(other), None, "{other}");
        }
    }
}
