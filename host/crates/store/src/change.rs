//! One atomic commit over any scopes: every record of it is stored, or none.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, ErrorKind, Result};

use crate::codec::{self, Encoded};
use crate::entry::{AppendsTo, Position};
use crate::keys;
use crate::record::{Kind, RecordId, Stored};
use crate::scope::{LivesIn, OfDeployment, OfTenant};
use crate::storage::{Append, Batch, Check, Expect, MAX_APPENDS, Seq, Storage};

/// How often a commit is tried again that lost against another writer of a record which it
/// replaces whatever its version.
const RETRIES: u32 = 64;

/// A commit that is being put together. Dropping it changes nothing.
#[must_use = "a change does nothing until it is committed"]
pub struct Change {
    storage: Arc<dyn Storage>,
    steps: Vec<Step>,
    appends: Vec<Append>,
}

/// The part of a change that concerns one scope.
pub struct ChangeScope<'c, S> {
    change: &'c mut Change,
    space: Vec<u8>,
    marker: PhantomData<fn() -> S>,
}

/// What happens to one record.
struct Step {
    kind: Kind,
    key: Vec<u8>,
    before: Before,
    after: After,
}

/// What the record has to be before.
enum Before {
    Absent,
    Present,
    At(Version),
    /// Whatever it is; it has no parts.
    Unasked,
    /// Whatever it is: it is read at commit, to delete parts that it may have.
    Any,
}

enum After {
    Written(Encoded),
    Deleted,
    AsBefore,
}

/// A version of a record and the number of its parts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    seq: Seq,
    chunks: u16,
}

impl Change {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, steps: Vec::new(), appends: Vec::new() }
    }

    /// Changes within a tenant.
    pub fn tenant(&mut self, tenant: TenantId) -> ChangeScope<'_, OfTenant> {
        self.scope(keys::tenant(tenant))
    }

    /// Changes to records of the deployment.
    pub fn admin(&mut self) -> ChangeScope<'_, OfDeployment> {
        self.scope(keys::global())
    }

    /// Changes to what is below `space`.
    pub(crate) fn scope<S>(&mut self, space: Vec<u8>) -> ChangeScope<'_, S> {
        ChangeScope { change: self, space, marker: PhantomData }
    }

    /// Whether there is anything to commit.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.appends.is_empty()
    }

    /// Commits. When this returns, all of it is on the disk and visible to readers.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when a record is not as a step requires; nothing was stored.
    /// Otherwise as [`Storage::commit`].
    pub async fn commit(self) -> Result<Seq> {
        let mut found = self.read_any().await?;
        for tried in 0..RETRIES {
            match self.storage.commit(self.batch(&found)).await {
                Err(error) if error.kind == ErrorKind::Conflict => {
                    // Ours to solve only if a record moved that may be of any version.
                    let again = self.read_any().await?;
                    if again == found {
                        return Err(error);
                    }
                    found = again;
                    // Many at once that begin again at the same moment lose to each other again.
                    tokio::time::sleep(pause(tried)).await;
                }
                outcome => return outcome,
            }
        }
        Err(Error::conflict("a record of this commit changes too fast; retry"))
    }

    /// The versions of the records that may be of any, in the order of their steps.
    async fn read_any(&self) -> Result<Vec<Option<Version>>> {
        let any = || self.steps.iter().filter(|step| matches!(step.before, Before::Any));
        let keys: Vec<_> = any().map(|step| step.key.clone()).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.storage.read(&keys).await?;
        any()
            .zip(found)
            .map(|(step, found)| {
                let version = |main: crate::storage::Versioned| {
                    let chunks = codec::layout(step.kind, &main.value)?.chunks;
                    Ok(Version { seq: main.seq, chunks })
                };
                found.map(version).transpose()
            })
            .collect()
    }

    fn batch(&self, found: &[Option<Version>]) -> Batch {
        let mut batch = Batch { appends: self.appends.clone(), ..Batch::default() };
        let mut found = found.iter().copied();
        for step in &self.steps {
            let (expect, chunks) = match step.before {
                Before::Absent => (Some(Expect::Absent), 0),
                Before::Present => (Some(Expect::Present), 0),
                Before::At(version) => (Some(Expect::At(version.seq)), version.chunks),
                Before::Unasked => (None, 0),
                Before::Any => match found.next().flatten() {
                    Some(version) => (Some(Expect::At(version.seq)), version.chunks),
                    None => (Some(Expect::Absent), 0),
                },
            };
            batch.checks.extend(expect.map(|expect| Check { key: step.key.clone(), expect }));
            step.write(chunks, &mut batch);
        }
        batch
    }
}

impl Step {
    /// Adds the step's writes, where the record had `chunks` parts before.
    fn write(&self, chunks: u16, batch: &mut Batch) {
        let written = match &self.after {
            After::AsBefore => return,
            After::Deleted => {
                batch.deletes.push(self.key.clone());
                0
            }
            After::Written(encoded) => {
                let count = u16::try_from(encoded.chunks.len()).unwrap_or(u16::MAX);
                batch.puts.push((self.key.clone(), encoded.main.clone()));
                batch.puts.extend(keys::chunks(&self.key, count).zip(encoded.chunks.iter().cloned()));
                count
            }
        };
        batch.deletes.extend(keys::chunks(&self.key, chunks).skip(written.into()));
    }
}

