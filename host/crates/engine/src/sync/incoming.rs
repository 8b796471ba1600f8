//! A record as it comes in: in the host app's shape, with how the provider sent it where a mapping
//! made something else of it, and with what it shows of a change whose answer was lost.

use gatehouse_domain::Result;
use gatehouse_domain::mapping::{Sample, Way};
use gatehouse_domain::sync::{ContentHash, LONGEST_RECORD_ID, SyncChange};
use gatehouse_domain::time::{Timestamp, from_millis};
use gatehouse_store::Stored;
use serde_json::{Map, Value};

use super::carry::Bout;
use super::hash;
use super::pull::RecordIn;
use super::take::Tally;

/// The most bytes of one record's content: a stored record has room for this and what is kept with it.
const MOST_BYTES: usize = (1 << 20) - (16 << 10);

/// A record that was read and can be compared.
pub(super) struct Incoming {
    pub(super) id: String,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) deleted: bool,
    pub(super) data: Map<String, Value>,
    pub(super) text: String,
    pub(super) hash: ContentHash,
    /// How the provider sent it, where a mapping was to make something else of it.
    pub(super) sent: Option<Map<String, Value>>,
    /// Why it can not be taken in.
    pub(super) bad: Option<String>,
}

impl Incoming {
    pub(super) fn has_id(&self) -> bool {
        (1..=LONGEST_RECORD_ID).contains(&self.id.len())
    }
}

impl Bout<'_> {
    /// Brings a record into the host app's shape.
    pub(super) fn read(&self, record: RecordIn) -> Incoming {
        let RecordIn { id, updated_at_ms, deleted, data } = record;
        let passed = if deleted { Ok(Some(Map::new())) } else { self.pass_on(Way::In, &data) };
        let (data, sent, mut bad) = match passed {
            Ok(None) => (data, None, None),
            Ok(Some(mapped)) => (mapped, Some(data).filter(|_| !deleted), None),
            Err(error) => (Map::new(), Some(data), Some(error.message)),
        };
        let text = hash::canonical(&data);
        if !(1..=LONGEST_RECORD_ID).contains(&id.len()) {
            bad = Some(format!("its id has {} bytes; an id has 1 to {LONGEST_RECORD_ID}", id.len()));
        } else if text.len() > MOST_BYTES {
            bad = Some(format!("it has {} bytes; a record has at most {MOST_BYTES}", text.len()));
        }
        let updated_at = updated_at_ms.map(|at| from_millis(i64::try_from(at).unwrap_or(i64::MAX)));
        Incoming { hash: hash::of(&data), id, updated_at, deleted, data, text, sent, bad }
    }

    /// The change whose answer was lost and that a record shows to have been done.
    pub(super) fn proven<'c>(
        &self,
        record: &Incoming,
        unknown: &'c [Stored<SyncChange>],
        tally: &mut Tally,
    ) -> Option<&'c Stored<SyncChange>> {
        unknown.iter().find(|change| self.is_proof(change, record) && tally.found.insert(change.id))
    }

    /// A record that can not be taken in may show all the same what became of a change.
    pub(super) async fn settle_proof(
        &self,
        record: &Incoming,
        unknown: &[Stored<SyncChange>],
        tally: &mut Tally,
    ) -> Result<()> {
        let Some(change) = self.proven(record, unknown, tally) else { return Ok(()) };
        self.settle_found(change, &record.id, tally)?;
        let known = self.known(&record.id).await?;
        self.unpend(known.as_ref().filter(|known| known.pending == Some(change.id)), tally)
    }

    /// Whether a record shows that a change was done whose answer was lost: it has the content that
    /// we sent, or it holds our reference. Both are looked for in what the provider sent, as a
    /// mapping may leave them out.
    fn is_proof(&self, change: &SyncChange, record: &Incoming) -> bool {
        let sent = record.sent.as_ref();
        match &change.record {
            Some(id) if *id != record.id => false,
            Some(_) if change.deleted => record.deleted,
            Some(_) => !record.deleted && hash::holds(sent.unwrap_or(&record.data), &self.outgoing(change)),
            None if record.deleted => false,
            None => {
                let reference = change.id.to_string();
                sent.map_or_else(|| record.text.contains(&reference), |sent| hash::canonical(sent).contains(&reference))
            }
        }
    }
}

/// The record of a page that tells most about its mapping, and whether it failed: one that did, else the newest.
pub(super) fn sample_of(page: &mut [Incoming]) -> Option<(Sample, bool)> {
    let fits = |one: &&mut Incoming| {
        one.has_id() && one.sent.as_ref().is_some_and(|sent| hash::canonical(sent).len() <= MOST_BYTES)
    };
    let tells_most = page.iter_mut().filter(fits).max_by_key(|one| (one.bad.is_some(), one.updated_at))?;
    let sample = Sample { record: tells_most.id.clone(), data: tells_most.sent.clone()? };
    Some((sample, tells_most.bad.is_some()))
}
