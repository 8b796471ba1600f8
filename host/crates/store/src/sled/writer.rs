//! The one thread that commits: takes what waits, evaluates it, appends it to the journal,
//! shows it to readers, answers. Sled is not its concern.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatehouse_domain::{Error, Result};

use super::config::SledConfig;
use super::group::Group;
use super::home::Home;
use super::journal::Journal;
use super::queue::{Next, Request};
use super::sentinel::Sentinel;
use super::space::Room;
use super::storage::Shared;
use crate::storage::Seq;

/// How often to look at the room on the disk while there is plenty.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The writer's files.
pub(super) struct Files {
    pub(super) journal: Journal,
    pub(super) sentinel: Sentinel,
    /// The lock, which is released last.
    pub(super) home: Home,
}

/// The writer's own state.
pub(super) struct Writer {
    files: Files,
    /// The newest commit.
    seq: Seq,
    applier: JoinHandle<Result<()>>,
    shared: Arc<Shared>,
    config: SledConfig,
    next_sync: Instant,
    /// The room on the disk when it was last looked at.
    room: Room,
    next_look: Instant,
}

impl Writer {
    pub(super) fn new(
        files: Files,
        seq: Seq,
        applier: JoinHandle<Result<()>>,
        shared: Arc<Shared>,
        config: SledConfig,
    ) -> Self {
        let now = Instant::now();
        let (next_sync, room) = (now + config.sentinel_every, Room::of(&config.dir));
        Self { files, seq, applier, shared, config, next_sync, room, next_look: now + LOOK_EVERY }
    }

    /// Works until the queue is closed, waits until sled has everything, and marks the end.
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
            self.mark();
        }
        let Self { mut files, seq, applier, shared, .. } = self;
        shared.view.close();
        shared.backlog.close();
        let applied = applier.join().unwrap_or_else(|_| Err(Error::internal("the store's applier panicked")));
        let ended = shared.status.check().and(applied).and_then(|()| files.sentinel.sync(seq));
        drop(files.home);
        ended
    }

    /// Evaluates a group, writes it and answers. Answers come after the barrier and after
    /// readers see the group, so a caller always reads its own write.
    fn serve(&mut self, requests: Vec<Request>) {
        self.shared.backlog.wait_for_room(&self.shared.status);
        if let Err(refusal) = self.shared.status.check().and_then(|()| self.check_room()) {
            for request in requests {
                let _ = request.answer.send(Err(Error::new(refusal.kind, refusal.message.clone())));
            }
            return;
        }
        let mut group = Group::new(self.seq);
        let view = &self.shared.view;
        let evaluate = |request: Request| (group.apply(request.batch, |key| view.seq_of(key)), request.answer);
        let mut answers: Vec<_> = requests.into_iter().map(evaluate).collect();
        // Who lost hears of it first, and so is before who won when both come back.
        answers.sort_by_key(|(outcome, _)| outcome.is_ok());
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
        if !self.has_plenty() || now >= self.next_look {
            self.room = Room::of(&self.config.dir);
            self.next_look = now + LOOK_EVERY;
        }
        self.room.check(&self.config.space)
    }

    fn write(&mut self, group: Group) -> Result<()> {
        if group.is_empty() {
            return Ok(());
        }
        let Group { writes, record, seq } = group;
        let has_room = self.has_plenty();
        let spare = if self.files.journal.is_full() { self.shared.backlog.take_spare() } else { None };
        let ended = self.files.journal.append(record, seq, has_room, spare.as_deref())?;
        self.seq = seq;
        let shared = &self.shared;
        let keys: Vec<_> = writes.keys().cloned().collect();
        shared.view.publish(writes, seq);
        shared.status.passed(seq);
        shared.backlog.added(|| shared.view.pending(), ended);
        shared.watchers.notify(&keys.iter().map(Vec::as_slice).collect());
        self.files.sentinel.hint(seq)
    }

    /// Whether the disk has room for more than what has to be written.
    fn has_plenty(&self) -> bool {
        self.room.free > self.config.space.plenty()
    }

    /// When to look up although nothing is to be written.
    fn deadline(&self) -> Instant {
        let marked = self.files.sentinel.synced() == self.seq;
        if marked { Instant::now() + Duration::from_secs(3600) } else { self.next_sync }
    }

    /// Syncs `COMMITTED`, if it is time and something was written.
    fn mark(&mut self) {
        let now = Instant::now();
        if self.shared.status.check().is_err() || now < self.next_sync || self.files.sentinel.synced() == self.seq {
            return;
        }
        self.next_sync = now + self.config.sentinel_every;
        if let Err(error) = self.files.sentinel.sync(self.seq) {
            self.shared.status.fail(&error);
        }
    }
}
