//! Time and randomness, which the engine is given rather than takes.

use gatehouse_domain::id::{Id, Subject};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use ring::rand::{SecureRandom, SystemRandom};

/// Tells the time, and what is left to chance. Tests bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Bytes by chance, for identifiers and pauses. No secret is made of them.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Internal`] where the system has no randomness to give.
    fn chance(&self) -> Result<[u8; 16]> {
        random()
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// `N` bytes that nobody can guess.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Internal`] where the system has no randomness to give.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("the system's random source failed"))?;
    Ok(bytes)
}

/// As [`fraction_of`], by the system's own chance.
pub(crate) fn fraction() -> f64 {
    fraction_of(&SystemClock)
}

/// A number from 0 up to 1. Where there is no randomness it is the middle, as pauses must go on.
pub(crate) fn fraction_of(clock: &dyn Clock) -> f64 {
    let number = |[a, b, c, d, ..]: [u8; 16]| u32::from_le_bytes([a, b, c, d]);
    clock.chance().map_or(0.5, |bytes| f64::from(number(bytes)) / (f64::from(u32::MAX) + 1.0))
}

/// A new identifier that sorts by the time.
pub(crate) fn new_id<S: Subject>(clock: &dyn Clock) -> Result<Id<S>> {
    let [a, b, c, d, e, f, g, h, i, j, ..] = clock.chance()?;
    Ok(Id::new(clock.now().as_millisecond(), [a, b, c, d, e, f, g, h, i, j]))
}
