//! The handle that callers hold: reads on their own thread, commits through the writer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use gatehouse_domain::{Error, Result};
use tokio::sync::oneshot;

use super::apply::Applier;
use super::backlog::Backlog;
use super::boot::{Booted, boot};
use super::compact::disk_bytes;
use super::config::SledConfig;
use super::journal::{self, Recovered};
use super::queue::{Queue, Request};
use super::space::Room;
use super::status::Status;
use super::view::View;
use super::writer::{Files, Writer};
use crate::health::{Health, Space, State};
use crate::storage::{Batch, Scan, Seq, Storage, Versioned};
use crate::watch::{Watch, Watchers};

/// The embedded storage. Dropping it writes what waits and closes it, on the caller's thread.
pub struct SledStorage {
    shared: Arc<Shared>,
    config: SledConfig,
    /// The database's folder.
    path: PathBuf,
    writer: Mutex<Option<JoinHandle<Result<()>>>>,
}

/// What the writer and its callers share.
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) view: View,
    pub(super) backlog: Backlog,
    pub(super) watchers: Watchers,
    pub(super) status: Status,
}

impl SledStorage {
    /// Opens the data directory, or creates it. Reads and syncs files: call it where a
    /// thread may block.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Corrupt`] when acknowledged data is missing or damaged:
    /// it never starts empty over lost data. `Unavailable` when another process holds the
    /// directory, with the path of its lock. `StorageFull` when there is no room to open.
    /// `Internal` when the binary was linked in a way that commits would not be durable.
    pub fn open(config: SledConfig) -> Result<Self> {
        let Booted { open, sentinel, recovered, applied, path, home } = boot(&config)?;
        let Recovered { journal, ended, overlay, last } = recovered;
        let shared = Arc::new(Shared {
            queue: Queue::new(),
            backlog: Backlog::new(config.journal, overlay.bytes(), ended),
            view: View::new(open.tree.clone(), overlay, last),
            watchers: Watchers::default(),
            status: Status::new(last),
        });
        let applier = Applier::new(open, Arc::clone(&shared), path.clone(), applied, config.space.plenty());
        let applier = start("store-applier", move || applier.run())?;
        let files = Files { journal, sentinel, home };
        let writer = Writer::new(files, last, applier, Arc::clone(&shared), config.clone());
        let thread = start("store-writer", move || writer.run())?;
        Ok(Self { shared, config, path, writer: Mutex::new(Some(thread)) })
    }

    /// The memory of what is not in the database yet.
    #[cfg(test)]
    pub(super) fn pending(&self) -> usize {
        self.shared.view.pending()
    }

    fn stop(&self) -> Option<JoinHandle<Result<()>>> {
        self.shared.queue.close();
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Storage for SledStorage {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        self.shared.view.read(keys)
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        self.shared.view.scan(&scan)
    }

    async fn commit(&self, batch: Batch) -> Result<Seq> {
        batch.validate()?;
        let (answer, answered) = oneshot::channel();
        self.shared.queue.push(Request { batch, answer }).await?;
        answered.await.unwrap_or_else(|_| Err(Error::unavailable("the store's writer ended; restart the server")))
    }

    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.shared.watchers.add(prefix)
    }

    async fn close(&self) -> Result<()> {
        let Some(writer) = self.stop() else { return Ok(()) };
        let ended = tokio::task::spawn_blocking(move || writer.join()).await;
        match ended {
            Ok(Ok(result)) => result,
            _ => Err(Error::internal("the store's writer panicked as it ended")),
        }
    }

    fn health(&self) -> Health {
        let limits = &self.config.space;
        let room = Room::of(&self.config.dir);
        let space = room.level(limits);
        let state = match self.shared.status.reason() {
            Some(reason) => State::Failed { reason },
            None if space == Space::Full => State::ReadOnly { reason: room.full(limits) },
            None => State::Writable,
        };
        Health {
            state,
            space,
            disk_bytes: disk_bytes(&self.path) + disk_bytes(&self.config.dir.join(journal::FOLDER)),
            free_bytes: room.free,
            durable: self.shared.status.durable(),
            queue: self.shared.queue.len(),
        }
    }

    async fn failed(&self) -> String {
        self.shared.status.failed().await
    }
}

impl Drop for SledStorage {
    fn drop(&mut self) {
        let Some(writer) = self.stop() else { return };
        match writer.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the store did not close cleanly"),
            Err(_) => tracing::error!("the store's writer panicked as it ended"),
        }
    }
}

fn start(name: &str, run: impl FnOnce() -> Result<()> + Send + 'static) -> Result<JoinHandle<Result<()>>> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| Error::unavailable(format!("the thread `{name}` did not start")).caused_by(error))
}
