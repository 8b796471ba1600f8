//! Versions of records as callers see them: a tag that changes with the record, so that two
//! people who change the same thing at once do not undo each other (RFC 9110 §8.8, §13.1.1).

use gatehouse_domain::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::audit::digest_of;

/// How many hexadecimal digits of the digest make a tag.
const DIGITS: usize = 32;

/// What a caller believes a record to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// Whatever it is.
    #[default]
    Anything,
    /// One of these versions, by their tags.
    OneOf(Vec<String>),
}

/// The tag of a record: the beginning of its digest.
///
/// # Errors
/// [`ErrorKind::Internal`] for a record that JSON can not hold.
pub fn tag_of<R: Serialize>(record: &R) -> Result<String> {
    let digest = digest_of(record)?;
    Ok(digest.get(..DIGITS).unwrap_or(&digest).to_owned())
}

impl IfMatch {
    /// Refuses where there is no record, and the caller believes that there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`].
    pub fn check_some<R: Serialize>(&self, record: Option<&R>) -> Result<()> {
        match (self, record) {
            (_, Some(record)) => self.check(record),
            (Self::Anything, None) => Ok(()),
            (Self::OneOf(_), None) => {
                let message = "the record is not there any more, or not yet; leave If-Match out to make it";
                Err(Error::new(ErrorKind::Stale, message))
            }
        }
    }

    /// Refuses where the record is another version than the caller believes.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`].
    pub fn check<R: Serialize>(&self, record: &R) -> Result<()> {
        let Self::OneOf(tags) = self else { return Ok(()) };
        let tag = tag_of(record)?;
        if tags.contains(&tag) {
            return Ok(());
        }
        let message = format!("the record was changed meanwhile: its ETag is now \"{tag}\"; read it again and retry");
        Err(Error::new(ErrorKind::Stale, message))
    }
}
