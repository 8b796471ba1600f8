//! The runner with real tasks: bounded, woken, patient with what fails, and quick to stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gatehouse_domain::{Error, Result};
use gatehouse_store::{Page, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::support::*;
use crate::jobs::{Cancelled, Claimed, Counts, Handler, NewJob, Outcome, Runner, RunnerLimits, Signal, When};

/// Does what the number says: 1 fails once, 2 panics once, 3 waits until it is told to stop,
/// 4 waits for ever.
struct Number {
    store: Store,
    now: AtomicUsize,
    most: AtomicUsize,
    done: Mutex<Vec<u64>>,
    told: Mutex<Vec<Signal>>,
}

#[async_trait]
impl Handler for Number {
    fn kind(&self) -> &'static str {
        "test"
    }
    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        match (number(job), job.job.tries) {
            (1, 1) => return Err(Error::unavailable("not yet")),
            (2, 1) => panic!("a handler may panic"),
            (3, _) => {
                let signal = job.stopped().await;
                self.told.lock().unwrap().push(signal);
                return Ok(Outcome::park(gatehouse_domain::time::Timestamp::MIN, "stopped"));
            }
            (4, _) => std::future::pending::<()>().await,
            _ => {}
        }
        self.done.lock().unwrap().push(number(job));
        Ok(Outcome::done(self.store.change()))
    }
}

struct Running {
    bench: Bench,
    number: Arc<Number>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

async fn start(concurrency: usize) -> Running {
    let bench = Bench::new().await;
    let number = Arc::new(Number {
        store: bench.jobs.0.store.clone(),
        now: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        done: Mutex::default(),
        told: Mutex::default(),
    });
    bench.jobs.register(number.clone());
    let (stop, stopped) = watch::channel(false);
    let limits = RunnerLimits { concurrency, stop_within: Duration::from_millis(50), ..RunnerLimits::default() };
    let task = tokio::spawn(Runner::new(bench.jobs.clone(), limits).run(stopped));
    Running { bench, number, stop, task }
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("waited too long until {what}"));
}

#[tokio::test]
async fn jobs_are_done_as_they_come_and_no_more_at_a_time_than_allowed() {
    let running = start(4).await;
    for round in 0..3 {
        for _ in 0..100 {
            running.bench.put(of(tenant(round), job(0))).await;
        }
        let wanted = 100 * (usize::from(round) + 1);
        until("all are done", async || running.number.done.lock().unwrap().len() == wanted).await;
    }
    until("all are settled", async || running.bench.jobs.counts().await.unwrap() == Counts::default()).await;
    let most = running.number.most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} at a time");
    running.stop.send_replace(true);
    running.task.await.unwrap();
}

#[tokio::test]
async fn what_fails_or_panics_is_tried_again_and_the_clock_is_followed() {
    let running = start(4).await;
    running.bench.put(job(1)).await;
    running.bench.put(job(2)).await;
    running
        .bench
        .put(NewJob { when: When::After(gatehouse_domain::time::SignedDuration::from_hours(2)), ..job(9) })
        .await;
    let delayed = async || running.bench.jobs.counts().await.unwrap().kinds["test"].delayed == 3;
    until("both wait", delayed).await;
    running.bench.go(5);
    until("both are done", async || running.number.done.lock().unwrap().len() == 2).await;
    running.bench.go(7200);
    until("the third is done", async || running.number.done.lock().unwrap().contains(&9)).await;
    running.stop.send_replace(true);
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_job_that_nobody_does_waits_for_somebody() {
    let running = start(4).await;
    running.bench.put(NewJob { kind: "other".into(), ..job(0) }).await;
    let delayed = async || running.bench.jobs.counts().await.unwrap().kinds["other"].delayed == 1;
    until("it is parked", delayed).await;
    running.stop.send_replace(true);
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_running_job_hears_of_its_cancellation() {
    let running = start(4).await;
    let id = running.bench.put(job(3)).await;
    until("it runs", async || running.bench.jobs.running(id).is_some()).await;
    assert_eq!(running.bench.jobs.cancel(None, id).await.unwrap(), Cancelled::Told);
    until("it is gone", async || running.bench.jobs.counts().await.unwrap() == Counts::default()).await;
    assert_eq!(*running.number.told.lock().unwrap(), [Signal::Cancel]);
    running.stop.send_replace(true);
    running.task.await.unwrap();
}

#[tokio::test]
async fn a_stop_tells_the_jobs_and_puts_back_those_that_do_not_hear() {
    let running = start(4).await;
    let ids = [running.bench.put(job(3)).await, running.bench.put(job(4)).await];
    until("both run", async || ids.iter().all(|id| running.bench.jobs.running(*id).is_some())).await;
    running.stop.send_replace(true);
    running.task.await.unwrap();
    assert_eq!(*running.number.told.lock().unwrap(), [Signal::Stop]);
    let mut next = running.bench.restart().await;
    let claimed = next.claim(8).await;
    assert_eq!(
        claimed.iter().map(|claimed| (number(claimed), claimed.job.tries)).collect::<Vec<_>>(),
        [(3, 1), (4, 1)]
    );
    assert!(next.jobs.dead(None, &Page::first(1)).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn an_idle_runner_reads_nothing_until_it_is_time() {
    let mut bench = Bench::new().await;
    let counting = Arc::new(super::faulty::Counting::over(Arc::clone(&bench.storage)));
    let storage: Arc<dyn gatehouse_store::storage::Storage> = counting.clone();
    bench.put(NewJob { when: When::After(gatehouse_domain::time::SignedDuration::from_secs(15)), ..job(0) }).await;
    bench.jobs = queue(&storage, &bench.clock, &bench.dice);
    let mut runner = Runner::new(bench.jobs.clone(), RunnerLimits::default());
    while runner.pass().await.unwrap() {}
    counting.reset();
    for _ in 0..14 {
        bench.go(1);
        assert!(!runner.is_time());
    }
    assert_eq!(counting.calls(), 0);
    bench.go(1);
    assert!(runner.is_time());
}

#[tokio::test]
async fn a_runner_begins_by_itself_where_the_start_could_not() {
    let mut bench = Bench::new().await;
    bench.put(job(0)).await;
    let zombie = bench.claim_one().await;
    bench.jobs = queue(&bench.storage, &bench.clock, &bench.dice);
    let mut runner = Runner::new(bench.jobs.clone(), RunnerLimits { concurrency: 0, ..RunnerLimits::default() });
    while runner.pass().await.unwrap() {}
    assert_eq!(bench.claim_one().await.job.fence, zombie.job.fence + 1);
}