impl<S> ChangeScope<'_, S> {
    /// Stores a record that must not exist.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond 1 MiB.
    pub fn create<R: LivesIn<S>>(&mut self, record: &R) -> Result<()> {
        let after = After::Written(codec::encode(record)?);
        self.step::<R>(&record.id(), Before::Absent, after);
        Ok(())
    }

    /// Stores a record, whether it exists or not.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond 1 MiB.
    pub fn put<R: LivesIn<S>>(&mut self, record: &R) -> Result<()> {
        let after = After::Written(codec::encode(record)?);
        self.step::<R>(&record.id(), Before::Any, after);
        Ok(())
    }

    /// Stores a record in place of the version that was read.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond 1 MiB; [`ErrorKind::Invalid`] when the ids differ.
    pub fn replace<R: LivesIn<S>>(&mut self, old: &Stored<R>, new: &R) -> Result<()> {
        let id = new.id();
        if id.key_bytes() != old.record.id().key_bytes() {
            return Err(Error::invalid(format!("a {:?} can not be replaced by one with another id", R::KIND)));
        }
        let after = After::Written(codec::encode(new)?);
        self.step::<R>(&id, Before::At(version(old)), after);
        Ok(())
    }

    /// Deletes a record, if it exists.
    ///
    /// # Errors
    /// None at present.
    pub fn delete<R: LivesIn<S>>(&mut self, id: &R::Id) -> Result<()> {
        self.step::<R>(id, Before::Any, After::Deleted);
        Ok(())
    }

    /// Deletes the version of a record that was read.
    ///
    /// # Errors
    /// None at present.
    pub fn remove<R: LivesIn<S>>(&mut self, old: &Stored<R>) -> Result<()> {
        self.step::<R>(&old.record.id(), Before::At(version(old)), After::Deleted);
        Ok(())
    }

    /// Requires that a record exists, and leaves it.
    ///
    /// # Errors
    /// None at present.
    pub fn require<R: LivesIn<S>>(&mut self, id: &R::Id) -> Result<()> {
        self.step::<R>(id, Before::Present, After::AsBefore);
        Ok(())
    }

    /// Requires that a record does not exist, and leaves it so.
    ///
    /// # Errors
    /// None at present.
    pub fn absent<R: LivesIn<S>>(&mut self, id: &R::Id) -> Result<()> {
        self.step::<R>(id, Before::Absent, After::AsBefore);
        Ok(())
    }

    /// Requires that a record is still the version that was read, and leaves it.
    ///
    /// # Errors
    /// None at present.
    pub fn unchanged<R: LivesIn<S>>(&mut self, old: &Stored<R>) -> Result<()> {
        self.step::<R>(&old.record.id(), Before::At(version(old)), After::AsBefore);
        Ok(())
    }

    /// Adds an entry at the end of its feed. It can not conflict. Returns its index: with the
    /// sequence that the commit returns, this is its [`Position`](crate::entry::Position).
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond 16 KiB, or for more than 65,536 entries in one change.
    pub fn append<E: AppendsTo<S>>(&mut self, entry: &E) -> Result<u16> {
        self.append_under(&[], entry)
    }

    /// As [`ChangeScope::append`], to the feed of a part.
    ///
    /// # Errors
    /// As [`ChangeScope::append`].
    pub fn append_under<E: AppendsTo<S>>(&mut self, part: &[u8], entry: &E) -> Result<u16> {
        let value = codec::encode_entry(entry)?;
        let index = u16::try_from(self.change.appends.len()).map_err(|_| {
            Error::new(ErrorKind::TooLarge, format!("a change takes at most {MAX_APPENDS} entries; commit in parts"))
        })?;
        self.change.appends.push(Append { prefix: keys::record(&self.space, E::KIND, part), value });
        Ok(index)
    }

    /// Deletes an entry, if it is there.
    ///
    /// # Errors
    /// None at present.
    pub fn delete_entry<E: AppendsTo<S>>(&mut self, position: Position) -> Result<()> {
        self.delete_entry_under::<E>(&[], position)
    }

    /// As [`ChangeScope::delete_entry`], from the feed of a part.
    ///
    /// # Errors
    /// None at present.
    pub fn delete_entry_under<E: AppendsTo<S>>(&mut self, part: &[u8], position: Position) -> Result<()> {
        let key = keys::record(&self.space, E::KIND, &[part, &position.to_bytes()].concat());
        self.change.steps.push(Step { kind: E::KIND, key, before: Before::Unasked, after: After::Deleted });
        Ok(())
    }

    fn step<R: LivesIn<S>>(&mut self, id: &R::Id, before: Before, after: After) {
        let key = keys::record(&self.space, R::KIND, &id.key_bytes());
        self.change.steps.push(Step { kind: R::KIND, key, before, after });
    }
}

/// Longer with every try, and never the same for two: the clock's last digits are the dice.
fn pause(tried: u32) -> Duration {
    let dice = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::from(since.subsec_nanos()));
    let longest = 20u64 << tried.min(8);
    Duration::from_micros(dice % longest)
}

fn version<R>(stored: &Stored<R>) -> Version {
    Version { seq: stored.seq, chunks: stored.chunks }
}
