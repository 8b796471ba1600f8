//! Time and randomness, which the engine is given rather than takes.

use gatehouse_domain::id::{Id, Subject};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use ring::rand::{SecureRandom, SystemRandom};

/// Tells the time. Tests bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
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

/// A number from 0 up to 1. Where there is no randomness it is the middle, as pauses must go on.
pub(crate) fn fraction() -> f64 {
    random().map_or(0.5, |bytes: [u8; 4]| f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
}

/// A new identifier that sorts by `now`.
pub(crate) fn new_id<S: Subject>(now: Timestamp) -> Result<Id<S>> {
    Ok(Id::new(now.as_millisecond(), random()?))
}
