//! Execute, end to end: the real server with its records on the disk, and a plain handler that
//! makes the same request of the same provider and keeps nothing. Server and load have a
//! core each, and the contenders take turns.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::machine::{self, Side};
use crate::process::Process;
use crate::report::{Row, Section, Target};
use crate::samples::{Samples, micros, middle, processor_time};

pub(crate) mod load;
pub(crate) mod plain;
pub(crate) mod story;
pub(crate) mod upstream;

use load::{Bound, Order};
use story::{Call, Story};

/// Calls over one connection in a round, and the rounds.
const ROUND: usize = 150;
const ROUNDS: usize = 6;
/// Connections under load, how long a round of it takes, and the rounds.
const CONNECTIONS: usize = 32;
const BUSY: Duration = Duration::from_millis(1_500);
const BUSY_ROUNDS: usize = 4;
/// Calls that are not counted, before each measurement.
const WARM_UP: usize = 300;

/// One that answers the same request.
struct Contender<'a> {
    process: &'a Process,
    order: Order,
}

/// What one was measured at.
#[derive(Default)]
struct Found {
    alone: Samples,
    loaded: Samples,
    rates: Vec<f64>,
    processor: Vec<f64>,
    /// The share of its core that the load took.
    generator: Vec<f64>,
}

/// Measures a write and a read.
pub(crate) fn measure() -> Vec<Section> {
    let upstream = start_upstream();
    let plain = Process::start(Side::Server, own_role("plain").arg(&upstream.origin));
    let disk = Story::begin(&crate::artefacts::folder(), &upstream.origin);
    let memory = memory_folder().map(|folder| Story::begin(&folder, &upstream.origin));
    let mut stories = vec![&disk];
    stories.extend(memory.as_ref());
    Call::all().into_iter().map(|call| section(&call, &plain, &stories, &upstream)).collect()
}

/// The provider, on the side of the load.
pub(crate) fn start_upstream() -> Process {
    Process::start(Side::Generator, &mut own_role("upstream"))
}

/// This program in another role.
pub(crate) fn own_role(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(role);
    command
}

/// A folder that is in memory: what the disk costs is the difference.
fn memory_folder() -> Option<PathBuf> {
    let folder = Path::new("/dev/shm");
    folder.is_dir().then(|| folder.to_owned())
}

fn section(call: &Call, plain: &Process, stories: &[&Story], upstream: &Process) -> Section {
    let mut contenders = vec![Contender { process: plain, order: Order::to(&plain.origin, "any", "none", call) }];
    for story in stories {
        let order = Order::to(&story.process.origin, &story.integration, &story.token, call);
        contenders.push(Contender { process: &story.process, order });
    }
    let mut found: Vec<Found> = contenders.iter().map(|_| Found::default()).collect();
    machine::on(Side::Generator, || {
        let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread.block_on(turns(&contenders, &mut found, upstream));
    });
    let title = format!("execute {} over HTTP", call.capability);
    let notes = vec![note(&found)];
    Section { title, against: "plain handler", rows: rows(&found), notes }
}

async fn turns(contenders: &[Contender<'_>], found: &mut [Found], upstream: &Process) {
    for contender in contenders {
        load::run(&contender.order, CONNECTIONS, Bound::Calls(WARM_UP)).await;
    }
    for _ in 0..ROUNDS {
        for (contender, found) in contenders.iter().zip(found.iter_mut()) {
            found.alone.append(load::run(&contender.order, 1, Bound::Calls(ROUND)).await);
        }
    }
    for _ in 0..BUSY_ROUNDS {
        for (contender, found) in contenders.iter().zip(found.iter_mut()) {
            found.busy(contender, upstream).await;
        }
    }
}

impl Found {
    async fn busy(&mut self, contender: &Contender<'_>, upstream: &Process) {
        let generator = || processor_time() + upstream.processor_time();
        let (begun, server, load) = (Instant::now(), contender.process.processor_time(), generator());
        let times = load::run(&contender.order, CONNECTIONS, Bound::Time(BUSY)).await;
        let wall = begun.elapsed().as_secs_f64();
        self.rates.push(times.count() as f64 / wall);
        self.processor.push(micros(contender.process.processor_time() - server) / times.count() as f64);
        self.generator.push((generator() - load).as_secs_f64() / wall);
        self.loaded.append(times);
    }
}

fn rows(found: &[Found]) -> Vec<Row> {
    let [plain, disk, more @ ..] = found else { return Vec::new() };
    let added = |side: &Found| side.alone.median() - plain.alone.median();
    let rate = |side: &Found| middle(side.rates.clone());
    let processor = |side: &Found| middle(side.processor.clone());
    let loaded = format!("{CONNECTIONS} connections");
    let mut rows = vec![
        Row::new("one connection, median", "µs", disk.alone.median()).against(plain.alone.median()),
        Row::new("one connection, p99", "µs", disk.alone.p99()).against(plain.alone.p99()),
        Row::new("one connection, added to the median", "µs", added(disk)).target(Target::AtMost(500.0)),
        Row::new(loaded.clone(), "req/s", rate(disk)).against(rate(plain)).target(Target::RatioAtLeast(0.6)),
        Row::new(format!("{loaded}, p99"), "µs", disk.loaded.p99()).against(plain.loaded.p99()),
        Row::new("processor time of the server for a call", "µs", processor(disk)).against(processor(plain)),
    ];
    for memory in more {
        rows.push(Row::new("data in memory: added to the median", "µs", added(memory)));
        let requests = Row::new(format!("data in memory: {loaded}"), "req/s", rate(memory));
        rows.push(requests.against(rate(plain)));
        let processor = Row::new("data in memory: processor time", "µs", processor(memory)).against(processor(plain));
        rows.push(processor);
    }
    rows
}

/// Where the load's own core was full, the faster contender could have done more.
fn note(found: &[Found]) -> String {
    let shares: Vec<String> =
        found.iter().map(|found| format!("{:.0} %", middle(found.generator.clone()) * 100.0)).collect();
    let [plain, ours @ ..] = shares.as_slice() else { return String::new() };
    let place = if machine::is_split() { "a core of their own" } else { "the only core" };
    format!(
        "Load and provider ran on {place} and took {plain} of it for the plain handler, {} for Gatehouse.",
        ours.join(" and ")
    )
}
