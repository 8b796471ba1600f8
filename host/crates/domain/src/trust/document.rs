//! Signed documents: three lines of text, of which the last signs the two before it. There is one
//! text for one content, so that no byte of a document can be another without being noticed.
//!
//! ```text
//! gatehouse-plugin 1
//! {"publisher":"acme","plugin":"shop","version":"1.0.0",…}
//! ed25519 <id of the key> <signature, 128 hexadecimal digits>
//! ```

use schemars::JsonSchema;
use semver::Version;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::hexadecimal;
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// The largest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 10;
const ALGORITHM: &str = "ed25519";

/// What a publisher says of one built plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The publisher's id.
    pub publisher: String,
    /// The plugin's id.
    pub plugin: String,
    /// Its version.
    #[schemars(with = "String")]
    pub version: Version,
    /// SHA-256 of the component, in hexadecimal.
    pub component: String,
    /// SHA-256 of the manifest that the component carries, in hexadecimal.
    pub manifest: String,
    /// The WIT packages that it is built against, such as `gatehouse:plugin@0.1.0`, sorted.
    pub contracts: Vec<String>,
    /// What signed it, such as `gatehouse 0.1.0`.
    pub builder: String,
    /// When.
    #[schemars(with = "String")]
    pub signed_at: Timestamp,
}

/// What a publisher says of the key that takes the place of the one that signs this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextKey {
    /// The publisher's id.
    pub publisher: String,
    /// The new public key, 64 hexadecimal digits.
    pub public_key: String,
    /// When it was signed.
    #[schemars(with = "String")]
    pub signed_at: Timestamp,
}

/// What can be signed.
pub trait Signable: Serialize + DeserializeOwned {
    /// The first line. It is signed too, so that no signature counts for something else.
    const HEAD: &'static str;
}

impl Signable for Statement {
    const HEAD: &'static str = "gatehouse-plugin 1";
}

impl Signable for NextKey {
    const HEAD: &'static str = "gatehouse-next-key 1";
}

/// A document that was read. Whether its signature is good is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<S> {
    /// What is said.
    pub statement: S,
    /// The id of the key that signed.
    pub key: String,
    /// The signature.
    pub signature: [u8; 64],
    /// What was signed.
    pub message: String,
}

impl<S: Signable> Document<S> {
    /// Reads a document.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] saying which line is wrong and what would be right.
    pub fn read(text: &str) -> Result<Self> {
        let wrong = |what: &str| Error::invalid(format!("the signature does not read: {what}; sign again"));
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(wrong(&format!("it has more than {MAX_DOCUMENT_BYTES} bytes")));
        }
        let lines: Vec<&str> = text.split('\n').collect();
        let [head, statement, signed, ""] = lines.as_slice() else {
            return Err(wrong("it has to have three lines, each with an end"));
        };
        if *head != S::HEAD {
            return Err(wrong(&format!("its first line has to be `{}`", S::HEAD)));
        }
        let parsed: S = serde_json::from_str(statement)
            .map_err(|error| wrong("its statement is not one that this host knows").caused_by(error))?;
        let message = message(&parsed)?;
        if message.strip_prefix(head).and_then(|rest| rest.strip_prefix('\n')).and_then(|rest| rest.strip_suffix('\n'))
            != Some(statement)
        {
            return Err(wrong("its statement is not written in the one way that counts"));
        }
        let words: Vec<&str> = signed.split(' ').collect();
        let (key, signature) = match words.as_slice() {
            [ALGORITHM, key, signature] => (key, signature),
            _ => return Err(wrong(&format!("its last line has to be `{ALGORITHM} KEY SIGNATURE`"))),
        };
        if hexadecimal::read::<16>(key).is_none() {
            return Err(wrong("the id of its key is not 32 hexadecimal digits"));
        }
        let signature = hexadecimal::read::<64>(signature)
            .ok_or_else(|| wrong("its last word is not a signature of 128 hexadecimal digits"))?;
        Ok(Self { statement: parsed, key: (*key).to_owned(), signature, message })
    }
}

/// What is signed: the first two lines.
///
/// # Errors
/// [`crate::ErrorKind::Internal`] for what JSON can not hold.
pub fn message<S: Signable>(statement: &S) -> Result<String> {
    let json = serde_json::to_string(statement)
        .map_err(|error| Error::internal("the statement has no JSON form").caused_by(error))?;
    Ok(format!("{}\n{json}\n", S::HEAD))
}

/// The whole document.
pub fn write(message: &str, key: &str, signature: &[u8]) -> String {
    format!("{message}{ALGORITHM} {key} {}\n", hexadecimal::write(signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::EPOCH;

    fn statement() -> Statement {
        Statement {
            publisher: "acme".to_owned(),
            plugin: "shop".to_owned(),
            version: "1.0.0".parse().unwrap(),
            component: "ab".repeat(32),
            manifest: "cd".repeat(32),
            contracts: vec!["gatehouse:plugin@0.1.0".to_owned()],
            builder: "gatehouse 0.1.0".to_owned(),
            signed_at: EPOCH,
        }
    }

    fn document() -> String {
        write(&message(&statement()).unwrap(), &"12".repeat(16), &[7; 64])
    }

    #[test]
    fn what_is_written_is_read() {
        let read = Document::<Statement>::read(&document()).unwrap();
        assert_eq!(
            (&read.statement, read.key.as_str(), read.signature),
            (&statement(), "12".repeat(16).as_str(), [7; 64])
        );
        assert!(document().starts_with(&read.message));
    }

    /// A change of one byte is either refused as it is read, or shows in what was signed, in the
    /// key or in the signature.
    #[test]
    fn no_byte_can_be_another_unnoticed() {
        let text = document();
        let good = Document::<Statement>::read(&text).unwrap();
        for at in 0..text.len() {
            for flip in [1_u8, 0x20, 0x80] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= flip;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let Ok(read) = Document::<Statement>::read(&changed) else { continue };
                let same = (&read.message, &read.key, read.signature) == (&good.message, &good.key, good.signature);
                assert!(!same, "byte {at} does not count: {changed}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = document();
        let check = |text: String, expect: &str| {
            let error = Document::<Statement>::read(&text).unwrap_err();
            assert!(error.message.contains(expect), "{error}");
        };
        check(String::new(), "three lines");
        check(good.trim_end().to_owned(), "three lines");
        check(good.clone() + "\n", "three lines");
        check(good.replace("gatehouse-plugin 1", "gatehouse-plugin 2"), "`gatehouse-plugin 1`");
        check(good.replace("\"plugin\"", "\"plug\""), "is not one that this host knows");
        check(good.replace("\"plugin\":", "\"plugin\": "), "in the one way");
        check(good.replace("ed25519 ", "ed448 "), "`ed25519 KEY SIGNATURE`");
        check(good.replace(&"12".repeat(16), "12"), "32 hexadecimal digits");
        check(good.replace(&"07".repeat(64), "07"), "128 hexadecimal digits");
        check("x".repeat(MAX_DOCUMENT_BYTES + 1), "more than 16384 bytes");
        // What was signed as one thing is nothing else.
        assert!(Document::<NextKey>::read(&good).is_err());
    }
}
