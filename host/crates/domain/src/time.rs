//! Moments in time, as RFC 3339 in JSON. Nothing here reads a clock.

pub use jiff::{SignedDuration, Timestamp};

/// A moment for records that do not have one yet.
pub const EPOCH: Timestamp = Timestamp::UNIX_EPOCH;

/// A moment from milliseconds since 1970, held within what can be written as a date.
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
