//! Reads and writes signature headers and keys. What is not exactly in the scheme's form is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse_domain::manifest::webhook::{SignatureEncoding, SignatureFormat, TextEncoding};

use super::Refusal;
use super::render::hex;
use super::request::malformed;

/// While secrets are rolled, a header holds one signature for each.
const MAX_SIGNATURES: usize = 16;

/// What a header claims.
#[derive(Debug, Default)]
pub(super) struct Claim {
    pub(super) signatures: Vec<Vec<u8>>,
    pub(super) timestamp: Option<String>,
}

/// The claim in a header's value.
pub(super) fn read(format: &SignatureFormat, encoding: SignatureEncoding, value: &str) -> Result<Claim, Refusal> {
    match format {
        SignatureFormat::Plain => Ok(Claim { signatures: vec![decode(encoding, value)?], timestamp: None }),
        SignatureFormat::Prefixed { prefix } => {
            let signature = value.strip_prefix(prefix.as_str());
            let signature =
                signature.ok_or_else(|| malformed(format!("the signature does not begin with `{prefix}`")))?;
            Ok(Claim { signatures: vec![decode(encoding, signature)?], timestamp: None })
        }
        SignatureFormat::Pairs { timestamp, signature, separator } => {
            read_pairs((timestamp, signature), *separator, encoding, value)
        }
    }
}

/// A header's value with one signature.
pub(super) fn write(format: &SignatureFormat, encoding: SignatureEncoding, tag: &[u8], timestamp: &str) -> String {
    let encoded = encode(encoding, tag);
    match format {
        SignatureFormat::Plain => encoded,
        SignatureFormat::Prefixed { prefix } => format!("{prefix}{encoded}"),
        SignatureFormat::Pairs { timestamp: name, signature, separator } => {
            format!("{name}={timestamp}{separator}{signature}={encoded}")
        }
    }
}

/// Bytes as the scheme writes them.
pub(super) fn encode(encoding: SignatureEncoding, bytes: &[u8]) -> String {
    match encoding {
        SignatureEncoding::Hex => hex(bytes),
        SignatureEncoding::Base64 => STANDARD.encode(bytes),
        SignatureEncoding::Base64url => URL_SAFE_NO_PAD.encode(bytes),
    }
}

/// Bytes that the scheme writes so.
pub(super) fn decode(encoding: SignatureEncoding, text: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = match encoding {
        SignatureEncoding::Hex => unhex(text),
        SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
        SignatureEncoding::Base64url => URL_SAFE_NO_PAD.decode(text).ok(),
    };
    let bytes = bytes.filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| malformed("the signature is not encoded as the scheme has it"))
}

/// A key that is written so.
pub(super) fn key(line: &[u8], encoding: TextEncoding) -> Option<Vec<u8>> {
    match encoding {
        TextEncoding::Text => Some(line.to_vec()),
        TextEncoding::Hex => unhex(std::str::from_utf8(line).ok()?),
        TextEncoding::Base64 => STANDARD.decode(line).ok(),
    }
}

fn read_pairs(
    (timestamp_name, signature_name): (&str, &str),
    separator: char,
    encoding: SignatureEncoding,
    value: &str,
) -> Result<Claim, Refusal> {
    let mut claim = Claim::default();
    for pair in value.split(separator) {
        let (name, value) =
            pair.trim().split_once('=').ok_or_else(|| malformed("the signature is not a list of pairs"))?;
        if name == timestamp_name && claim.timestamp.replace(value.to_owned()).is_some() {
            return Err(malformed("the signature has two timestamps"));
        }
        if name == signature_name {
            claim.signatures.push(decode(encoding, value)?);
        }
    }
    if claim.timestamp.is_none() || claim.signatures.is_empty() || claim.signatures.len() > MAX_SIGNATURES {
        let text = format!("the signature needs one `{timestamp_name}` and 1 to {MAX_SIGNATURES} `{signature_name}`");
        return Err(malformed(text));
    }
    Ok(claim)
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok()).collect()
}
