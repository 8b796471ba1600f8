//! What to try next for a write whose outcome is unknown. Pure: it looks at what is known and
//! decides; it never sends.
//!
//! | what is known | next | why |
//! |---|---|---|
//! | given up by age | by hand | a person knows more than the hundredth try |
//! | the provider remembers the key still, the parameters are exact, the account is the same, and fewer than [`REPEATS`] repeats told nothing, or nothing can be looked up | repeat | with the same key the provider answers with the first result, or does it now: one effect either way |
//! | the gateway can look it up | look up | it only reads; also after repeats that told nothing, as a provider may answer a repeated key with the same 500 for ever |
//! | none of these | by hand | another try could do it twice |
//!
//! `absent` makes it FAILED only where all of this holds: the manifest says how long the
//! provider's word is to be doubted, that time has passed since it was last sent, the provider
//! has said so [`ABSENCES`] times in a row since then, and it was asked as the same account.

use std::time::Duration;

use gatehouse_domain::execution::Unresolved;
use gatehouse_domain::time::Timestamp;

use super::backoff::after;

/// How many repeats that tell nothing are made before it is looked up instead.
const REPEATS: u32 = 3;
/// How often in a row the provider has to say that it does not have it.
const ABSENCES: u32 = 2;

/// What can be done about a write at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Means {
    /// How long the provider remembers the key.
    pub(super) window: Option<Duration>,
    /// Whether the very same parameters can be sent again.
    pub(super) exact: bool,
    /// Whether it would be sent as the same account, to the same place.
    pub(super) same_sender: bool,
    /// Whether the gateway can look it up.
    pub(super) looks_up: bool,
    /// How long after sending it is of use to look it up.
    pub(super) look_up_after: Option<Duration>,
    /// How long after sending the provider's "I do not have it" is to be doubted.
    pub(super) absent_after: Option<Duration>,
    /// How long a call may take.
    pub(super) call: Duration,
    /// How long to go on.
    pub(super) give_up: Duration,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Send it again with the same key.
    Repeat,
    /// Have the gateway look it up.
    LookUp,
    /// Look it up then; it is too early now.
    Wait(Timestamp),
    /// Leave it to a person, for this reason.
    ByHand(String),
}

/// Decides what to do now.
pub(super) fn next(known: &Unresolved, means: &Means, now: Timestamp) -> Step {
    if now >= after(known.first_sent_at, means.give_up) {
        return Step::ByHand("it was asked for as long as is of use, and nobody could tell".to_owned());
    }
    if can_repeat(known, means, now).is_ok() && (known.repeats < REPEATS || !means.looks_up) {
        return Step::Repeat;
    }
    if !means.looks_up {
        let why_not = can_repeat(known, means, now).err().unwrap_or_default();
        return Step::ByHand(format!("it can not be repeated, as {why_not}, and the gateway can not look it up"));
    }
    match means.look_up_after.map(|wait| after(known.last_sent_at, wait)) {
        Some(at) if now < at => Step::Wait(at),
        _ => Step::LookUp,
    }
}

/// Whether the provider's word that it does not have the write counts at this moment.
pub(super) fn absence_counts(known: &Unresolved, means: &Means, now: Timestamp) -> bool {
    means.same_sender && means.absent_after.is_some_and(|wait| now >= after(known.last_sent_at, wait))
}

/// Whether the provider has said often enough that it does not have the write.
pub(super) fn is_absent(absences: u32) -> bool {
    absences >= ABSENCES
}

/// From when on the provider's word counts, where it ever does.
pub(super) fn absence_counts_from(known: &Unresolved, means: &Means) -> Option<Timestamp> {
    means.absent_after.map(|wait| after(known.last_sent_at, wait))
}

/// Whether sending it again is certain to have one effect at most; else why not.
fn can_repeat(known: &Unresolved, means: &Means, now: Timestamp) -> Result<(), &'static str> {
    let Some(window) = means.window else { return Err("the provider is not known to remember its key") };
    if !means.exact {
        return Err("its parameters held a secret, which is not kept");
    }
    if !means.same_sender {
        return Err("the integration's settings or credential were changed since, so it would go elsewhere");
    }
    // It has to arrive, and be carried out, while the key is still known for certain.
    let margin = means.call.saturating_add(window / 24);
    if after(now, margin) >= after(known.first_sent_at, window) {
        return Err("the provider may have forgotten its key by now");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(hours: f64) -> Timestamp {
        after(Timestamp::UNIX_EPOCH, HOUR.mul_f64(hours))
    }

    fn known(repeats: u32) -> Unresolved {
        Unresolved {
            first_sent_at: at(0.0),
            last_sent_at: at(0.1),
            attempts: 0,
            repeats,
            absences: 0,
            next_attempt_at: None,
            repeating_until: None,
            by_hand: None,
            last_note: None,
        }
    }

    fn means() -> Means {
        Means {
            window: Some(24 * HOUR),
            exact: true,
            same_sender: true,
            looks_up: true,
            look_up_after: None,
            absent_after: Some(HOUR),
            call: Duration::from_secs(30),
            give_up: 168 * HOUR,
        }
    }

    fn check(repeats: u32, hours: f64, means: Means, expect: &str) {
        let found = format!("{:?}", next(&known(repeats), &means, at(hours)));
        assert!(found.contains(expect), "{repeats} repeats, {hours} h, {means:?}: {found}, not {expect}");
    }

    #[test]
    fn a_write_is_repeated_only_where_that_can_not_do_it_twice() {
        check(0, 0.2, means(), "Repeat");
        check(2, 0.2, means(), "Repeat");
        check(3, 0.2, means(), "LookUp");
        check(9, 0.2, Means { looks_up: false, ..means() }, "Repeat");
        check(0, 22.9, means(), "Repeat");
        // A call of thirty seconds, and an hour of margin, have to fit before the key is forgotten.
        check(0, 22.995, means(), "LookUp");
        check(0, 25.0, means(), "LookUp");
        for without in [
            Means { window: None, ..means() },
            Means { exact: false, ..means() },
            Means { same_sender: false, ..means() },
        ] {
            check(0, 0.2, without, "LookUp");
            check(0, 0.2, Means { looks_up: false, ..without }, "ByHand");
        }
    }

    #[test]
    fn what_nobody_can_tell_goes_to_a_person_with_the_reason() {
        let blind = Means { looks_up: false, ..means() };
        check(0, 25.0, blind, "forgotten its key");
        check(0, 0.2, Means { window: None, ..blind }, "not known to remember");
        check(0, 0.2, Means { exact: false, ..blind }, "held a secret");
        check(0, 0.2, Means { same_sender: false, ..blind }, "were changed since");
        check(0, 168.0, means(), "as long as is of use");
        check(0, 167.9, means(), "LookUp");
    }

    #[test]
    fn it_is_not_looked_up_too_early() {
        let patient = Means { window: None, look_up_after: Some(HOUR), ..means() };
        check(0, 1.0, patient, &format!("Wait({:?})", at(1.1)));
        check(0, 1.1, patient, "LookUp");
    }

    #[test]
    fn an_absence_counts_only_late_and_for_the_same_account() {
        let counts = |hours, means| absence_counts(&known(0), &means, at(hours));
        assert!(!counts(1.09, means()) && counts(1.1, means()));
        assert!(!counts(99.0, Means { absent_after: None, ..means() }));
        assert!(!counts(99.0, Means { same_sender: false, ..means() }));
        assert!(!is_absent(1) && is_absent(2));
    }
}
