//! Typed reads within one scope: one tenant's records, or the deployment's. A record of one
//! scope can not be asked for in the other; that does not compile.

use std::marker::PhantomData;
use std::sync::Arc;

use gatehouse_domain::{Error, ErrorKind, Result};

use crate::page::{Cursor, MAX_LIMIT, Page, Paged, malformed};
use crate::record::{GlobalRecord, Raw, Record, RecordId, Stored, TenantRecord};
use crate::storage::{Scan, Storage, Versioned};
use crate::watch::Watch;
use crate::{codec, keys};

/// Marks the scope of one tenant.
#[derive(Debug)]
pub enum OfTenant {}
/// Marks the scope of the deployment.
#[derive(Debug)]
pub enum OfDeployment {}

/// Records that live in a scope. It follows from [`TenantRecord`] and [`GlobalRecord`].
pub trait LivesIn<S>: Record {}
impl<R: TenantRecord> LivesIn<OfTenant> for R {}
impl<R: GlobalRecord> LivesIn<OfDeployment> for R {}

/// One tenant's records.
pub type TenantScope = Scope<OfTenant>;
/// The deployment's records.
pub type Admin = Scope<OfDeployment>;

/// How often a large record is read again that changes while it is read.
const RETRIES: usize = 16;

/// Reads of one scope.
pub struct Scope<S> {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) space: Vec<u8>,
    marker: PhantomData<fn() -> S>,
}

impl<S> Scope<S> {
    pub(crate) fn new(storage: Arc<dyn Storage>, space: Vec<u8>) -> Self {
        Self { storage, space, marker: PhantomData }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for damaged data or data of a newer version.
    pub async fn get<R: LivesIn<S>>(&self, id: &R::Id) -> Result<Option<Stored<R>>> {
        let key = keys::record(&self.space, R::KIND, &id.key_bytes());
        let Some(main) = self.read(&key).await? else { return Ok(None) };
        self.assemble(&key, main).await
    }

    /// Reads a page of all records of a kind, in the order of their ids.
    ///
    /// # Errors
    /// As [`Scope::get`]; [`ErrorKind::Invalid`] for a cursor of another list.
    pub async fn list<R: LivesIn<S>>(&self, page: &Page) -> Result<Paged<R>> {
        self.list_under(&[], page).await
    }

    /// Reads a page of the records whose id begins with `id_prefix`.
    ///
    /// # Errors
    /// As [`Scope::list`].
    pub async fn list_under<R: LivesIn<S>>(&self, id_prefix: &[u8], page: &Page) -> Result<Paged<R>> {
        let Paged { items, next } = self.list_stored(id_prefix, page).await?;
        Ok(Paged { items: items.into_iter().map(|item: Stored<R>| item.record).collect(), next })
    }

    /// As [`Scope::list_under`], with what is needed to replace the records.
    ///
    /// # Errors
    /// As [`Scope::list`].
    pub async fn list_stored<R: LivesIn<S>>(&self, id_prefix: &[u8], page: &Page) -> Result<Paged<Stored<R>>> {
        let prefix = keys::record(&self.space, R::KIND, id_prefix);
        let limit = page.limit.clamp(1, MAX_LIMIT);
        let after = self.place::<R>(id_prefix, page.after.as_ref())?;
        let scan = Scan { prefix, after, limit: limit + 1, reverse: page.reverse };
        let mut found = self.storage.scan(scan).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().map(|(key, _)| Cursor(keys::id(&self.space, key).to_vec()));
        let mut items = Vec::with_capacity(found.len());
        for (key, main) in found {
            items.extend(self.assemble(&key, main).await?);
        }
        Ok(Paged { items, next: last.filter(|_| more) })
    }

    /// Reads a page of all records of a kind as their bytes: what does not read is there as well.
    ///
    /// # Errors
    /// Only those of the storage itself.
    pub async fn list_raw<R: LivesIn<S>>(&self, page: &Page) -> Result<Paged<Raw>> {
        let limit = page.limit.clamp(1, MAX_LIMIT);
        let after = self.place::<R>(&[], page.after.as_ref())?;
        let prefix = keys::kind(&self.space, R::KIND);
        let mut found = self.storage.scan(Scan { prefix, after, limit: limit + 1, reverse: page.reverse }).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().map(|(key, _)| Cursor(keys::id(&self.space, key).to_vec()));
        let mut items = Vec::with_capacity(found.len());
        for (key, main) in found {
            let parts = match codec::layout(R::KIND, &main.value).map_or(0, |layout| layout.chunks) {
                0 => None,
                count => {
                    let wanted: Vec<_> = keys::chunks(&key, count).collect();
                    self.storage.read(&wanted).await?.into_iter().collect::<Option<Vec<_>>>()
                }
            };
            let (schema, bytes) = codec::undecoded(R::KIND, main, parts.as_deref());
            items.push(Raw { id: keys::id(&self.space, &key).to_vec(), schema, bytes });
        }
        Ok(Paged { items, next: last.filter(|_| more) })
    }

    /// Tells of changes to records of a kind, from now on.
    pub fn watch<R: LivesIn<S>>(&self) -> Watch {
        self.watch_under::<R>(&[])
    }

    /// Tells of changes to records whose id begins with `id_prefix`, from now on.
    pub fn watch_under<R: LivesIn<S>>(&self, id_prefix: &[u8]) -> Watch {
        self.storage.watch(keys::record(&self.space, R::KIND, id_prefix))
    }

    /// Tells of changes to one record, from now on.
    pub fn watch_record<R: LivesIn<S>>(&self, id: &R::Id) -> Watch {
        self.storage.watch(keys::record(&self.space, R::KIND, &id.key_bytes()))
    }

    fn place<R: Record>(&self, id_prefix: &[u8], after: Option<&Cursor>) -> Result<Option<Vec<u8>>> {
        match after {
            Some(cursor) if !cursor.0.starts_with(id_prefix) => Err(malformed()),
            cursor => Ok(cursor.map(|cursor| keys::record(&self.space, R::KIND, &cursor.0))),
        }
    }

    async fn read(&self, key: &[u8]) -> Result<Option<Versioned>> {
        Ok(self.storage.read(&[key.to_vec()]).await?.pop().flatten())
    }

    /// The record with its parts; `None` if it is deleted meanwhile. Parts and main value are
    /// written by one commit: parts of another sequence mean that it was replaced meanwhile.
    async fn assemble<R: Record>(&self, key: &[u8], mut main: Versioned) -> Result<Option<Stored<R>>> {
        let id = keys::id(&self.space, key);
        for _ in 0..RETRIES {
            let layout = codec::layout(R::KIND, &main.value)?;
            if layout.chunks == 0 {
                return codec::decode(id, main, &[]).map(Some);
            }
            let wanted: Vec<_> = keys::chunks(key, layout.chunks).collect();
            let parts: Option<Vec<Versioned>> = self.storage.read(&wanted).await?.into_iter().collect();
            if let Some(parts) = parts.filter(|parts| parts.iter().all(|part| part.seq == main.seq)) {
                return codec::decode(id, main, &parts).map(Some);
            }
            match self.read(key).await? {
                None => return Ok(None),
                Some(again) if again.seq == main.seq => {
                    let message =
                        format!("a {:?} lacks some of its parts; restore the data directory from a backup", R::KIND);
                    return Err(Error::new(ErrorKind::Corrupt, message));
                }
                Some(again) => main = again,
            }
        }
        Err(Error::unavailable(format!("a {:?} changes too fast to be read; retry", R::KIND)))
    }
}
