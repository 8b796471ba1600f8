//! A page taken in: each record is compared with what is known, and what changed is stored with
//! its place in the feed and its row in the log. The last commit of a page moves the cursor, so
//! that a page which is cut off is read again; what of it was stored is then as known.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use gatehouse_domain::id::ChangeId;
use gatehouse_domain::manifest::SyncMode;
use gatehouse_domain::mapping::Sample;
use gatehouse_domain::sync::{
    Action, ChangeState, ContentHash, Excerpt, LONGEST_RECORD_ID, LogAction, LogOutcome, Origin, Phase, RunMode,
    SyncChange, SyncFeed, SyncLog, SyncRun, SyncState, SyncedRecord,
};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::{SyncSeen, added_at, feed_position};
use gatehouse_store::{Change, Position, Stored};
use serde_json::{Map, Value};

use super::carry::{Bout, Next, TRIES};
use super::hash;
use super::incoming::{Incoming, sample_of};
use super::pull::{PageIn, RecordIn, gone};
use super::schedules::feed_of;

/// The most records, and bytes of records, of one commit.
const PART_RECORDS: usize = 250;
const PART_BYTES: usize = 2 << 20;

/// What one commit of a page does.
pub(super) struct Tally {
    pub(super) change: Change,
    pub(super) run: SyncRun,
    pub(super) state: SyncState,
    /// How long the call took, in microseconds.
    pub(super) took_us: u64,
    /// Changes that this commit settles.
    pub(super) found: HashSet<ChangeId>,
}

/// How a record becomes another.
pub(super) struct Becomes {
    pub(super) id: String,
    pub(super) data: Map<String, Value>,
    pub(super) hash: ContentHash,
    pub(super) deleted: bool,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) origin: Origin,
    pub(super) rendition_of: Option<ContentHash>,
    pub(super) pending: Option<ChangeId>,
}

