//! Reading long lists in parts.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_domain::{Error, Result};

use crate::record::{Raw, RecordId};
use crate::storage::MAX_KEY;

/// The most records in one page, whatever is asked for.
pub const MAX_LIMIT: usize = 1000;

/// Which part of a list to read.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Begin after this place.
    pub after: Option<Cursor>,
    /// How many records, 1 to [`MAX_LIMIT`]; anything else is taken as the nearer of the two.
    pub limit: usize,
    /// From the last id to the first.
    pub reverse: bool,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Paged<R> {
    /// The records, in the order of their ids.
    pub items: Vec<R>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// A place in a list, opaque to whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) Vec<u8>);

impl Cursor {
    /// The place of the record with this id, whether it is there or not.
    pub fn at(id: &impl RecordId) -> Self {
        Self(id.key_bytes())
    }

    /// Whether the record with this id comes after the place, for lists that are put together
    /// from several records.
    pub fn is_before(&self, id: &impl RecordId) -> bool {
        self.0 < id.key_bytes()
    }

    /// The place of a record that was read as its bytes.
    pub fn of(raw: &Raw) -> Self {
        Self(raw.id.clone())
    }
}

impl Page {
    /// The first records of a list.
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit, reverse: false }
    }

    /// The last records of a list, last first.
    pub fn last(limit: usize) -> Self {
        Self { after: None, limit, reverse: true }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes.filter(|bytes| !bytes.is_empty() && bytes.len() < MAX_KEY / 2).map(Self).ok_or_else(malformed)
    }
}

/// The error for a cursor that no list gave.
pub(crate) fn malformed() -> Error {
    Error::invalid("the cursor is not one that this list gave; begin again without it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cursors_that_could_be_ours_are_taken() {
        let cursor = Cursor(vec![0, 255, 62]);
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", "=", "a b", "AAA=", &"A".repeat(2000)] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
