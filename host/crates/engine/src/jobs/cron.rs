//! When a schedule ticks: pure arithmetic over times in UTC.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use gatehouse_domain::schedule::Every;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use jiff::tz::TimeZone;

use super::after;

/// The longest interval: a year.
const LONGEST: u32 = 365 * 86_400;

/// A schedule's rhythm, checked.
#[derive(Debug)]
pub(super) enum Rhythm {
    Interval(SignedDuration),
    Cron(Box<Cron>),
}

impl Rhythm {
    /// The rhythm that `every` describes.
    pub(super) fn of(every: &Every) -> Result<Self> {
        match every {
            Every::Interval { seconds: seconds @ 1..=LONGEST } => {
                Ok(Self::Interval(SignedDuration::from_secs(i64::from(*seconds))))
            }
            Every::Interval { seconds } => {
                Err(Error::invalid(format!("an interval of {seconds} s can not be; it takes 1 to {LONGEST}")))
            }
            Every::Cron { expression } => {
                let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
                let cron = parser.parse(expression).map_err(|error| refused(expression, &error.to_string()))?;
                let rhythm = Self::Cron(Box::new(cron));
                // A day that never comes, such as the 30th of February.
                rhythm.next(Timestamp::UNIX_EPOCH).map_err(|_| refused(expression, "it never ticks"))?;
                Ok(rhythm)
            }
        }
    }

    /// The first tick after a moment.
    pub(super) fn next(&self, moment: Timestamp) -> Result<Timestamp> {
        match self {
            Self::Interval(interval) => Ok(after(moment, *interval)),
            Self::Cron(cron) => {
                let next = cron.find_next_occurrence(&moment.to_zoned(TimeZone::UTC), false);
                next.map(|next| next.timestamp()).map_err(|error| refused(cron.as_str(), &error.to_string()))
            }
        }
    }

    /// The last tick at or before `now`, counted from `tick`, which is one.
    pub(super) fn last(&self, tick: Timestamp, now: Timestamp) -> Result<Timestamp> {
        if now < tick {
            return Ok(tick);
        }
        match self {
            Self::Interval(interval) => {
                let whole = now.duration_since(tick).as_secs() / interval.as_secs().max(1);
                Ok(after(tick, SignedDuration::from_secs(whole.saturating_mul(interval.as_secs()))))
            }
            Self::Cron(cron) => {
                let last = cron.find_previous_occurrence(&now.to_zoned(TimeZone::UTC), true);
                let last = last.map_err(|error| refused(cron.as_str(), &error.to_string()))?;
                Ok(last.timestamp().max(tick))
            }
        }
    }

    /// Where a tick belongs when the clock shows `now`. One that lies more than two ticks ahead
    /// was set by a clock that was ahead, and is moved back. A smaller step back is waited out,
    /// so that no tick is made twice.
    pub(super) fn moved_back(&self, tick: Timestamp, now: Timestamp) -> Result<Timestamp> {
        let next = self.next(now)?;
        Ok(if tick > self.next(next)? { next } else { tick })
    }
}

fn refused(expression: &str, why: &str) -> Error {
    Error::invalid(format!(
        "`{expression}` is no cron expression: {why}; use five fields, minute hour day month weekday, such as `0 3 * * 1-5`"
    ))
}