impl Bout<'_> {
    /// Takes a page in.
    pub(super) async fn take(&mut self, page: PageIn, started: Instant, took_us: u64) -> Result<Next> {
        let PageIn { records, cursor, complete } = page;
        let seen: Vec<[u8; 8]> = records.iter().filter(|one| !one.deleted).map(|one| digest_of(&one.id)).collect();
        let unknown = self.unknown_changes().await?;
        let mut incoming = Vec::with_capacity(records.len());
        for record in newest(records) {
            incoming.push(self.read(record));
        }
        let end = End { cursor, complete, seen, sample: sample_of(&mut incoming), busy: started.elapsed() };
        let mut parts = parts(&incoming);
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            self.commit_part(part, &unknown, took_us, None).await?;
        }
        self.commit_part(last, &unknown, took_us, Some(&end)).await?;
        Ok(Next::Step)
    }

    async fn commit_part(
        &mut self,
        part: &[Incoming],
        unknown: &[Stored<SyncChange>],
        took_us: u64,
        end: Option<&End>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let mut tally = self.tally(took_us)?;
            for record in part {
                self.compare(record, unknown, &mut tally).await?;
            }
            if let Some(end) = end {
                self.advance(end, &mut tally)?;
                self.show(end, &mut tally)?;
            }
            let busy = end.map_or(Duration::ZERO, |end| end.busy);
            match self.commit_tally(tally, busy).await {
                // The host app changed one of the records: it is compared again.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Err(gone())
    }

    pub(super) fn tally(&self, took_us: u64) -> Result<Tally> {
        let (run, state) = (self.run.record.clone(), self.state.record.clone());
        Ok(Tally { change: self.change()?, run, state, took_us, found: HashSet::new() })
    }

    /// Commits, and loads what is now; after a conflict too.
    pub(super) async fn commit_tally(&mut self, tally: Tally, busy: Duration) -> Result<()> {
        let Tally { mut change, run, state, .. } = tally;
        self.write(&mut change, run, &state, busy)?;
        let committed = change.commit().await;
        if !self.reload().await? {
            return Err(gatehouse_domain::Error::unavailable("the run was ended meanwhile"));
        }
        committed.map(|_| ())
    }

    async fn compare(&self, record: &Incoming, unknown: &[Stored<SyncChange>], tally: &mut Tally) -> Result<()> {
        tally.run.counts.read += 1;
        if let Some(reason) = &record.bad {
            tally.run.counts.failed += 1;
            if record.has_id() {
                self.settle_proof(record, unknown, tally).await?;
            }
            let id: String = record.id.chars().take(LONGEST_RECORD_ID / 4).collect();
            let row =
                SyncLog { reason: Some(reason.clone()), ..self.row(&id, LogAction::Pulled, LogOutcome::Failed, tally) };
            return self.log(row, tally);
        }
        let known = self.known(&record.id).await?;
        let ours = self.proven(record, unknown, tally);
        if let Some(change) = ours {
            self.settle_found(change, &record.id, tally)?;
        }
        let pending = known.as_ref().and_then(|known| known.pending);
        let pending = pending.filter(|pending| ours.is_none_or(|ours| ours.id != *pending));
        let same = match &known {
            None => record.deleted,
            Some(known) if record.deleted => known.deleted,
            Some(known) => !known.deleted && known.hash == record.hash && self.run.mode != RunMode::Reset,
        };
        if same && (ours.is_none() || known.is_none()) {
            tally.run.counts.unchanged += 1;
            return Ok(());
        }
        let rendition_of = match (ours, &known) {
            (Some(ours), _) => Some(ours.hash.clone()),
            (None, Some(known)) if is_rendition(known, record) => Some(known.hash.clone()),
            _ => None,
        };
        let origin = if rendition_of.is_some() { Origin::Host } else { Origin::Provider };
        let becomes = Becomes {
            id: record.id.clone(),
            data: record.data.clone(),
            hash: record.hash.clone(),
            deleted: record.deleted,
            updated_at: record.updated_at,
            origin,
            rendition_of,
            pending,
        };
        let action = self.turn_into(known.as_ref(), becomes, tally)?;
        let response = Excerpt { hash: record.hash.clone(), bytes: record.text.len() as u64, body: None };
        let row = SyncLog { response: Some(response), ..self.row(&record.id, logged(action), LogOutcome::Done, tally) };
        self.log(row, tally)
    }

    pub(super) async fn known(&self, id: &str) -> Result<Option<Stored<SyncedRecord>>> {
        let id = (self.integration.id, self.run.entity.clone(), id.to_owned());
        self.engine.0.store.tenant(self.tenant).get::<SyncedRecord>(&id).await
    }

    /// Stores a record that became another, with its entry in the feed, and counts it.
    pub(super) fn turn_into(
        &self,
        known: Option<&Stored<SyncedRecord>>,
        to: Becomes,
        tally: &mut Tally,
    ) -> Result<Action> {
        let now = self.engine.now();
        let part = feed_of(self.integration.id, &self.run.entity);
        let lives_on = known.filter(|known| !known.deleted);
        let mut scope = tally.change.tenant(self.tenant);
        if let Some(obsolete) = known.and_then(|known| obsolete(known, to.deleted)) {
            scope.delete_entry_under::<SyncFeed>(&part, obsolete)?;
        }
        let index = scope.append_under(&part, &SyncFeed { id: to.id.clone(), at: now, deleted: to.deleted })?;
        let next = SyncedRecord {
            integration: self.integration.id,
            entity: self.run.entity.clone(),
            id: to.id,
            data: to.data,
            hash: to.hash,
            version: known.map_or(1, |known| known.version + 1),
            origin: to.origin,
            rendition_of: to.rendition_of,
            deleted: to.deleted,
            provider_updated_at: to.updated_at,
            first_seen_at: lives_on.map_or(now, |known| known.first_seen_at),
            changed_at: now,
            pending: to.pending,
            index,
            placed: None,
            added_at: known.filter(|known| !known.deleted || to.deleted).map(added_at).map(|at| (at.seq.0, at.index)),
        };
        match known {
            Some(known) => scope.replace(known, &next)?,
            None => scope.create(&next)?,
        }
        let counts = &mut tally.run.counts;
        Ok(match (lives_on.is_some(), next.deleted) {
            (false, false) => {
                counts.added += 1;
                tally.state.known += 1;
                Action::Added
            }
            (true, true) => {
                counts.deleted += 1;
                tally.state.known = tally.state.known.saturating_sub(1);
                Action::Deleted
            }
            (true, false) => {
                counts.updated += 1;
                Action::Updated
            }
            (false, true) => Action::Deleted,
        })
    }

    /// A row of the log, to be filled in.
    pub(super) fn row(&self, record: &str, action: LogAction, outcome: LogOutcome, tally: &Tally) -> SyncLog {
        SyncLog {
            at: self.engine.now(),
            run: self.run.id,
            entity: self.run.entity.clone(),
            record: Some(record.to_owned()).filter(|id| !id.is_empty()),
            change: None,
            action,
            outcome,
            request: None,
            response: None,
            reason: None,
            duration_us: tally.took_us,
        }
    }

    pub(super) fn log(&self, mut row: SyncLog, tally: &mut Tally) -> Result<()> {
        if let Some(reason) = &mut row.reason {
            reason.truncate(reason.floor_char_boundary(1_000));
        }
        tally.change.tenant(self.tenant).append_under(&self.integration.id.to_bytes(), &row).map(|_| ())
    }

    /// A change whose answer was lost turns out to have been done.
    pub(super) fn settle_found(&self, change: &Stored<SyncChange>, record: &str, tally: &mut Tally) -> Result<()> {
        let mut next = change.record.clone();
        next.record = Some(record.to_owned());
        self.move_to(change, next, ChangeState::Pushed, tally)?;
        tally.run.counts.pushed += 1;
        let row = self.row(record, LogAction::Pushed, LogOutcome::Done, tally);
        let reason = Some("its answer was lost; the record that the provider sent shows that it was done".to_owned());
        self.log(SyncLog { change: Some(change.id), reason, ..row }, tally)
    }

    /// Keeps a record as the provider sent it, to preview mappings with. One that failed is not given up for one of a
    /// later page that did not.
    fn show(&self, end: &End, tally: &mut Tally) -> Result<()> {
        let Some((sample, failed)) = end.sample.clone() else { return Ok(()) };
        if !failed && tally.run.counts.failed > 0 {
            return Ok(());
        }
        self.engine.keep_sample(&mut tally.change, self.tenant, &self.integration, &self.run.entity, sample)
    }

    /// Moves the run behind the page that it has read.
    fn advance(&self, end: &End, tally: &mut Tally) -> Result<()> {
        let run = &mut tally.run;
        if run.from_start {
            let (entity, page) = (run.entity.clone(), run.pages);
            let seen = SyncSeen { integration: run.integration, entity, run: run.id, page, ids: end.seen.clone() };
            tally.change.tenant(self.tenant).put(&seen)?;
        }
        run.pages += 1;
        run.failures = 0;
        run.complete = end.complete;
        run.mark.clone_from(&run.cursor);
        // A cursor that does not move says that there is nothing behind it.
        if end.cursor.is_some() && end.cursor != run.cursor {
            run.cursor.clone_from(&end.cursor);
            return Ok(());
        }
        run.read_all = true;
        if self.entity.rules.mode == SyncMode::Incremental {
            tally.state.mark.clone_from(&run.mark);
            tally.state.mark_at = Some(self.engine.now());
        }
        run.phase = if run.from_start && run.complete { Phase::Sweep } else { Phase::Push };
        Ok(())
    }
}

