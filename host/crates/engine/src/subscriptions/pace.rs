//! How fast one receiver is sent to: its rate, its number of requests at a time, and its rest where
//! it asked for one. It begins with one request at a time and adds one with every success, so a
//! receiver that is down is asked gently. A restart begins anew.

use gatehouse_domain::time::{SignedDuration, Timestamp};

/// The rest after an answer that says too much, where it names no time.
const REST: SignedDuration = SignedDuration::from_secs(5);
/// The longest rest there is: one that would be longer was begun before the clock was set back.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// The pace of one receiver.
#[derive(Debug)]
pub(super) struct Pace {
    /// How many requests may be under way.
    window: u32,
    /// Whether the last request got no answer.
    silent: bool,
    rest_until: Option<Timestamp>,
    /// How many requests may be begun at once, and when that was counted.
    tokens: f64,
    counted_at: Timestamp,
}

/// How a receiver took a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Took {
    /// With a 2xx.
    Well,
    /// With another answer.
    Badly,
    /// With one that says that it is too much, and perhaps for how long.
    TooMuch(Option<SignedDuration>),
    /// With none.
    Silently,
}

impl Pace {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { window: 1, silent: false, rest_until: None, tokens: 1.0, counted_at: now }
    }

    /// How many requests may be under way, of at most `concurrency`.
    pub(super) fn room(&self, concurrency: u32) -> usize {
        self.window.min(concurrency) as usize
    }

    /// Whether the last request got no answer.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// Takes the right to begin one request, or says when to ask again.
    pub(super) fn begin(&mut self, now: Timestamp, per_second: u32) -> Result<(), Timestamp> {
        if let Some(until) = self.rest_until.filter(|until| now < *until && *until <= super::later(now, LONGEST)) {
            return Err(until);
        }
        let rate = f64::from(per_second);
        let passed = now.duration_since(self.counted_at).as_secs_f64().clamp(0.0, 1.0);
        // A clock that was set back must not stop it: what was counted then counts from now.
        self.counted_at = now;
        // Up to a tenth of a second's worth may be begun together.
        self.tokens = (self.tokens + passed * rate).min((rate / 10.0).max(1.0));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = SignedDuration::from_secs_f64((1.0 - self.tokens) / rate).max(SignedDuration::from_millis(1));
        Err(super::later(now, wait))
    }

    /// Learns from how a request was taken.
    pub(super) fn learn(&mut self, took: Took, now: Timestamp, concurrency: u32) {
        self.silent = took == Took::Silently;
        match took {
            Took::Well => self.window = (self.window + 1).min(concurrency),
            Took::Badly => {}
            Took::Silently => self.window = 1,
            Took::TooMuch(rest) => {
                self.window = 1;
                let until = super::later(now, rest.unwrap_or(REST));
                self.rest_until = Some(self.rest_until.map_or(until, |known| known.max(until)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::time::from_millis;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        from_millis(1_700_000_000_000 + millis)
    }

    /// How many requests begin within ten seconds, asked for every millisecond.
    fn begun(per_second: u32) -> usize {
        let mut pace = Pace::new(at(0));
        (0..10_000).filter(|millis| pace.begin(at(*millis), per_second).is_ok()).count()
    }

    #[test]
    fn the_rate_is_kept() {
        for per_second in [1, 7, 100] {
            let most = 10 * per_second as usize + (per_second as usize / 10).max(1);
            let found = begun(per_second);
            assert!(
                (most.saturating_sub(per_second as usize / 5 + 2)..=most).contains(&found),
                "{per_second}: {found}"
            );
        }
    }

    #[test]
    fn it_says_when_to_ask_again() {
        let mut pace = Pace::new(at(0));
        assert_eq!(pace.begin(at(0), 2), Ok(()));
        let again = pace.begin(at(0), 2).unwrap_err();
        assert_eq!(again, at(500));
        assert_eq!(pace.begin(again, 2), Ok(()));
    }

    #[test]
    fn successes_widen_it_and_silence_narrows_it() {
        let mut pace = Pace::new(at(0));
        assert_eq!(pace.room(4), 1);
        (0..9).for_each(|_| pace.learn(Took::Well, at(0), 4));
        assert_eq!((pace.room(4), pace.is_silent()), (4, false));
        pace.learn(Took::Badly, at(0), 4);
        assert_eq!(pace.room(4), 4);
        pace.learn(Took::Silently, at(0), 4);
        assert_eq!((pace.room(4), pace.is_silent()), (1, true));
        pace.learn(Took::Well, at(0), 4);
        assert_eq!((pace.room(4), pace.is_silent()), (2, false));
    }

    #[test]
    fn it_rests_as_long_as_it_is_asked_to() {
        let mut pace = Pace::new(at(0));
        pace.learn(Took::TooMuch(Some(SignedDuration::from_secs(60))), at(0), 4);
        pace.learn(Took::TooMuch(None), at(0), 4);
        assert_eq!(pace.begin(at(59_999), 100), Err(at(60_000)));
        assert_eq!(pace.begin(at(60_000), 100), Ok(()));
        pace.learn(Took::TooMuch(None), at(60_000), 4);
        assert_eq!(pace.begin(at(60_000), 100), Err(at(65_000)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_it() {
        let mut pace = Pace::new(at(0));
        assert_eq!(pace.begin(at(0), 1), Ok(()));
        assert!(pace.begin(at(-3_600_000), 1).is_err());
        assert_eq!(pace.begin(at(-3_599_000), 1), Ok(()));
        let mut pace = Pace::new(at(0));
        pace.learn(Took::TooMuch(Some(SignedDuration::from_secs(60))), at(0), 4);
        assert_eq!(pace.begin(at(-1_000), 100), Err(at(60_000)));
        assert_eq!(pace.begin(at(-86_400_000), 100), Ok(()), "a rest is an hour at most");
    }
}
