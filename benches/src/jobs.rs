//! Background jobs: enqueued in a commit each, claimed under a lease, done in another commit, on the
//! disk at each step. Beside them, commits alone: what the store allows to as many writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_engine::SystemClock;
use gatehouse_engine::jobs::{Claimed, Handler, Jobs, NewJob, Outcome, Runner, RunnerLimits};
use gatehouse_store::storage::Storage;
use gatehouse_store::{Artefacts, SledConfig, SledStorage, Store};
use serde_json::json;
use tokio::sync::Notify;

use crate::report::{Row, Section};
use crate::samples::Samples;
use crate::{size, store};

/// Jobs that are enqueued one after the other, and those that many enqueue at the same time.
const ALONE: usize = 400;
const MANY: usize = 10_000;
const WRITERS: usize = 64;
/// Jobs that run at the same time, as the server has it.
const RUNNING: usize = 16;
/// For how long commits alone are counted.
const BARE: Duration = Duration::from_millis(1_500);

/// Does nothing, and says so.
struct Nothing {
    store: Store,
    done: AtomicUsize,
    told: Notify,
}

#[async_trait]
impl Handler for Nothing {
    fn kind(&self) -> &'static str {
        "bench"
    }

    async fn run(&self, _: &Claimed) -> Result<Outcome> {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.told.notify_one();
        Ok(Outcome::done(self.store.change()))
    }
}

/// Measures single jobs and many.
pub(crate) fn measure() -> Vec<Section> {
    let folder = tempfile::tempdir_in(crate::artefacts::folder()).unwrap();
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let rows = threads.block_on(async {
        let storage = Arc::new(SledStorage::open(SledConfig::new(folder.path().join("store"))).unwrap());
        let artefacts = Artefacts::open(folder.path().join("artefacts"), 1 << 20).unwrap();
        let kept = Store::new(Arc::clone(&storage) as Arc<dyn Storage>, artefacts);
        let jobs = Jobs::new(kept.clone(), Arc::new(SystemClock));
        let handler = Arc::new(Nothing { store: kept, done: AtomicUsize::new(0), told: Notify::new() });
        jobs.register(Arc::clone(&handler) as Arc<dyn Handler>);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let limits = RunnerLimits { concurrency: RUNNING, tenant_percent: 100, ..RunnerLimits::default() };
        let runner = tokio::spawn(Runner::new(jobs.clone(), limits).run(stopped));
        let single = alone(&jobs, &handler).await;
        let (enqueued, done) = many(&jobs).await;
        let bare = store::rate_of(&storage, WRITERS, BARE).await;
        stop.send_replace(true);
        runner.await.unwrap();
        storage.close().await.unwrap();
        rows(&single, enqueued, done, bare)
    });
    let notes = vec![format!(
        "A job is a commit when it is enqueued, one when some are claimed together and one when it is done; \
         {RUNNING} run at the same time. Beside them commits of a record and its index entry, {WRITERS} writers."
    )];
    vec![Section { title: "background jobs".to_owned(), against: "commits alone", rows, notes }]
}

fn rows(single: &Samples, enqueued: f64, done: f64, bare: f64) -> Vec<Row> {
    vec![
        Row::new("one at a time, asked for to begun, median", "µs", single.median()),
        Row::new("one at a time, asked for to begun, p99", "µs", single.p99()),
        Row::new(format!("{WRITERS} writers, enqueued"), "jobs/s", enqueued).against(bare),
        Row::new(format!("{WRITERS} writers, enqueued and done"), "jobs/s", done).against(bare),
    ]
}

async fn alone(jobs: &Jobs, handler: &Nothing) -> Samples {
    let mut times = Samples::default();
    for number in 0..size::of(ALONE) {
        let begun = Instant::now();
        jobs.enqueue_alone(NewJob::new("bench", json!({ "number": number }))).await.unwrap();
        handler.told.notified().await;
        times.push(begun.elapsed());
        drained(jobs).await;
    }
    times
}

/// How many are enqueued in a second while they are done, and how many are through in one.
async fn many(jobs: &Jobs) -> (f64, f64) {
    let (begun, count) = (Instant::now(), size::of(MANY));
    let writer = |writer: usize| {
        let jobs = jobs.clone();
        tokio::spawn(async move {
            for number in (writer..count).step_by(WRITERS) {
                jobs.enqueue_alone(NewJob::new("bench", json!({ "number": number }))).await.unwrap();
            }
        })
    };
    for task in (0..WRITERS).map(writer).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let enqueued = begun.elapsed();
    drained(jobs).await;
    (count as f64 / enqueued.as_secs_f64(), count as f64 / begun.elapsed().as_secs_f64())
}

/// Waits until no job is left.
async fn drained(jobs: &Jobs) {
    while !jobs.counts().await.unwrap().kinds.is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
