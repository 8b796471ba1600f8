//! The one thread that writes: takes what waits, applies it, passes the barrier, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::{Error, Result};

use super::blobs;
use super::boot::Booted;
use super::cell::{self, corrupt, panic_text};
use super::config::SledConfig;
use super::group::Group;
use super::open::pass_barrier;
use super::queue::{Next, Request};
use super::space::Room;
use super::storage::Shared;
use crate::storage::Seq;

/// How often the database is checked for files that it must not write.
const CHECK_EVERY: Duration = Duration::from_secs(3600);

/// How often to look at the room on the disk while there is plenty.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How much more than the limits must be free for that, in bytes: far more than can be written
/// between two looks.
const PLENTY: u64 = 256 << 20;

/// The writer's own state. Dropping it closes the database and then releases the lock.
pub(super) struct Writer {
    booted: Booted,
    shared: Arc<Shared>,
    config: SledConfig,
    next_sync: Instant,
    next_check: Instant,
    /// The room on the disk when it was last looked at.
    room: Room,
    next_look: Instant,
}

impl Writer {
    pub(super) fn new(booted: Booted, shared: Arc<Shared>, config: SledConfig) -> Self {
        let now = Instant::now();
        let (next_sync, room) = (now + config.sentinel_every, Room::of(&config.dir));
        Self { next_sync, next_check: now + CHECK_EVERY, room, next_look: now + LOOK_EVERY, booted, shared, config }
    }

    /// Works until the queue is closed, then flushes and marks the end.
    ///
    /// # Errors
    /// Whatever stopped the last write.
    pub(super) fn run(mut self) -> Result<()> {
        loop {
            match self.shared.queue.next(self.deadline()) {
                Next::Group(requests) => self.serve(requests),
                Next::Idle => {}
                Next::Closed => break,
            }
            self.keep_house();
        }
        self.shared.view.close();
        self.shared.status.check()?;
        pass_barrier(&self.booted.open)?;
        self.booted.sentinel.sync(self.booted.seq)
    }

    /// Evaluates a group, writes it and answers. Answers come after the barrier and after
    /// readers see the group, so a caller always reads its own write.
    fn serve(&mut self, requests: Vec<Request>) {
        if let Err(refusal) = self.shared.status.check().and_then(|()| self.check_room()) {
            for request in requests {
                let _ = request.answer.send(Err(Error::new(refusal.kind, refusal.message.clone())));
            }
            return;
        }
        let mut group = Group::new(self.booted.seq);
        let tree = &self.booted.open.tree;
        let read = |key: &[u8]| cell::get(tree, &cell::data_key(key));
        let evaluate = |request: Request| (group.apply(request.batch, read), request.answer);
        let answers: Vec<_> = requests.into_iter().map(evaluate).collect();
        let written = self.write(group).map_err(|error| self.shared.status.fail(&error));
        for (outcome, answer) in answers {
            let outcome = match (&written, outcome) {
                (Err(error), Ok(_)) => Err(Error::new(error.kind, error.message.clone())),
                (_, outcome) => outcome,
            };
            // The caller may have gone away; the commit stands.
            let _ = answer.send(outcome);
        }
    }

    /// Refuses to write on a full disk. Where there is plenty of room, one look is good for a
    /// while: asking the file system takes as long as a good part of a commit.
    fn check_room(&mut self) -> Result<()> {
        let now = Instant::now();
        let plenty = self.room.free > PLENTY + 2 * self.config.space.full_bytes.min(u64::MAX / 4);
        if !plenty || now >= self.next_look {
            self.room = Room::of(&self.config.dir);
            self.next_look = now + LOOK_EVERY;
        }
        self.room.check(&self.config.space)
    }

    fn write(&mut self, group: Group) -> Result<()> {
        if group.is_empty() {
            return Ok(());
        }
        let seq = group.seq;
        let (view, open) = (&self.shared.view, &self.booted.open);
        let attempt = AssertUnwindSafe(|| view.apply(group).and_then(|()| pass_barrier(open)));
        catch_unwind(attempt).unwrap_or_else(|panic| Err(corrupt(&panic_text(panic.as_ref()))))?;
        self.booted.seq = seq;
        let slots = self.shared.view.publish();
        self.shared.status.passed(seq);
        self.shared.watchers.notify(&slots.keys().map(Vec::as_slice).collect());
        self.booted.sentinel.hint(seq)
    }

    /// When to look up although nothing is to be written.
    fn deadline(&self) -> Instant {
        let marked = self.booted.sentinel.synced() == self.booted.seq;
        if marked { self.next_check } else { self.next_sync.min(self.next_check) }
    }

    fn keep_house(&mut self) {
        if self.shared.status.check().is_err() {
            return;
        }
        if let Err(error) = self.mark().and_then(|()| self.check()) {
            self.shared.status.fail(&error);
        }
    }

    /// Syncs `COMMITTED`, if it is time and something was written.
    fn mark(&mut self) -> Result<()> {
        let (seq, now): (Seq, _) = (self.booted.seq, Instant::now());
        if now < self.next_sync || self.booted.sentinel.synced() == seq {
            return Ok(());
        }
        self.next_sync = now + self.config.sentinel_every;
        self.booted.sentinel.sync(seq)
    }

    fn check(&mut self) -> Result<()> {
        let now = Instant::now();
        if now < self.next_check {
            return Ok(());
        }
        self.next_check = now + CHECK_EVERY;
        blobs::check(&self.booted.path)
    }
}
