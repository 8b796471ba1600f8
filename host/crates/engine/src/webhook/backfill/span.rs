//! From when on a list is read, and what of that time the provider does not list any more: arithmetic,
//! without asking anybody.

use gatehouse_domain::manifest::webhook::Backfill;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::records::OutOfReach;

use crate::webhook::pace::later;

/// What is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// From then on, that moment included, in whole seconds: some providers know no parts of one.
    pub(super) since: Timestamp,
    /// What can not be read any more.
    pub(super) out_of_reach: Option<OutOfReach>,
}

/// What is to be read where everything is complete until a moment.
pub(super) fn span(rules: &Backfill, complete_until: Timestamp, now: Timestamp) -> Span {
    let window = later(now, -SignedDuration::from_hours(rules.window_hours.into()));
    // What the provider lists late stands behind the position.
    let wanted = later(complete_until, -SignedDuration::from_secs(rules.overlap_seconds.into()));
    let out_of_reach = (complete_until < window).then_some(OutOfReach { from: complete_until, until: window });
    Span { since: whole(wanted.max(window)), out_of_reach }
}

/// The second that a moment is in.
fn whole(moment: Timestamp) -> Timestamp {
    gatehouse_domain::time::from_millis(moment.as_millisecond().div_euclid(1_000) * 1_000)
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::time::from_millis;

    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn it_is_read_from_behind_the_position_and_not_beyond_the_window() {
        let rules = Backfill { window_hours: 10, every_seconds: 60, overlap_seconds: 300 };
        let now = 100 * HOUR;
        for (complete, since, lost) in [
            (now, now - 300_000, None),
            (now - 1, now - 301_000, None),
            (90 * HOUR, 90 * HOUR, None),
            (90 * HOUR + 300_000, 90 * HOUR, None),
            (90 * HOUR - 1, 90 * HOUR, Some((90 * HOUR - 1, 90 * HOUR))),
            (0, 90 * HOUR, Some((0, 90 * HOUR))),
        ] {
            let found = span(&rules, from_millis(complete), from_millis(now));
            let lost = lost.map(|(from, until)| OutOfReach { from: from_millis(from), until: from_millis(until) });
            assert_eq!(found, Span { since: from_millis(since), out_of_reach: lost }, "{complete}");
        }
    }
}