/// The entry of a record that says nothing any more once there is another: that of the change
/// before. Those of its addition and of its deletion stay, for readers who are not past them; so
/// a record that is there has two entries at most.
fn obsolete(known: &Stored<SyncedRecord>, deleted: bool) -> Option<Position> {
    let (added, last) = (added_at(known), feed_position(known));
    match (known.deleted, deleted) {
        (false, _) => Some(last).filter(|last| *last != added),
        (true, false) => Some(added).filter(|added| *added != last),
        (true, true) => Some(last),
    }
}

/// What the last commit of a page needs to know.
struct End {
    cursor: Option<String>,
    complete: bool,
    seen: Vec<[u8; 8]>,
    /// A record as the provider sent it.
    sample: Option<(Sample, bool)>,
    busy: Duration,
}

/// Whether a record is what the provider made of what we pushed last.
fn is_rendition(known: &SyncedRecord, record: &Incoming) -> bool {
    let pushed = known.origin == Origin::Host && known.rendition_of.is_none() && !known.deleted;
    pushed && !record.deleted && hash::holds(&record.data, &known.data)
}

/// The last word of a page on each record, in the order in which they were said.
fn newest(records: Vec<RecordIn>) -> Vec<RecordIn> {
    let mut seen = HashSet::new();
    let mut newest: Vec<RecordIn> = records.into_iter().rev().filter(|record| seen.insert(record.id.clone())).collect();
    newest.reverse();
    newest
}

/// A page in parts that fit one commit each.
fn parts(records: &[Incoming]) -> Vec<&[Incoming]> {
    let mut parts = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (place, record) in records.iter().enumerate() {
        if place > from && (place - from >= PART_RECORDS || bytes + record.text.len() > PART_BYTES) {
            parts.extend(records.get(from..place));
            (from, bytes) = (place, 0);
        }
        bytes += record.text.len();
    }
    parts.extend(records.get(from..).filter(|rest| !rest.is_empty()));
    parts
}

/// The first bytes of the digest of a record's id.
pub(super) fn digest_of(id: &str) -> [u8; 8] {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    digest.as_ref().first_chunk::<8>().copied().unwrap_or_default()
}

fn logged(action: Action) -> LogAction {
    match action {
        Action::Added => LogAction::Added,
        Action::Updated => LogAction::Updated,
        Action::Deleted => LogAction::Deleted,
    }
}
