//! Headers of a mail as text: addresses of a list (RFC 5322 §3.4), encoded words (RFC 2047) and character sets.

use gatehouse_sdk::base64;
use gatehouse_sdk::email::MailAddress;

/// The addresses of a header. What is none, such as the name of a group, is left out.
pub(crate) fn addresses(text: &str) -> Vec<MailAddress> {
    let mut found = Vec::new();
    for part in parts(text) {
        let (name, email) = match part.rsplit_once('<') {
            Some((name, rest)) => (name.trim(), rest.split('>').next().unwrap_or(rest)),
            None => ("", part),
        };
        let email = email.trim().trim_end_matches(';');
        if email.contains('@') && !email.contains(char::is_whitespace) {
            let name = Some(decoded(&unquoted(name))).filter(|name| !name.is_empty());
            found.push(MailAddress { email: email.to_owned(), name });
        }
    }
    found
}

/// Text with its encoded words read. Blanks between two of them belong to neither.
pub(crate) fn decoded(text: &str) -> String {
    let (mut read, mut rest, mut after_word) = (String::new(), text, false);
    while let Some((before, from)) = rest.find("=?").and_then(|start| rest.split_at_checked(start)) {
        let found = word(from);
        if !(after_word && found.is_some() && before.trim_ascii().is_empty()) {
            read.push_str(before);
        }
        after_word = found.is_some();
        match found {
            Some((word, after)) => {
                read.push_str(&word);
                rest = after;
            }
            None => {
                read.push_str("=?");
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    read.push_str(rest);
    read
}

/// Bytes of this character set as text: UTF-8, or what is nearly Latin 1.
pub(crate) fn text_of(charset: &str, bytes: Vec<u8>) -> String {
    let charset = charset.to_ascii_lowercase();
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if charset.starts_with("iso-8859-1") || charset.starts_with("windows-1252") => {
            error.as_bytes().iter().map(|byte| char::from(*byte)).collect()
        }
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Cuts at commas that stand neither in quotes nor in an address.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped, mut angle) = (Vec::new(), 0, false, false, false);
    for (at, found) in text.char_indices() {
        match found {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' | '>' if !quoted => angle = found == '<',
            // A group's name ends with a colon.
            ',' | ':' if !quoted && !angle => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else { return name.to_owned() };
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    plain
}

/// An encoded word at the beginning of a text, and what comes after it.
fn word(text: &str) -> Option<(String, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (form, rest) = rest.split_once('?')?;
    let (encoded, after) = rest.split_once("?=")?;
    let bytes = match form {
        "B" | "b" => base64::decode(encoded)?,
        "Q" | "q" => from_q(encoded)?,
        _ => return None,
    };
    Some((text_of(charset, bytes), after))
}

fn from_q(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'_' => b' ',
            b'=' => half(bytes.next()?)? << 4 | half(bytes.next()?)?,
            other => other,
        });
    }
    Some(plain)
}

fn half(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|half| u8::try_from(half).ok())
}
