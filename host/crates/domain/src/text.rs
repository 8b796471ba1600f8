//! Text that people write for other people: how long it may be and what may stand in it. It knows
//! nothing of where the text goes.

use crate::error::{Error, Problem, Result};

/// What a text may be.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Where it stands in the request, such as `$.name`.
    pub path: &'static str,
    /// The fewest bytes, spaces around it left out.
    pub least: usize,
    /// The most bytes.
    pub most: usize,
    /// Whether it may have several lines.
    pub lines: bool,
}

impl Text {
    /// A text of one line that must not be empty.
    pub const fn line(path: &'static str, most: usize) -> Self {
        Self { path, least: 1, most, lines: false }
    }

    /// A text of any number of lines, also none.
    pub const fn lines(path: &'static str, most: usize) -> Self {
        Self { path, least: 0, most, lines: true }
    }

    /// The text without the spaces around it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at its path: for the length, and for characters that show
    /// nothing or turn the text around, with which one text can pass for another.
    pub fn read(&self, text: &str) -> Result<String> {
        let text = text.trim();
        let Self { path, least, most, lines } = *self;
        if !(least..=most).contains(&text.len()) {
            let message = format!("has {} bytes; it takes {least} to {most}", text.len());
            return Err(Error::problems("a text does not fit", vec![Problem::at(path, message)]));
        }
        let bad = |letter: &char| is_hidden(*letter) && !(lines && matches!(letter, '\n' | '\r' | '\t'));
        match text.chars().find(bad) {
            None => Ok(text.to_owned()),
            Some(letter) => {
                let message = format!("has the control character U+{:04X}; leave it out", u32::from(letter));
                Err(Error::problems("a text does not fit", vec![Problem::at(path, message)]))
            }
        }
    }
}

/// Control characters, and those that turn the direction of what follows (Unicode UAX #9 §2).
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Checks an address of a page: `https`, with a host, and without a user's name in it.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] at `path`.
pub fn check_https(path: &'static str, url: &str) -> Result<()> {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`'));
    if plain && url.len() <= 2_048 && host.is_some_and(|host| !host.is_empty() && !host.contains('@')) {
        return Ok(());
    }
    let message = "must be an https URL with a host, of at most 2048 plain characters";
    Err(Error::problems("an address does not fit", vec![Problem::at(path, message)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_refused() {
        let check = |rule: Text, text: &str, expect: Option<&str>| assert_eq!(rule.read(text).ok().as_deref(), expect);
        let (line, lines) = (Text::line("$.name", 10), Text::lines("$.text", 10));
        check(line, " Grün 1 ", Some("Grün 1"));
        check(line, "", None);
        check(line, "  ", None);
        check(line, "a\nb", None);
        check(line, "0123456789a", None);
        check(lines, "", Some(""));
        check(lines, "a\r\n\tb", Some("a\r\n\tb"));
        for hidden in ["a\0b", "a\u{7}b", "a\u{1b}[0m", "a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "a\u{85}b"] {
            check(lines, hidden, None);
            check(line, hidden, None);
        }
        let error = lines.read("a\u{202e}").unwrap_err();
        assert_eq!(error.problems[0].path, "$.text");
        assert!(error.problems[0].message.contains("U+202E"), "{error}");
    }

    #[test]
    fn addresses_are_https_with_a_host() {
        for good in ["https://acme.example", "https://acme.example/help?a=b#c"] {
            assert!(check_https("$.u", good).is_ok(), "{good}");
        }
        let long = format!("https://acme.example/{}", "a".repeat(2_048));
        for bad in [
            "",
            "http://acme.example",
            "https://",
            "https:///x",
            "https://a@b.example",
            "javascript:alert(1)",
            "https://a b",
            "https://a\"b",
            &long,
        ] {
            assert_eq!(check_https("$.u", bad).unwrap_err().problems[0].path, "$.u", "{bad}");
        }
    }
}
