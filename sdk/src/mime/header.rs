//! Header fields: addresses, text with encoded words (RFC 2047), parameters (RFC 2231), folding.

use crate::email::MailAddress;
use crate::{Error, Result, base64};

/// How many bytes of text one encoded word holds: with its frame and the longest of our names it stays
/// within the 76 characters of a line (RFC 2047 §2).
const WORD_BYTES: usize = 39;

/// How long a line should at most be (RFC 5322 §2.1.1).
const LINE_CHARS: usize = 78;

/// Headers that a caller may not add, as the mail has its own.
const OURS: &[&str] =
    &["from", "to", "cc", "bcc", "reply-to", "subject", "mime-version", "content-type", "content-transfer-encoding"];

/// The name of a further header.
///
/// # Errors
/// `invalid-input` for what is no name, and for a header that the mail has anyway.
pub(super) fn name(name: &str) -> Result<&str> {
    let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if token && !OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return Ok(name);
    }
    Err(Error::invalid_input(format!("`{name}` can not be a further header of a mail; leave it out")))
}

/// Writes a header with free text; nothing where there is none.
///
/// # Errors
/// `invalid-input` for text with a line break or another control character.
pub(super) fn text(name: &str, value: &str, to: &mut String) -> Result<()> {
    no_controls(name, value)?;
    let words: Vec<String> = if value.is_ascii() && value.len() + name.len() + 2 <= 990 {
        value.split_inclusive(' ').map(str::to_owned).collect()
    } else {
        let mut words = encoded_words(value);
        let last = words.len().saturating_sub(1);
        words.iter_mut().take(last).for_each(|word| word.push(' '));
        words
    };
    fold(name, &words, to);
    Ok(())
}

/// Writes a header with addresses; nothing where there are none.
///
/// # Errors
/// `invalid-input` for an address that is none.
pub(super) fn addresses(name: &str, all: &[MailAddress], to: &mut String) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let mut words = Vec::new();
    for (index, address) in all.iter().enumerate() {
        words.extend(mailbox(name, address)?);
        if let Some(last) = words.last_mut().filter(|_| index + 1 < all.len()) {
            last.push_str(", ");
        }
    }
    fold(name, &words, to);
    Ok(())
}

/// A parameter of a header, as `; name="value"`, or in the extended form where it needs that.
///
/// # Errors
/// `invalid-input` for a value with a control character.
pub(super) fn parameter(name: &str, value: &str) -> Result<String> {
    no_controls(name, value)?;
    if value.is_ascii() && value.len() <= 60 {
        return Ok(format!(";\r\n {name}={}", quoted(value)));
    }
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    let pieces = pieces(&encoded, 54);
    if let [only] = pieces.as_slice() {
        return Ok(format!(";\r\n {name}*=UTF-8''{only}"));
    }
    let all = pieces.iter().enumerate();
    Ok(all
        .map(|(index, piece)| format!(";\r\n {name}*{index}*={}{piece}", if index == 0 { "UTF-8''" } else { "" }))
        .collect())
}

/// The text without what could end a header.
///
/// # Errors
/// `invalid-input` where it has a control character.
pub(super) fn no_controls(name: &str, value: &str) -> Result<()> {
    if value.chars().any(char::is_control) {
        return Err(Error::invalid_input(format!("`{name}` has a line break or another control character; remove it")));
    }
    Ok(())
}

/// The words of one address, all but the last with a blank at the end.
///
/// # Errors
/// `invalid-input` for an address that is none.
pub(super) fn mailbox(name: &str, address: &MailAddress) -> Result<Vec<String>> {
    let email = address.email.as_str();
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_graphic() && !br#"()<>[]:;@\,""#.contains(&byte);
    if local.is_empty() || domain.is_empty() || email.len() > 254 || !local.bytes().chain(domain.bytes()).all(plain) {
        return Err(Error::invalid_input(format!(
            "{name}: `{email}` is not an e-mail address; write a domain outside ASCII in its `xn--` form"
        )));
    }
    let Some(shown) = address.name.as_deref().filter(|shown| !shown.is_empty()) else {
        return Ok(vec![email.to_owned()]);
    };
    no_controls(name, shown)?;
    let mut words = if shown.is_ascii() && shown.len() <= 60 { vec![quoted(shown)] } else { encoded_words(shown) };
    words.iter_mut().for_each(|word| word.push(' '));
    words.push(format!("<{email}>"));
    Ok(words)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for found in text.chars() {
        if matches!(found, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(found);
    }
    quoted.push('"');
    quoted
}

/// Text as encoded words, none of which cuts a character in two.
fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end =
            rest.char_indices().map(|(start, found)| start + found.len_utf8()).take_while(|end| *end <= WORD_BYTES);
        let Some((word, after)) = end.last().and_then(|end| rest.split_at_checked(end)) else { break };
        words.push(format!("=?UTF-8?B?{}?=", base64::encode(word.as_bytes())));
        rest = after;
    }
    words
}

/// Encoded text in pieces of at most `most` characters, none of which cuts an escape in two.
fn pieces(text: &str, most: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > most {
        let cut = (most - 2..=most).find(|cut| rest.as_bytes().get(*cut) == Some(&b'%')).unwrap_or(most);
        let Some((piece, after)) = rest.split_at_checked(cut) else { break };
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Joins words that end with their blank, breaking lines between them where they grow long.
fn fold(name: &str, words: &[String], to: &mut String) {
    to.push_str(name);
    to.push_str(": ");
    let mut length = name.len() + 2;
    for (index, word) in words.iter().enumerate() {
        if index > 0 && length + word.trim_end().len() > LINE_CHARS && to.ends_with(' ') {
            to.pop();
            to.push_str("\r\n ");
            length = 1;
        }
        to.push_str(word);
        length += word.len();
    }
    to.push_str("\r\n");
}
