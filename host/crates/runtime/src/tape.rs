//! The tape of a call: everything that the host answers to a gateway goes past it, to be recorded
//! or to be played back in the place of the world. Where there is none, it costs nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::cassette::{Asked, Effects, Exchange};

pub mod convert;
pub(crate) mod nature;

use crate::egress::{Request, Response, SendError};

/// Whether a call is recorded or played.
#[derive(Clone, Default)]
pub enum Tape {
    /// Neither.
    #[default]
    Off,
    /// It is recorded.
    Record(Recorder),
    /// The clocks, the random numbers and the time that is left come from a recording. Its
    /// requests go to the call's egress as ever: whoever plays a call gives it one that answers
    /// from the recording too.
    Play(Player),
}

/// Takes down what the host answers. Clones write on the same tape.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Taken>>);

/// Gives recorded answers again, in the order of each kind. Clones read the same tape.
#[derive(Clone)]
pub struct Player(Arc<Mutex<Left>>);

struct Taken {
    effects: Effects,
    random: Vec<u8>,
    /// How many more bytes it takes; nothing once it was too small.
    room: Option<usize>,
}

struct Left {
    remaining_ms: std::vec::IntoIter<u64>,
    wall_ns: Readings,
    monotonic_ns: Readings,
    random: Vec<u8>,
    /// How many random bytes were given.
    given: usize,
}

/// The readings of a clock. Whoever reads on after the last sees it go on by a microsecond each.
struct Readings {
    left: VecDeque<u64>,
    last: u64,
}

impl Recorder {
    /// An empty tape that takes about so many bytes.
    pub fn new(bytes: usize) -> Self {
        let taken = Taken { effects: Effects::default(), random: Vec::new(), room: Some(bytes) };
        Self(Arc::new(Mutex::new(taken)))
    }

    /// What was taken down; none where it did not fit.
    pub fn take(&self) -> Option<Effects> {
        let mut taken = self.taken();
        taken.room?;
        let random = STANDARD.encode(std::mem::take(&mut taken.random));
        Some(Effects { random, ..std::mem::take(&mut taken.effects) })
    }

    fn note(&self, bytes: usize, write: impl FnOnce(&mut Taken)) {
        let mut taken = self.taken();
        taken.room = taken.room.and_then(|room| room.checked_sub(bytes));
        if taken.room.is_some() {
            write(&mut taken);
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Player {
    /// Plays what was recorded.
    pub fn new(effects: &Effects) -> Self {
        let random = STANDARD.decode(&effects.random).unwrap_or_default();
        Self(Arc::new(Mutex::new(Left {
            remaining_ms: effects.remaining_ms.clone().into_iter(),
            wall_ns: Readings::of(&effects.wall_ns),
            monotonic_ns: Readings::of(&effects.monotonic_ns),
            random,
            given: 0,
        })))
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readings {
    fn of(readings: &[u64]) -> Self {
        Self { left: readings.iter().copied().collect(), last: readings.last().copied().unwrap_or_default() }
    }

    fn next(&mut self) -> u64 {
        self.left.pop_front().unwrap_or_else(|| {
            self.last = self.last.saturating_add(1_000);
            self.last
        })
    }
}

impl Tape {
    /// The request as it is to be kept, where it is.
    pub(crate) fn keep(&self, request: &Request) -> Option<Asked> {
        matches!(self, Self::Record(_)).then(|| convert::asked(request))
    }

    /// Takes down what came of a request.
    pub(crate) fn exchanged(&self, request: Option<Asked>, answer: &Result<Response, SendError>) {
        let (Self::Record(recorder), Some(request)) = (self, request) else { return };
        let response = convert::got(answer);
        let bytes = convert::size(&request) + answer.as_ref().map_or(100, |answer| answer.body.len() + 500);
        recorder.note(bytes, |taken| taken.effects.exchanges.push(Exchange { request, response }));
    }

    /// How much time is left, which is really `left` milliseconds.
    pub(crate) fn remaining_ms(&self, left: u64) -> u64 {
        match self {
            Self::Off => left,
            Self::Record(recorder) => {
                recorder.note(8, |taken| taken.effects.remaining_ms.push(left));
                left
            }
            Self::Play(player) => player.left().remaining_ms.next().unwrap_or(left),
        }
    }
}

#[cfg(test)]
mod tests;
