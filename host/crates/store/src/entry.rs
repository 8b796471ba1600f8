//! What makes a type an entry: something small that is only ever added at the end of a feed.
//! Its place is given by the commit; nobody chooses or changes it.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use gatehouse_domain::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::page::{Cursor, malformed};
use crate::record::{Kind, unreadable};
use crate::scope::{OfDeployment, OfTenant};
use crate::storage::{ASSIGNED, Seq};

/// An entry of a feed. Each tenant, and the deployment, has one feed of each kind, or one for each
/// part: some bytes that the feed's keys begin with, of which none begins with another. With its
/// header of 2 bytes, its encoded form fits one value of 16 KiB.
pub trait Entry: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kind, which no record and no other entry has.
    const KIND: Kind;
    /// The version of its shape. Raise it with every change that old JSON does not fit, and
    /// teach [`Entry::migrate`] the step.
    const SCHEMA: u8;

    /// Its bytes: JSON, unless the entry says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] for a value that JSON can not hold.
    fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self)
            .map_err(|error| Error::internal(format!("a {:?} can not be written as JSON", Self::KIND)).caused_by(error))
    }

    /// The entry from its bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for bytes that are no such entry.
    fn decode(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| unreadable(Self::KIND, error))
    }

    /// The JSON of the present shape from that of an older one.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a version that never was.
    fn migrate(from: u8, _old: Value) -> Result<Value> {
        let message = format!(
            "a {:?} has schema version {from}, which never was; restore the data directory from a backup",
            Self::KIND
        );
        Err(Error::new(ErrorKind::Corrupt, message))
    }
}

/// An entry of a tenant's feed.
pub trait TenantEntry: Entry {}

/// An entry of a feed of the whole deployment.
pub trait GlobalEntry: Entry {}

/// Entries whose feed is in a scope. It follows from [`TenantEntry`] and [`GlobalEntry`].
pub trait AppendsTo<S>: Entry {}
impl<E: TenantEntry> AppendsTo<OfTenant> for E {}
impl<E: GlobalEntry> AppendsTo<OfDeployment> for E {}

/// A place in a feed. Later entries have greater positions, over all feeds of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The commit that added the entry.
    pub seq: Seq,
    /// Its place among the entries of that commit.
    pub index: u16,
}

/// An entry with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<E> {
    /// Where it is in its feed.
    pub position: Position,
    /// The entry.
    pub entry: E,
}

impl<E> Deref for Placed<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.entry
    }
}

impl Position {
    /// Before every entry.
    pub const START: Self = Self { seq: Seq(0), index: 0 };

    /// Its bytes, which sort as positions do: the end of the entry's key.
    pub fn to_bytes(self) -> [u8; ASSIGNED] {
        let [a, b, c, d, e, f, g, h] = self.seq.0.to_be_bytes();
        let [i, j] = self.index.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j]
    }

    /// The position with these bytes; `None` for any other number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (seq, index) = bytes.split_first_chunk::<8>()?;
        let index = u16::from_be_bytes(index.try_into().ok()?);
        Some(Self { seq: Seq(u64::from_be_bytes(*seq)), index })
    }
}

/// The text of the cursor after the entry.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Cursor::from(*self).fmt(f)
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let cursor: Cursor = text.parse()?;
        Self::from_bytes(&cursor.0).ok_or_else(malformed)
    }
}

/// The place in a list right after the entry.
impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self(position.to_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_their_text_and_sort_as_their_bytes() {
        let at = |seq, index| Position { seq: Seq(seq), index };
        let positions = [Position::START, at(1, 0), at(1, 1), at(1, 256), at(2, 0), at(256, 0), at(u64::MAX, u16::MAX)];
        for pair in positions.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].to_bytes() < pair[1].to_bytes());
            assert_eq!(pair[1].to_string().parse::<Position>().unwrap(), pair[1]);
        }
        for text in ["", "AAAA", "!", &Cursor(vec![0; 11]).to_string(), &Cursor(vec![0; 9]).to_string()] {
            assert_eq!(text.parse::<Position>().unwrap_err().kind, ErrorKind::Invalid, "{text}");
        }
    }
}
