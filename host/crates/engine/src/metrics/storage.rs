//! What is counted of the store: every operation passes through [`Metered`], which changes
//! nothing of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatehouse_domain::trace::SPANS;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Health;
use gatehouse_store::storage::{Batch, Scan, Seq, Storage, Versioned};
use gatehouse_store::watch::Watch;
use prometheus::{Counter, Histogram};
use tracing::Instrument;

use super::Metrics;
use super::declared::{Declared, FAST_SECONDS};
use super::registry::Registry;
use super::series::{Counters, Value};

const TOTAL: Declared = Declared::counter(
    "gatehouse_store_operations_total",
    "Operations of the store, by how they ended.",
    &["operation", "result"],
);
const DURATION: Declared = Declared::histogram(
    "gatehouse_store_operation_duration_seconds",
    "How long an operation of the store took; a commit is on the disk when it ends.",
    FAST_SECONDS,
    &["operation"],
);

pub(super) const DECLARED: &[&Declared] = &[&TOTAL, &DURATION];

/// What can be asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading keys.
    Read,
    /// Reading a range.
    Scan,
    /// Writing.
    Commit,
}

/// What the store does. One call asks it some ten times, so the usual series are kept at hand.
pub struct Operations {
    total: Counters,
    read: Usual,
    scan: Usual,
    commit: Usual,
}

/// The series of one operation that ends well.
struct Usual {
    ok: Option<Counter>,
    duration: Option<Histogram>,
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Scan => "scan",
            Self::Commit => "commit",
        }
    }
}

impl Operations {
    pub(super) fn new(registry: &Registry) -> Self {
        let (total, duration) = (registry.counters(&TOTAL), registry.histograms(&DURATION));
        let usual = |operation: Operation| {
            let operation = Value::Word(operation.word());
            Usual { ok: total.0.of(&[operation, Value::Word("ok")]), duration: duration.0.of(&[operation]) }
        };
        let (read, scan, commit) = (usual(Operation::Read), usual(Operation::Scan), usual(Operation::Commit));
        Self { total, read, scan, commit }
    }

    /// An operation ended.
    pub fn ended<T>(&self, operation: Operation, result: &Result<T>, took: Duration) {
        let usual = match operation {
            Operation::Read => &self.read,
            Operation::Scan => &self.scan,
            Operation::Commit => &self.commit,
        };
        if let Some(duration) = &usual.duration {
            duration.observe(took.as_secs_f64());
        }
        let word = match (result, &usual.ok) {
            (Ok(_), Some(ok)) => return ok.inc(),
            (Ok(_), None) => "ok",
            (Err(error), _) if error.kind == ErrorKind::Conflict => "conflict",
            (Err(_), _) => "error",
        };
        self.total.one(&[Value::Word(operation.word()), Value::Word(word)]);
    }
}

/// A storage whose operations are counted, timed and traced.
pub(crate) struct Metered {
    pub(crate) inner: Arc<dyn Storage>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Metered {
    async fn count<T>(&self, operation: Operation, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let started = Instant::now();
        let result = work.await;
        self.metrics.store.ended(operation, &result, started.elapsed());
        result
    }
}

#[async_trait]
impl Storage for Metered {
    async fn read(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>> {
        self.count(Operation::Read, self.inner.read(keys)).await
    }

    async fn scan(&self, scan: Scan) -> Result<Vec<(Vec<u8>, Versioned)>> {
        self.count(Operation::Scan, self.inner.scan(scan)).await
    }

    async fn commit(&self, batch: Batch) -> Result<Seq> {
        let span = tracing::info_span!(target: SPANS, "store.commit", puts = batch.puts.len(), bytes = batch.bytes());
        self.count(Operation::Commit, self.inner.commit(batch)).instrument(span).await
    }

    fn watch(&self, prefix: Vec<u8>) -> Watch {
        self.inner.watch(prefix)
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    async fn failed(&self) -> String {
        self.inner.failed().await
    }
}
