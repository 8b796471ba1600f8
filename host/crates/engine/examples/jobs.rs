//! Measures the job queue over the embedded store: how fast jobs are taken in, how fast they are
//! claimed and completed, and how long an idle runner takes to begin one. Takes an optional directory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_engine::SystemClock;
use gatehouse_engine::jobs::{Claimed, Handler, Jobs, NewJob, Outcome, Runner, RunnerLimits};
use gatehouse_store::{Artefacts, SledConfig, SledStorage, Store};
use serde_json::json;
use tokio::sync::{mpsc, watch};

const WRITERS: usize = 64;

/// Does nothing and says when.
struct Nothing {
    store: Store,
    done: AtomicUsize,
    begun: mpsc::UnboundedSender<Instant>,
}

#[async_trait]
impl Handler for Nothing {
    fn kind(&self) -> &'static str {
        "nothing"
    }
    async fn run(&self, _: &Claimed) -> Result<Outcome> {
        self.begun.send(Instant::now()).ok();
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(Outcome::done(self.store.change()))
    }
}

#[allow(clippy::print_stdout, reason = "this program is its output")]
fn say(what: &str, value: impl std::fmt::Display) {
    println!("{what:<56} {value}");
}

fn percentiles(what: &str, times: &mut [Duration]) {
    times.sort();
    for percent in [50, 99] {
        let at = times.get(times.len() * percent / 100).map_or(0, Duration::as_micros);
        say(&format!("{what}, p{percent} (µs)"), at);
    }
}

fn job(n: usize) -> NewJob {
    NewJob::new("nothing", json!({ "record": n, "text": "x".repeat(100) }))
}

async fn take_in(jobs: &Jobs, each: usize) -> Result<()> {
    let begun = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let jobs = jobs.clone();
            tokio::spawn(async move {
                for n in 0..each {
                    jobs.enqueue_alone(job(n)).await?;
                }
                Ok::<_, gatehouse_domain::Error>(())
            })
        })
        .collect();
    for writer in writers {
        writer.await.map_err(|error| gatehouse_domain::Error::internal(error.to_string()))??;
    }
    let rate = (WRITERS * each) as f64 / begun.elapsed().as_secs_f64();
    say(&format!("enqueued by {WRITERS} writers, one a commit (jobs/s)"), format!("{rate:.0}"));
    Ok(())
}

/// Runs until `count` more are done; how long it took.
async fn work_off(jobs: &Jobs, done: &Nothing, concurrency: usize, count: usize) -> Duration {
    let (stop, stopped) = watch::channel(false);
    let limits = RunnerLimits { concurrency, tenant_percent: 100, ..RunnerLimits::default() };
    let (begun, target) = (Instant::now(), done.done.load(Ordering::Relaxed) + count);
    let runner = tokio::spawn(Runner::new(jobs.clone(), limits).run(stopped));
    while done.done.load(Ordering::Relaxed) < target {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.send_replace(true);
    runner.await.ok();
    begun.elapsed()
}

async fn latency(jobs: &Jobs, begun: &mut mpsc::UnboundedReceiver<Instant>) -> Result<()> {
    let (stop, stopped) = watch::channel(false);
    let runner = tokio::spawn(Runner::new(jobs.clone(), RunnerLimits::default()).run(stopped));
    let (mut enqueueing, mut waiting) = (Vec::new(), Vec::new());
    while begun.try_recv().is_ok() {}
    for n in 0..1000 {
        let at = Instant::now();
        jobs.enqueue_alone(job(n)).await?;
        let stored = Instant::now();
        enqueueing.push(stored - at);
        // The runner hears of a commit before its caller does, and may be quicker.
        if let Some(start) = begun.recv().await {
            waiting.push(start.saturating_duration_since(stored));
        }
    }
    stop.send_replace(true);
    runner.await.ok();
    percentiles("enqueueing one job", &mut enqueueing);
    percentiles("from stored to begun, idle runner", &mut waiting);
    Ok(())
}

#[tokio::main(worker_threads = 2)]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let temporary = std::env::temp_dir().join(format!("gatehouse-jobs-bench-{}", std::process::id()));
    let dir = std::env::args().nth(1).map_or(temporary, Into::into);
    let storage = Arc::new(SledStorage::open(SledConfig::new(dir.join("store")))?);
    let store = Store::new(storage, Artefacts::open(dir.join("artefacts"), 1 << 20)?);
    let jobs = Jobs::new(store.clone(), Arc::new(SystemClock));
    let (sender, mut begun) = mpsc::unbounded_channel();
    let nothing = Arc::new(Nothing { store: store.clone(), done: AtomicUsize::new(0), begun: sender });
    jobs.register(nothing.clone());
    jobs.begin().await?;
    latency(&jobs, &mut begun).await?;
    for concurrency in [1, 16, 64] {
        take_in(&jobs, 100).await?;
        let took = work_off(&jobs, &nothing, concurrency, WRITERS * 100).await;
        let rate = (WRITERS * 100) as f64 / took.as_secs_f64();
        say(&format!("claimed and completed by {concurrency} workers (jobs/s)"), format!("{rate:.0}"));
    }
    store.storage().close().await?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
