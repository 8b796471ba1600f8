//! The thread that brings sled up to the journal, in large parts, off every caller's path.
//! It alone writes to the tree.
//!
//! A round takes everything that was committed when it began, part by part, each behind a
//! barrier. Then the tree's `SEQ` says so, behind another barrier, and only then are files of the
//! journal deleted. Whatever happens in between, the journal still has every commit after
//! `SEQ`, and applying one again changes nothing: sled's own atomicity is not relied on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use gatehouse_domain::Result;

use super::cell::{self, corrupt, panic_text, sled_error};
use super::open::{Open, pass_barrier};
use super::space::Room;
use super::storage::Shared;
use super::{blobs, journal};
use crate::storage::Seq;

/// How many bytes pass one barrier: about half of a segment of sled's log.
const PART_BYTES: usize = 1 << 20;
/// How many bytes are applied while readers wait.
const STEP_BYTES: usize = 32 << 10;
/// A pause after each step, for readers and the writer to get in.
const PAUSE: Duration = Duration::from_micros(20);

/// How many files of the journal are kept for use again, where the disk has plenty of room.
const SPARES: usize = 2;

/// How often the database is checked for files that it must not write.
const CHECK_EVERY: Duration = Duration::from_secs(3600);

/// The thread's own state. Dropping it closes the database.
pub(super) struct Applier {
    open: Open,
    shared: Arc<Shared>,
    path: PathBuf,
    /// What the tree's `SEQ` says.
    recorded: Seq,
    /// From how many free bytes on the disk has plenty of room.
    plenty: u64,
    next_check: Instant,
}

impl Applier {
    pub(super) fn new(open: Open, shared: Arc<Shared>, path: PathBuf, recorded: Seq, plenty: u64) -> Self {
        Self { open, shared, path, recorded, plenty, next_check: Instant::now() + CHECK_EVERY }
    }

    /// Works until the backlog is closed, and then applies what is left of it.
    ///
    /// # Errors
    /// Whatever stopped the last write.
    pub(super) fn run(mut self) -> Result<()> {
        while self.shared.backlog.wait_until_due() {
            if !self.serve() {
                break;
            }
        }
        if self.shared.status.check().is_ok() {
            self.serve();
        }
        self.shared.status.check()
    }

    /// One round; whether there may be more.
    fn serve(&mut self) -> bool {
        let round = catch_unwind(AssertUnwindSafe(|| self.round().and_then(|()| self.check())));
        let outcome = round.unwrap_or_else(|panic| Err(corrupt(&panic_text(panic.as_ref()))));
        if let Err(error) = outcome {
            self.shared.status.fail(&error);
        }
        self.shared.status.check().is_ok()
    }

    fn round(&mut self) -> Result<()> {
        let target = self.shared.status.durable();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let mut bytes = 0;
            while bytes < PART_BYTES {
                self.shared.status.check()?;
                let Some(step) = self.shared.view.apply(&self.open.tree, after.as_deref(), STEP_BYTES)? else { break };
                bytes += step.bytes;
                after = Some(step.last);
                thread::sleep(PAUSE);
            }
            if bytes > 0 {
                pass_barrier(&self.open)?;
            }
            self.shared.backlog.applied(|| self.shared.view.pending());
            if bytes == 0 {
                return self.record(target);
            }
        }
    }

    /// Says in the tree how far it has got, and deletes what the journal need not keep.
    fn record(&mut self, seq: Seq) -> Result<()> {
        if self.recorded < seq {
            let value = cell::encode(cell::SEQ, seq, &[]);
            self.open.tree.insert(cell::SEQ, value).map_err(|error| sled_error(&error))?;
            pass_barrier(&self.open)?;
            self.recorded = seq;
        }
        let ended = self.shared.backlog.take_ended(seq);
        if !ended.is_empty() {
            let room = Room::of(&self.path).free;
            let most = if room > self.plenty { SPARES } else { 0 };
            let keep = most.saturating_sub(self.shared.backlog.spares());
            self.shared.backlog.add_spares(journal::retire(&ended, keep)?);
        }
        Ok(())
    }

    fn check(&mut self) -> Result<()> {
        let now = Instant::now();
        if now < self.next_check {
            return Ok(());
        }
        self.next_check = now + CHECK_EVERY;
        blobs::check(&self.path)
    }
}
