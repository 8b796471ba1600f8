//! A disk that outlives its servers, and each server's way to it. A server that is killed waits for
//! ever at its next step, as what is dead is neither answered nor told of an error.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_store::storage::{Batch, Scan, Seq, Storage, Versioned};
use gatehouse_store::watch::Watch;
use gatehouse_store::{Health, MemoryStorage};
use tokio::time::sleep;

use super::life::Step;
use super::{Dice, Life, Trace};

/// The disk. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk {
    inner: Arc<MemoryStorage>,
    trace: Trace,
    witness: Arc<Mutex<Option<Box<dyn Witness>>>>,
    commits: Arc<AtomicU64>,
}

/// Looks at what servers commit.
pub(crate) trait Witness: Send {
    /// A server is about to commit; whether it is one that was thought dead.
    fn before(&mut self, _haunts: bool, _batch: &Batch) {}

    /// It is stored, or refused.
    fn after(&mut self, _stored: bool) {}
}

/// What a disk does that it must not: with it, every check of a simulation has to fail.
pub(crate) type Harm = Arc<dyn Fn(Batch) -> Vec<Batch> + Send + Sync>;

/// One server's way to a disk.
struct Head {
    disk: Disk,
    life: Life,
    dice: Dice,
    harm: Option<Harm>,
}

impl Disk {
    pub(crate) fn new(trace: &Trace) -> Self {
        Self { inner: Arc::default(), trace: trace.clone(), witness: Arc::default(), commits: Arc::default() }
    }

    /// The disk itself, for who looks on.
    pub(crate) fn bare(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.inner) as Arc<dyn Storage>
    }

    /// A server's way to it.
    pub(crate) fn for_server(&self, life: &Life, dice: &Dice, harm: Option<Harm>) -> Arc<dyn Storage> {
        Arc::new(Head { disk: self.clone(), life: life.clone(), dice: dice.clone(), harm })
    }

    /// Has `witness` look at each commit of a server.
    pub(crate) fn show_to(&self, witness: impl Witness + 'static) {
        *self.witness.lock().unwrap() = Some(Box::new(witness));
    }

    async fn commit(&self, haunts: bool, batch: Batch) -> Result<Seq> {
        if let Some(witness) = self.witness.lock().unwrap().as_mut() {
            witness.before(haunts, &batch);
        }
        let keys = batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes).map(Vec::as_slice);
        let prefixes = batch.appends.iter().map(|append| append.prefix.as_slice());
        let told = crate::execute::sha256_hex(&keys.chain(prefixes).collect::<Vec<_>>().concat());
        let outcome = self.inner.commit(batch).await;
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        let word = if outcome.is_ok() { "stored" } else { "refused" };
        self.trace.note(format!("commit {number} {word} {}", told.get(..12).unwrap_or_default()));
        if let Some(witness) = self.witness.lock().unwrap().as_mut() {
            witness.after(outcome.is_ok());
        }
        outcome
    }
}

impl Head {
    /// Takes a step, after a while; whether it is the last, and then whether it is stored.
    async fn step(&self) -> Option<bool> {
        if self.dice.one_in(3) {
            sleep(self.dice.millis(12)).await;
        }
        match self.life.step() {
            Step::Taken => None,
            Step::Last { stored } => Some(stored),
            Step::Dead => pending().await,
        }
    }
}

#[async_trait]
impl Storage for Head {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        match self.step().await {
            None => self.disk.inner.read(keys).await,
            Some(_) => pending().await,
        }
    }
    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        match self.step().await {
            None => self.disk.inner.scan(scan).await,
            Some(_) => pending().await,
        }
    }
    async fn commit(&self, batch: Batch) -> Result<Seq> {
        let last = self.step().await;
        if last == Some(false) {
            return pending().await;
        }
        let parts = match &self.harm {
            Some(harm) => harm(batch),
            None => vec![batch],
        };
        let mut outcome = Ok(Seq(0));
        for part in parts {
            outcome = self.disk.commit(self.life.haunts(), part).await;
            if outcome.is_err() {
                break;
            }
        }
        if last == Some(true) { pending().await } else { outcome }
    }
    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.disk.inner.watch(prefix)
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
    fn health(&self) -> Health {
        self.disk.inner.health()
    }
}
