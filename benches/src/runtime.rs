//! One isolated call: a fresh store and instance, one function, one request to the provider
//! answered from memory, and everything dropped. Through the runtime, and on bare wasmtime
//! with the same bytes, the same settings and the same imports.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::report::{Row, Section, Target};
use crate::samples::{Samples, micros, middle, processor_time};

mod bare;
mod ours;
mod subject;

use bare::Bare;
use ours::Ours;
use subject::Subject;

/// Calls in a round of one side.
const ROUND: usize = 1_000;
/// Rounds of each side, in turns; one more comes before them and is not counted.
const ROUNDS: usize = 5;
/// How long a round of calls from two threads takes.
const BUSY: Duration = Duration::from_millis(700);
/// Calls in flight while two threads are busy.
const IN_FLIGHT: usize = 16;
/// Loads from the cache.
const LOADS: usize = 20;

/// Something that makes one whole call.
trait Caller: Send + Sync + 'static {
    /// Makes one; a call that does not succeed ends the benchmark.
    fn call(&self) -> impl Future<Output = ()> + Send;
}

/// What one side was measured at.
#[derive(Default)]
struct Side {
    times: Samples,
    rates: Vec<f64>,
    processor: Vec<f64>,
}

/// Measures a small gateway and a real one.
pub(crate) fn measure() -> Vec<Section> {
    [subject::small(), subject::real()].into_iter().map(section).collect()
}

fn section(subject: Subject) -> Section {
    let folder = tempfile::tempdir_in(crate::artefacts::folder()).unwrap();
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (ours, bare) = threads.block_on(async { (Ours::new(&subject, folder.path()).await, Bare::new(&subject)) });
    let loads = threads.block_on(ours.load_times(LOADS));
    let (compile, bare_compile) = (micros(ours.compile_time) / 1e3, micros(bare.compile_time) / 1e3);
    let (ours, bare) = (Arc::new(ours), Arc::new(bare));
    let (mut host, mut floor) = (Side::default(), Side::default());
    alone(&mut host, &ours, &mut floor, &bare);
    threads.block_on(busy(&mut host, &ours, &mut floor, &bare));
    let mut rows = calls(&host, &floor, subject.is_small);
    rows.push(Row::new("loads from the compile cache, median", "ms", loads.median() / 1e3).target(Target::AtMost(5.0)));
    rows.push(Row::new("compiles and loads, once", "ms", compile).against(bare_compile));
    let title = format!("isolated call, {}, {} KiB", subject.name, subject.bytes.len() >> 10);
    Section { title, against: "bare wasmtime", rows, notes: Vec::new() }
}

/// The targets in absolute terms are those of the small gateway: a real one also works.
fn calls(host: &Side, floor: &Side, is_small: bool) -> Vec<Row> {
    let median = Row::new("one thread, median", "µs", host.times.median()).against(floor.times.median());
    let rate = Row::new("two threads", "calls/s", middle(host.rates.clone())).against(middle(floor.rates.clone()));
    let absolute = |row: Row, target: Target| if is_small { row.target(target) } else { row };
    vec![
        absolute(median.target(Target::RatioAtMost(1.3)), Target::AtMost(12.0)),
        Row::new("one thread, p99", "µs", host.times.p99()).against(floor.times.p99()),
        absolute(rate, Target::AtLeast(150_000.0)),
        Row::new("processor time of a call", "µs", middle(host.processor.clone()))
            .against(middle(floor.processor.clone())),
    ]
}

/// One call after the other on one thread, the sides in turns.
fn alone(host: &mut Side, ours: &Ours, floor: &mut Side, bare: &Bare) {
    let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for round in 0..=ROUNDS {
        let times = (thread.block_on(latency(ours)), thread.block_on(latency(bare)));
        if round > 0 {
            host.times.append(times.0);
            floor.times.append(times.1);
        }
    }
}

/// Two threads with nothing but calls, the sides in turns.
async fn busy(host: &mut Side, ours: &Arc<Ours>, floor: &mut Side, bare: &Arc<Bare>) {
    for round in 0..=ROUNDS {
        let (mine, its) = (throughput(ours).await, throughput(bare).await);
        if round > 0 {
            host.add(mine);
            floor.add(its);
        }
    }
}

impl Side {
    fn add(&mut self, (rate, processor): (f64, f64)) {
        self.rates.push(rate);
        self.processor.push(processor);
    }
}

async fn latency(caller: &impl Caller) -> Samples {
    let mut times = Samples::default();
    for _ in 0..ROUND {
        let begun = Instant::now();
        caller.call().await;
        times.push(begun.elapsed());
    }
    times
}

/// Calls a second, and processor time of one in microseconds.
async fn throughput<C: Caller>(caller: &Arc<C>) -> (f64, f64) {
    let (begun, used) = (Instant::now(), processor_time());
    let end = begun + BUSY;
    let tasks: Vec<_> = (0..IN_FLIGHT).map(|_| tokio::spawn(until(Arc::clone(caller), end))).collect();
    let mut calls = 0;
    for task in tasks {
        calls += task.await.unwrap();
    }
    let used = micros(processor_time() - used);
    (calls as f64 / begun.elapsed().as_secs_f64(), used / calls as f64)
}

async fn until<C: Caller>(caller: Arc<C>, end: Instant) -> u64 {
    let mut calls = 0;
    while Instant::now() < end {
        caller.call().await;
        calls += 1;
    }
    calls
}
