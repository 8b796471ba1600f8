//! Reads and writes signature headers. What is not exactly in the scheme's form is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::manifest::webhook::{SignatureEncoding, SignatureFormat};

use super::{Refusal, RefusalReason, refuse};

/// While secrets are rolled, a header holds one signature for each.
const MAX_SIGNATURES: usize = 16;

/// What a header claims.
#[derive(Debug)]
pub(super) struct Claim<'h> {
    pub(super) signatures: Vec<Vec<u8>>,
    pub(super) timestamp: Option<&'h str>,
}

/// The claim in a header's value.
pub(super) fn read<'h>(
    format: &SignatureFormat,
    encoding: SignatureEncoding,
    value: &'h str,
) -> Result<Claim<'h>, Refusal> {
    match format {
        SignatureFormat::Plain => Ok(Claim { signatures: vec![decode(encoding, value)?], timestamp: None }),
        SignatureFormat::Prefixed { prefix } => {
            let signature = value.strip_prefix(prefix.as_str());
            let signature =
                signature.ok_or_else(|| malformed(format!("the signature does not begin with `{prefix}`")))?;
            Ok(Claim { signatures: vec![decode(encoding, signature)?], timestamp: None })
        }
        SignatureFormat::Pairs { timestamp, signature } => read_pairs(timestamp, signature, encoding, value),
    }
}

/// A header's value with one signature.
pub(super) fn write(format: &SignatureFormat, encoding: SignatureEncoding, tag: &[u8], timestamp: &str) -> String {
    let encoded = match encoding {
        SignatureEncoding::Hex => tag.iter().map(|byte| format!("{byte:02x}")).collect(),
        SignatureEncoding::Base64 => STANDARD.encode(tag),
    };
    match format {
        SignatureFormat::Plain => encoded,
        SignatureFormat::Prefixed { prefix } => format!("{prefix}{encoded}"),
        SignatureFormat::Pairs { timestamp: name, signature } => format!("{name}={timestamp},{signature}={encoded}"),
    }
}

fn read_pairs<'h>(
    timestamp_name: &str,
    signature_name: &str,
    encoding: SignatureEncoding,
    value: &'h str,
) -> Result<Claim<'h>, Refusal> {
    let mut claim = Claim { signatures: Vec::new(), timestamp: None };
    for pair in value.split(',') {
        let (name, value) =
            pair.trim().split_once('=').ok_or_else(|| malformed("the signature is not a list of pairs"))?;
        if name == timestamp_name && claim.timestamp.replace(value).is_some() {
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

fn decode(encoding: SignatureEncoding, text: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = match encoding {
        SignatureEncoding::Hex => unhex(text),
        SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
    };
    let bytes = bytes.filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| malformed("the signature is not encoded as the scheme has it"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok()).collect()
}

fn malformed(text: impl Into<String>) -> Refusal {
    refuse(RefusalReason::Malformed, text)
}
