//! Typed reads of feeds: entries in the order in which they were committed. A reader that goes
//! on after the last position it saw misses none.

use gatehouse_domain::Result;

use crate::change::Change;
use crate::entry::{AppendsTo, Entry, Placed, Position};
use crate::page::{Cursor, MAX_LIMIT, Page, Paged, malformed};
use crate::scope::Scope;
use crate::storage::Scan;
use crate::watch::Watch;
use crate::{codec, keys};

/// How many entries one commit of [`Scope::trim`] deletes.
const BATCH: usize = 256;

impl<S> Scope<S> {
    /// Reads one entry.
    ///
    /// # Errors
    /// As [`Scope::get`].
    pub async fn entry<E: AppendsTo<S>>(&self, position: Position) -> Result<Option<Placed<E>>> {
        let key = keys::record(&self.space, E::KIND, &position.to_bytes());
        let found = self.storage.read(&[key]).await?.pop().flatten();
        found.map(|found| Ok(Placed { position, entry: codec::decode_entry(&found.value)? })).transpose()
    }

    /// Reads a page of a feed, oldest first, or newest first where the page is in reverse.
    ///
    /// # Errors
    /// As [`Scope::list`].
    pub async fn entries<E: AppendsTo<S>>(&self, page: &Page) -> Result<Paged<Placed<E>>> {
        self.entries_under(&[], page).await
    }

    /// As [`Scope::entries`], of the feed of a part.
    ///
    /// # Errors
    /// As [`Scope::list`].
    pub async fn entries_under<E: AppendsTo<S>>(&self, part: &[u8], page: &Page) -> Result<Paged<Placed<E>>> {
        let limit = page.limit.clamp(1, MAX_LIMIT);
        let after =
            page.after.as_ref().map(|cursor| Position::from_bytes(&cursor.0).ok_or_else(malformed)).transpose()?;
        let mut items = self.read_feed::<E>(part, after, limit + 1, page.reverse).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Cursor::from(last.position));
        Ok(Paged { items, next })
    }

    /// Reads the entries after a position, oldest first, at most `limit`; [`Position::START`]
    /// is before all of them. It does not matter whether the entry there still exists.
    ///
    /// # Errors
    /// As [`Scope::get`].
    pub async fn entries_after<E: AppendsTo<S>>(&self, after: Position, limit: usize) -> Result<Vec<Placed<E>>> {
        self.entries_after_under(&[], after, limit).await
    }

    /// As [`Scope::entries_after`], of the feed of a part.
    ///
    /// # Errors
    /// As [`Scope::get`].
    pub async fn entries_after_under<E: AppendsTo<S>>(
        &self,
        part: &[u8],
        after: Position,
        limit: usize,
    ) -> Result<Vec<Placed<E>>> {
        self.read_feed(part, Some(after), limit.clamp(1, MAX_LIMIT), false).await
    }

    /// The position of the newest entry; `None` in an empty feed.
    ///
    /// # Errors
    /// As [`Scope::get`].
    pub async fn last_position<E: AppendsTo<S>>(&self) -> Result<Option<Position>> {
        let found = self.read_feed::<E>(&[], None, 1, true).await?;
        Ok(found.first().map(|last| last.position))
    }

    /// Tells of changes to a feed, from now on.
    pub fn watch_entries<E: AppendsTo<S>>(&self) -> Watch {
        self.storage.watch(keys::kind(&self.space, E::KIND))
    }

    /// Deletes the oldest entries up to the first that `is_old` does not find old, in small
    /// commits; returns how many. It can be stopped at any point and begun again.
    ///
    /// # Errors
    /// As [`crate::storage::Storage::commit`], without conflicts.
    pub async fn trim<E: AppendsTo<S>>(&self, is_old: impl Fn(&Placed<E>) -> bool + Send + Sync) -> Result<u64> {
        self.trim_under(&[], is_old).await
    }

    /// As [`Scope::trim`], of the feed of a part.
    ///
    /// # Errors
    /// As [`crate::storage::Storage::commit`], without conflicts.
    pub async fn trim_under<E: AppendsTo<S>>(
        &self,
        part: &[u8],
        is_old: impl Fn(&Placed<E>) -> bool + Send + Sync,
    ) -> Result<u64> {
        let mut trimmed = 0;
        loop {
            let mut found = self.read_feed::<E>(part, None, BATCH, false).await?;
            let length = found.len();
            found.truncate(found.iter().position(|entry| !is_old(entry)).unwrap_or(length));
            if found.is_empty() {
                return Ok(trimmed);
            }
            let mut change = Change::new(self.storage.clone());
            for entry in &found {
                change.scope::<S>(self.space.clone()).delete_entry_under::<E>(part, entry.position)?;
            }
            change.commit().await?;
            trimmed += found.len() as u64;
            if found.len() < BATCH {
                return Ok(trimmed);
            }
        }
    }

    async fn read_feed<E: Entry>(
        &self,
        part: &[u8],
        after: Option<Position>,
        limit: usize,
        reverse: bool,
    ) -> Result<Vec<Placed<E>>> {
        let prefix = keys::record(&self.space, E::KIND, part);
        let after = after.map(|position| [prefix.as_slice(), &position.to_bytes()].concat());
        let found = self.storage.scan(Scan { prefix: prefix.clone(), after, limit, reverse }).await?;
        let placed = |(key, found): (Vec<u8>, crate::storage::Versioned)| {
            let position = key.get(prefix.len()..).and_then(Position::from_bytes);
            let position = position.ok_or_else(|| codec::unknown_form(E::KIND))?;
            Ok(Placed { position, entry: codec::decode_entry(&found.value)? })
        };
        found.into_iter().map(placed).collect()
    }
}
