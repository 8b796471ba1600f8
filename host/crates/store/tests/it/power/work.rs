//! What a store is made to do before the power goes, and what must hold of it afterwards: all that was
//! acknowledged is there, nothing of what was never asked for, and of each commit all or nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_store::sled::{Compaction, JournalLimits};
use gatehouse_store::storage::{Append, Batch, Storage};
use gatehouse_store::{Artefacts, SledConfig, SledStorage};
use tokio::runtime::Runtime;

use super::interpose::Watched;
use super::trace::{Told, Trace};
use crate::support::{all, get};

/// How a store is used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// How many commit at once.
    pub(crate) writers: usize,
    /// How many commits each makes between two starts.
    pub(crate) commits: u64,
    /// The largest value, in bytes.
    pub(crate) value: u64,
    /// How many log entries of each writer are kept; older ones are deleted.
    pub(crate) kept: u64,
    /// How often the store is started.
    pub(crate) starts: u64,
    /// The size of a journal's file, in bytes.
    pub(crate) file: u64,
    /// How long a commit is pending at most.
    pub(crate) pending: Duration,
    /// Whether each start rewrites the database.
    pub(crate) compacts: bool,
}

impl Work {
    /// Does it in an empty directory and answers what was seen.
    pub(crate) fn record(self, runtime: &Runtime, dir: &Path) -> Trace {
        let watched = Arc::new(Watched::record(dir));
        for start in 0..self.starts {
            let storage = Arc::new(self.open(dir).unwrap());
            let tasks: Vec<_> = (0..self.writers)
                .map(|writer| {
                    let (storage, watched) = (Arc::clone(&storage), Arc::clone(&watched));
                    runtime.spawn(async move { self.write(writer, start, &*storage, &watched).await })
                })
                .collect();
            runtime.block_on(async {
                let artefacts = Artefacts::open(dir.join("artefacts"), 1 << 20).unwrap();
                let digest = artefacts.put(vec![start as u8; 5000]).await.unwrap();
                watched.note(|trace| trace.told(Told::Kept(digest)));
                for task in tasks {
                    task.await.unwrap();
                }
            });
            // Every other time as a process that is killed: with work left that was not applied.
            if start % 2 == 0 {
                runtime.block_on(storage.close()).unwrap();
            }
        }
        Arc::into_inner(watched).unwrap().end()
    }

    async fn write(self, writer: usize, start: u64, storage: &dyn Storage, watched: &Watched) {
        for n in start * self.commits + 1..=(start + 1) * self.commits {
            watched.note(|trace| trace.told(Told::Begun(writer, n)));
            storage.commit(self.commit(writer, n)).await.unwrap();
            watched.note(|trace| trace.told(Told::Acked(writer, n)));
        }
    }

    /// Opens a directory as the work does.
    pub(crate) fn open(self, dir: &Path) -> gatehouse_domain::Result<SledStorage> {
        let mut config = SledConfig::new(dir);
        config.cache_bytes = 4 << 20;
        config.space.full_bytes = 0;
        config.space.ballast_bytes = 0;
        config.sentinel_every = Duration::from_millis(7);
        config.journal = JournalLimits {
            file_bytes: self.file,
            total_bytes: 8 * self.file,
            pending_bytes: 256 << 10,
            apply_after: self.pending,
        };
        if self.compacts {
            config.compaction = Compaction { min_bytes: 1, ratio: 1 };
        }
        SledStorage::open(config)
    }

    /// Commit `n` of a writer: two heads say `n`, far apart, a feed grows, and a log gets an entry and
    /// loses its oldest.
    fn commit(self, writer: usize, n: u64) -> Batch {
        let head = n.to_be_bytes().to_vec();
        let puts = vec![
            (head_key(b'a', writer), head.clone()),
            (head_key(b'z', writer), head.clone()),
            (log_key(writer, n), self.value(writer, n)),
        ];
        let deletes = n.checked_sub(self.kept).map(|old| log_key(writer, old)).into_iter().collect();
        let appends = vec![Append { prefix: head_key(b'f', writer), value: head }];
        Batch { puts, deletes, appends, ..Batch::default() }
    }

    fn value(self, writer: usize, n: u64) -> Vec<u8> {
        let size = (writer as u64 * 7919 + n * 104_729) % self.value;
        [n.to_be_bytes().as_slice(), &vec![(n % 251) as u8; size as usize]].concat()
    }

    /// Checks a directory against what was said, or says what is wrong. It is left with one commit more.
    pub(crate) async fn verify(self, dir: &Path, told: &[&Told]) -> Result<(), String> {
        let storage = self.open(dir).map_err(|error| format!("it does not open: {error}"))?;
        for writer in 0..self.writers {
            self.verify_writer(&storage, writer, told).await?;
        }
        let more = Batch { puts: vec![(b"more".to_vec(), vec![1])], ..Batch::default() };
        storage.commit(more).await.map_err(|error| format!("it takes no commit: {error}"))?;
        storage.close().await.map_err(|error| format!("it does not close: {error}"))?;
        let artefacts = Artefacts::open(dir.join("artefacts"), 1 << 20).map_err(|error| error.to_string())?;
        for digest in told.iter().filter_map(|told| if let Told::Kept(digest) = told { Some(digest) } else { None }) {
            artefacts.read(digest).map_err(|error| format!("an artefact that was stored: {error}"))?;
        }
        Ok(())
    }

    async fn verify_writer(self, storage: &dyn Storage, writer: usize, told: &[&Told]) -> Result<(), String> {
        let newest = |wanted: &dyn Fn(&Told) -> Option<u64>| told.iter().filter_map(|told| wanted(told)).max();
        let acked = newest(&|told| if let Told::Acked(of, n) = told { (*of == writer).then_some(*n) } else { None });
        let begun = newest(&|told| if let Told::Begun(of, n) = told { (*of == writer).then_some(*n) } else { None });
        let (a, z) = (head(storage, b'a', writer).await?, head(storage, b'z', writer).await?);
        if a != z {
            return Err(format!("a commit of writer {writer} is torn: {a} and {z}"));
        }
        if a < acked.unwrap_or(0) || a > begun.unwrap_or(0) {
            return Err(format!("writer {writer} was told {acked:?} of {begun:?}, and stored is {a}"));
        }
        let oldest = a.saturating_sub(self.kept - 1).max(1);
        let expect: Vec<_> = (oldest..=a).map(|n| (log_key(writer, n), self.value(writer, n))).collect();
        if all(storage, &[&b"log/"[..], &writer.to_be_bytes()].concat()).await != expect {
            return Err(format!("the log of writer {writer} does not fit its head {a}"));
        }
        let feed: Vec<_> = all(storage, &head_key(b'f', writer)).await.into_iter().map(|(_, value)| value).collect();
        if feed != (1..=a).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>() {
            return Err(format!("the feed of writer {writer} does not fit its head {a}"));
        }
        Ok(())
    }
}

fn log_key(writer: usize, n: u64) -> Vec<u8> {
    [&b"log/"[..], &writer.to_be_bytes(), &n.to_be_bytes()].concat()
}

fn head_key(name: u8, writer: usize) -> Vec<u8> {
    [&[name, b'/'][..], &writer.to_be_bytes()].concat()
}

async fn head(storage: &dyn Storage, name: u8, writer: usize) -> Result<u64, String> {
    let found = get(storage, &head_key(name, writer)).await.map_err(|error| error.to_string())?;
    Ok(found.map_or(0, |(value, _)| u64::from_be_bytes(value.try_into().unwrap())))
}
