//! A quiet tenant beside a hostile one: how long its calls take alone, and while each kind of hostile guest of
//! another tenant runs on the same server; and what memory that takes. Alone and beside take turns, so that
//! what else the machine does meets both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;

use crate::execute::load::{self, Order};
use crate::execute::start_upstream;
use crate::execute::story::{Call, Story};
use crate::machine::{self, Side};
use crate::process::Process;
use crate::report::{Row, Section, Target};
use crate::samples::Samples;
use crate::size;

mod hostile;

use hostile::{Kind, Tenant};

/// How long one turn takes, and how often each side has one beside each kind of guest.
const TURN: Duration = Duration::from_secs(2);
const TURNS: usize = 3;
/// The quiet tenant's calls: one every so often, whatever became of the one before.
const EVERY: Duration = Duration::from_millis(10);
/// How long the server is left alone after a hostile turn.
const PAUSE: Duration = Duration::from_millis(300);
/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What was found beside one kind of guest.
struct Found {
    kind: Kind,
    alone: Samples,
    beside: Samples,
    /// The most memory while it ran, in MiB.
    peak: f64,
    /// Its calls that ran, and those that were refused.
    ran: usize,
    refused: usize,
}

/// Measures beside each kind of guest.
pub(crate) fn measure() -> Vec<Section> {
    let upstream = start_upstream();
    let story = Story::begin(&crate::artefacts::folder(), &upstream.origin);
    let (found, before) = machine::on(Side::Generator, || {
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.block_on(all(&story, &upstream))
    });
    let after = story.process.settled_memory();
    vec![times(&found), memory(&found, before, after)]
}

async fn all(story: &Story, upstream: &Process) -> (Vec<Found>, f64) {
    let http = Client::builder().no_proxy().build().unwrap();
    let tenant = Arc::new(Tenant::begin(&http, story, &upstream.origin).await);
    let [write, _] = Call::all();
    let order = Order::to(&story.process.origin, &story.integration, &story.token, &write);
    quiet(&order, part(TURN)).await;
    let before = story.process.settled_memory();
    let mut found = Vec::new();
    for kind in hostile::ALL {
        found.push(beside(story, &order, &tenant, kind).await);
    }
    (found, before)
}

/// A turn, or the part of it that is measured.
fn part(turn: Duration) -> Duration {
    Duration::from_millis(size::of(turn.as_millis() as usize).max(300) as u64)
}

async fn beside(story: &Story, order: &Order, tenant: &Arc<Tenant>, kind: Kind) -> Found {
    eprintln!("  beside {}", kind.says);
    let (alone, beside) = (Samples::default(), Samples::default());
    let mut found = Found { kind, alone, beside, peak: 0.0, ran: 0, refused: 0 };
    for _ in 0..TURNS {
        found.alone.append(quiet(order, part(TURN)).await);
        let stop = Arc::new(AtomicBool::new(false));
        let counts = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let hostile = tenant.misbehave(kind, &stop, &counts);
        let watched = watch(story, order, part(TURN));
        let (times, peak) = watched.await;
        stop.store(true, Ordering::Relaxed);
        hostile.join().unwrap();
        found.beside.append(times);
        found.peak = found.peak.max(peak);
        found.ran += counts[0].load(Ordering::Relaxed);
        found.refused += counts[1].load(Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
    found
}

/// The quiet tenant's calls and the most memory that the server took meanwhile.
async fn watch(story: &Story, order: &Order, turn: Duration) -> (Samples, f64) {
    let mut peak = 0.0_f64;
    let calls = quiet(order, turn);
    tokio::pin!(calls);
    loop {
        tokio::select! {
            times = &mut calls => return (times, peak),
            () = tokio::time::sleep(LOOK) => peak = peak.max(story.process.memory()),
        }
    }
}

/// Calls at a fixed rate. Each is measured from when it was due: one that has to wait for the one before it waits.
async fn quiet(order: &Order, turn: Duration) -> Samples {
    let mut connection = load::Kept::to(order).await;
    let begun = Instant::now();
    let mut times = Samples::default();
    for number in 0..u32::MAX {
        let due = begun + EVERY * number;
        if due >= begun + turn {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        connection.call().await;
        times.push(due.elapsed());
    }
    times
}

fn times(found: &[Found]) -> Section {
    let mut rows = Vec::new();
    for found in found {
        let Found { kind, alone, beside, .. } = found;
        rows.push(Row::new(format!("{}: median", kind.says), "µs", beside.median()).against(alone.median()));
        let p99 = Row::new(format!("{}: p99", kind.says), "µs", beside.p99()).against(alone.p99());
        rows.push(p99.target(Target::RatioAtMost(2.0)));
    }
    let counts: Vec<String> =
        found.iter().map(|found| format!("{} {} / {}", found.kind.says, found.ran, found.refused)).collect();
    let rate = 1_000 / EVERY.as_millis();
    let notes = vec![
        format!(
            "A quiet tenant makes {rate} payments a second over one connection, each measured from when it was due; the \
             column of Gatehouse is with the hostile tenant beside it, whose {} connections call without an end.",
            hostile::CONNECTIONS
        ),
        format!("Hostile calls that ran / that were refused: {}.", counts.join(", ")),
    ];
    Section { title: "a neighbour's call beside".to_owned(), against: "alone", rows, notes }
}

fn memory(found: &[Found], before: f64, after: f64) -> Section {
    let mut rows: Vec<Row> = found
        .iter()
        .map(|found| Row::new(format!("{}: peak", found.kind.says), "MiB", found.peak).against(before))
        .collect();
    rows.push(Row::new("after all of them", "MiB", after).against(before));
    Section { title: "resident memory".to_owned(), against: "alone", rows, notes: Vec::new() }
}
