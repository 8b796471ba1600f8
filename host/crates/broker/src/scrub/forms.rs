//! The forms in which a secret comes back: as it is, in base64 at each alignment and in both
//! alphabets, in hexadecimal, percent-encoded, and escaped for JSON or HTML.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// Shorter values are too common to be taken out.
const MIN: usize = 6;

/// What most encoders leave as it is in a query, beyond letters and digits.
const LENIENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'%').add(b'&').add(b'+').add(b'=');
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All forms, wiped when dropped.
pub(super) struct Forms(Vec<Form>);

/// One form of a secret.
pub(super) struct Form {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether the character before, and the one after, hold some bits of the secret as well.
    pub(super) shares: (bool, bool),
}

impl Forms {
    pub(super) fn of<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let mut forms = Self(Vec::with_capacity(16));
        for secret in secrets.into_iter().filter(|secret| secret.len() >= MIN) {
            forms.add_all(secret);
        }
        forms
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Form> {
        self.0.iter()
    }

    fn add_all(&mut self, secret: &[u8]) {
        self.add(secret.to_vec());
        if !secret.iter().all(u8::is_ascii_alphanumeric) {
            self.add_percent(secret, NON_ALPHANUMERIC);
        }
        // Most tokens read the same to every encoder of text.
        if !secret.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            self.add_percent(secret, UNRESERVED);
            self.add_percent(secret, LENIENT);
            self.add_escaped(&String::from_utf8_lossy(secret));
        }
        for alignment in 0..3 {
            let shares = (alignment > 0, !(alignment + secret.len()).is_multiple_of(3));
            self.add_shared(base64(secret, alignment, |bytes| STANDARD_NO_PAD.encode(bytes)), shares);
            self.add_shared(base64(secret, alignment, |bytes| URL_SAFE_NO_PAD.encode(bytes)), shares);
        }
        self.add(hex(secret, false));
        self.add(hex(secret, true));
    }

    fn add_percent(&mut self, secret: &[u8], set: &'static AsciiSet) {
        let upper = percent_encode(secret, set).to_string();
        self.add(lower_escapes(&upper));
        self.add(upper.replace("%20", "+").into_bytes());
        self.add(upper.into_bytes());
    }

    fn add_escaped(&mut self, text: &str) {
        let json = serde_json::to_string(text).unwrap_or_default();
        let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or_default();
        self.add(json.as_bytes().to_vec());
        self.add(json.replace('/', "\\/").into_bytes());
        self.add(ascii_json(json, false));
        self.add(ascii_json(json, true));
        let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        self.add(html.replace('\'', "&#39;").into_bytes());
        self.add(html.replace('\'', "&#x27;").into_bytes());
        self.add(html.into_bytes());
    }

    fn add(&mut self, form: Vec<u8>) {
        self.add_shared(form, (false, false));
    }

    fn add_shared(&mut self, form: Vec<u8>, shares: (bool, bool)) {
        let bytes = Zeroizing::new(form);
        if bytes.len() >= MIN && !self.0.iter().any(|form| form.bytes == bytes && form.shares == shares) {
            self.0.push(Form { bytes, shares });
        }
    }
}

/// The characters that `secret` alone decides, where `alignment` unknown bytes stand before it.
fn base64(secret: &[u8], alignment: usize, encode: fn(&[u8]) -> String) -> Vec<u8> {
    let before = [0; 3];
    let padded = Zeroizing::new([before.get(..alignment).unwrap_or_default(), secret].concat());
    let encoded = Zeroizing::new(encode(&padded));
    let from = (alignment * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    encoded.as_bytes().get(from..to).unwrap_or_default().to_vec()
}

fn hex(secret: &[u8], upper: bool) -> Vec<u8> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or_default();
    secret.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `%2F` as `%2f`, with everything else as it is.
fn lower_escapes(text: &str) -> Vec<u8> {
    let mut escape = 0;
    let lower = |byte: u8| {
        escape = if byte == b'%' { 3_u8 } else { escape };
        let within = escape > 0;
        escape = escape.saturating_sub(1);
        if within { byte.to_ascii_lowercase() } else { byte }
    };
    text.bytes().map(lower).collect()
}

/// JSON with everything outside ASCII, and where `html` the characters of HTML too, as `\uXXXX`.
fn ascii_json(json: &str, html: bool) -> Vec<u8> {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !(html && matches!(c, '<' | '>' | '&' | '\'')) {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string can not fail.
                _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.into_bytes()
}
