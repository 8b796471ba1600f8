//! Clocks and random numbers that go past a tape: real ones as they are recorded, and recorded
//! ones as they are played.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use gatehouse_domain::time::Timestamp;
use rand_core::{Rng as _, TryRng};
use ring::digest::{SHA256, digest};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, thread_rng};

use super::{Left, Tape};

/// The wall clock past a tape.
pub(crate) struct Wall(pub(crate) Tape);

/// The monotonic clock past a tape.
pub(crate) struct Monotonic {
    pub(crate) tape: Tape,
    pub(crate) begun: Instant,
}

/// Random numbers past a tape.
pub(crate) struct Random(pub(crate) Tape);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        let real = || u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default();
        Duration::from_nanos(match &self.0 {
            Tape::Off => real(),
            Tape::Record(recorder) => {
                let now = real();
                recorder.note(8, |taken| taken.effects.wall_ns.push(now));
                now
            }
            Tape::Play(player) => player.left().wall_ns.next(),
        })
    }
}

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        let real = || u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        match &self.tape {
            Tape::Off => real(),
            Tape::Record(recorder) => {
                let now = real();
                recorder.note(8, |taken| taken.effects.monotonic_ns.push(now));
                now
            }
            Tape::Play(player) => player.left().monotonic_ns.next(),
        }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match &self.0 {
            Tape::Off => thread_rng().fill_bytes(bytes),
            Tape::Record(recorder) => {
                thread_rng().fill_bytes(bytes);
                recorder.note(bytes.len() * 2, |taken| taken.random.extend_from_slice(bytes));
            }
            Tape::Play(player) => player.left().fill(bytes),
        }
        Ok(())
    }
}

impl Left {
    /// The recorded bytes, and after the last of them others that are the same each time.
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.random.get(self.given).copied().unwrap_or_else(|| beyond(self.given));
            self.given += 1;
        }
    }
}

fn beyond(place: usize) -> u8 {
    digest(&SHA256, &place.to_be_bytes()).as_ref().first().copied().unwrap_or_default()
}
