//! Durable commits of the embedded store beside a bare loop that appends to a file and calls
//! `fdatasync`: what the disk allows to one writer that waits for it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_store::storage::{Batch, Storage as _};
use gatehouse_store::{SledConfig, SledStorage};

use crate::report::{Row, Section, Target};
use crate::samples::{Samples, micros, middle, processor_time};

/// Commits of one writer, in turns with the bare loop.
const ALONE: usize = 2_000;
/// Writers at the same time, how long a round of them takes, and the rounds.
const WRITERS: usize = 64;
const BUSY: Duration = Duration::from_millis(1_500);
const ROUNDS: usize = 4;
/// What a commit holds: a record and its entry in an index.
const RECORD_BYTES: usize = 700;
const INDEX_BYTES: usize = 100;

/// The two sides.
struct Sides {
    storage: Arc<SledStorage>,
    file: File,
}

/// What many writers were measured at.
#[derive(Default)]
struct Busy {
    commits: Samples,
    rates: Vec<f64>,
    processor: Vec<f64>,
    bare_rates: Vec<f64>,
}

/// Measures one writer and many.
pub(crate) fn measure() -> Vec<Section> {
    let folder = tempfile::tempdir_in(crate::artefacts::folder()).unwrap();
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let rows = threads.block_on(async {
        let mut sides = Sides::open(folder.path());
        let (commits, bare) = sides.alone().await;
        let busy = sides.busy().await;
        sides.storage.close().await.unwrap();
        rows(&commits, &bare, &busy)
    });
    let notes = vec![format!(
        "A commit puts {RECORD_BYTES} and {INDEX_BYTES} bytes under two keys; the bare loop appends as many bytes. \
         One writer and the bare loop took turns."
    )];
    vec![Section { title: "durable commits".to_owned(), against: "bare fdatasync", rows, notes }]
}

fn rows(commits: &Samples, bare: &Samples, busy: &Busy) -> Vec<Row> {
    let many = format!("{WRITERS} writers");
    let (rate, bare_rate) = (middle(busy.rates.clone()), middle(busy.bare_rates.clone()));
    vec![
        Row::new("one writer, median", "µs", commits.median()).against(bare.median()),
        Row::new("one writer, p99", "µs", commits.p99()).against(bare.p99()),
        Row::new("one writer", "commits/s", commits.rate()).against(bare.rate()),
        Row::new(many.clone(), "commits/s", rate).against(bare_rate).target(Target::RatioAtLeast(1.0)),
        Row::new(format!("{many}, median"), "µs", busy.commits.median()),
        Row::new(format!("{many}, p99"), "µs", busy.commits.p99()),
        Row::new(format!("{many}, processor time of a commit"), "µs", middle(busy.processor.clone())),
    ]
}

impl Sides {
    fn open(folder: &Path) -> Self {
        let storage = SledStorage::open(SledConfig::new(folder.join("store"))).unwrap();
        Self { storage: Arc::new(storage), file: File::create(folder.join("bare")).unwrap() }
    }

    async fn alone(&mut self) -> (Samples, Samples) {
        let (mut commits, mut bare) = (Samples::default(), Samples::default());
        for number in 0..ALONE {
            let begun = Instant::now();
            self.storage.commit(batch(0, number)).await.unwrap();
            commits.push(begun.elapsed());
            bare.push(self.append());
        }
        (commits, bare)
    }

    async fn busy(&mut self) -> Busy {
        let mut busy = Busy::default();
        for round in 0..ROUNDS {
            let (begun, used) = (Instant::now(), processor_time());
            let end = begun + BUSY;
            let writer = |writer| tokio::spawn(write(Arc::clone(&self.storage), round * WRITERS + writer + 1, end));
            let writers: Vec<_> = (0..WRITERS).map(writer).collect();
            let mut times = Samples::default();
            for writer in writers {
                times.append(writer.await.unwrap());
            }
            busy.rates.push(times.count() as f64 / begun.elapsed().as_secs_f64());
            busy.processor.push(micros(processor_time() - used) / times.count() as f64);
            busy.commits.append(times);
            busy.bare_rates.push(self.appends().rate());
        }
        busy
    }

    fn appends(&mut self) -> Samples {
        let end = Instant::now() + BUSY / 2;
        let mut times = Samples::default();
        while Instant::now() < end {
            times.push(self.append());
        }
        times
    }

    fn append(&mut self) -> Duration {
        let begun = Instant::now();
        self.file.write_all(&[7; RECORD_BYTES + INDEX_BYTES]).unwrap();
        self.file.sync_data().unwrap();
        begun.elapsed()
    }
}

/// How many commits a second so many writers make, in a store that others have filled.
pub(crate) async fn rate_of(storage: &Arc<SledStorage>, writers: usize, time: Duration) -> f64 {
    let begun = Instant::now();
    let writer = |writer: usize| tokio::spawn(write(Arc::clone(storage), usize::MAX - writer, begun + time));
    let mut count = 0;
    for task in (0..writers).map(writer).collect::<Vec<_>>() {
        count += task.await.unwrap().count();
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

async fn write(storage: Arc<SledStorage>, writer: usize, end: Instant) -> Samples {
    let mut times = Samples::default();
    while Instant::now() < end {
        let begun = Instant::now();
        storage.commit(batch(writer, times.count())).await.unwrap();
        times.push(begun.elapsed());
    }
    times
}

fn batch(writer: usize, number: usize) -> Batch {
    let key = |kind: u8| [&[b't', kind][..], &writer.to_be_bytes(), &number.to_be_bytes()].concat();
    let byte = number as u8;
    Batch { puts: vec![(key(1), vec![byte; RECORD_BYTES]), (key(2), vec![byte; INDEX_BYTES])], ..Batch::default() }
}
