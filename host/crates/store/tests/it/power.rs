//! The power goes at any moment: every write, sync and rename of a store at work is recorded, and the
//! disks that a cut may leave are built from that, opened, and held against what callers were told.
//!
//! `cargo xtask crash` does the same with more images or another seed. A seed repeats every choice but the
//! order in which the store's threads ran, so a failure also leaves its image where it says.

use std::sync::Mutex;
use std::time::Duration;

use self::dice::Dice;
use self::disk::{Barrier, Disk, Image, Law};
use self::interpose::Watched;
use self::trace::{Operation, Trace};
use self::work::Work;

mod dice;
mod disk;
mod interpose;
mod trace;
mod work;

/// What the command passes on: a seed, and how many images are built.
const SEED: &str = "CRASH_SEED";
const IMAGES: &str = "CRASH_IMAGES";

const BASE: Work = Work {
    writers: 1,
    commits: 60,
    value: 2000,
    kept: 12,
    starts: 2,
    file: 32 << 10,
    pending: Duration::ZERO,
    compacts: false,
};

/// One for each thing that may go wrong in its own way.
const WORKS: [(&str, Work); 9] = [
    ("one writer, the database follows at once", BASE),
    ("a group of writers", Work { writers: 6, commits: 20, ..BASE }),
    ("the database follows late", Work { pending: Duration::from_secs(3600), starts: 3, ..BASE }),
    ("values as large as they may be", Work { value: 16_000, commits: 30, ..BASE }),
    ("small values, and files that end at every second commit", Work { value: 20, file: 1024, ..BASE }),
    ("a start that rewrites the database", Work { compacts: true, starts: 4, commits: 12, ..BASE }),
    ("many starts with little between", Work { starts: 8, commits: 3, ..BASE }),
    ("a few writers with large groups", Work { writers: 3, value: 9000, file: 128 << 10, ..BASE }),
    (
        "segments that are used again",
        Work { writers: 2, value: 12_000, file: 128 << 10, commits: 90, starts: 4, ..BASE },
    ),
];

/// How many images of failures are kept.
const KEPT: usize = 3;

/// What came of it.
#[derive(Default)]
struct Found {
    images: usize,
    failures: Vec<String>,
}

/// Explores each work with its share of the images.
fn explore(seed: u64, images: usize, removed: Option<Barrier>) -> Found {
    let found = Mutex::new(Found::default());
    let next = Mutex::new(0..WORKS.len());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
                while let Some(number) = { next.lock().unwrap().next() } {
                    let dir = tempfile::tempdir().unwrap();
                    let mut exploring = Exploring::new(number, Dice::new(seed, number as u64), removed, &runtime);
                    let trace = exploring.work.record(&runtime, dir.path());
                    exploring.cut(&trace, images.div_ceil(WORKS.len()), true);
                    let mut found = found.lock().unwrap();
                    found.images += exploring.found.images;
                    found.failures.append(&mut exploring.found.failures);
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// One work while it is explored.
struct Exploring<'r> {
    name: &'static str,
    work: Work,
    dice: Dice,
    removed: Option<Barrier>,
    runtime: &'r tokio::runtime::Runtime,
    found: Found,
}

impl<'r> Exploring<'r> {
    fn new(number: usize, dice: Dice, removed: Option<Barrier>, runtime: &'r tokio::runtime::Runtime) -> Self {
        let (name, work) = WORKS[number];
        Self { name, work, dice, removed, runtime, found: Found::default() }
    }

    /// Cuts a trace at as many moments, under both laws.
    fn cut(&mut self, trace: &Trace, images: usize, again: bool) {
        for (law, share) in [(Law::Ordered, images.div_ceil(2)), (Law::Posix, images / 2)] {
            let mut moments: Vec<usize> = (0..share).map(|_| moment(&mut self.dice, trace)).collect();
            moments.sort_unstable();
            let mut disk = Disk::before(trace, law, self.removed);
            let mut done = 0;
            for moment in moments {
                trace.operations[done..moment].iter().for_each(|operation| disk.step(operation));
                done = moment;
                self.check(&disk, &format!("{law:?}, operation {moment} of {}", trace.operations.len()), again);
            }
        }
    }

    /// Builds one image, opens it, and now and then cuts the power again while it is opened.
    fn check(&mut self, disk: &Disk<'_>, place: &str, again: bool) {
        let image = disk.image(&mut self.dice);
        let dir = tempfile::tempdir().unwrap();
        disk::write(&image, dir.path());
        let recorded = again && self.dice.below(16) == 0;
        let watched = if recorded { Watched::record(dir.path()) } else { Watched::spare(dir.path()) };
        let outcome = self.runtime.block_on(self.work.verify(dir.path(), &disk.told));
        self.found.images += 1;
        let trace = watched.end();
        if let Err(reason) = outcome {
            let left = self.keep(&image);
            self.found.failures.push(format!("{}, {place}: {reason}{left}", self.name));
        } else if recorded {
            self.cut_again(&trace, disk, place);
        }
    }

    /// Leaves an image that should not have failed, for somebody to look at.
    fn keep(&self, image: &Image) -> String {
        if self.removed.is_some() || self.found.failures.len() >= KEPT {
            return String::new();
        }
        let dir = tempfile::tempdir().unwrap().keep();
        disk::write(image, &dir);
        format!(" (the image is in {})", dir.display())
    }

    fn cut_again(&mut self, trace: &Trace, before: &Disk<'_>, place: &str) {
        for law in [Law::Ordered, Law::Posix] {
            let moment = moment(&mut self.dice, trace);
            let mut disk = Disk::before(trace, law, self.removed);
            disk.told.clone_from(&before.told);
            trace.operations[..moment].iter().for_each(|operation| disk.step(operation));
            self.check(&disk, &format!("{place}, and again at {law:?} {moment}"), false);
        }
    }
}

/// Any moment of a trace; every third time one soon after a change of names, of which there are few.
fn moment(dice: &mut Dice, trace: &Trace) -> usize {
    let names = trace.operations.iter().enumerate().filter(|(_, operation)| matches!(operation, Operation::Entry(_)));
    let names: Vec<usize> = names.map(|(number, _)| number).collect();
    if names.is_empty() || dice.below(3) > 0 {
        return dice.below(trace.operations.len() + 1);
    }
    let soon = names[dice.below(names.len())] + dice.below(20);
    soon.min(trace.operations.len())
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn whatever_a_power_cut_leaves_holds_what_was_acknowledged() {
    let (seed, images) = (setting(SEED, 7), setting(IMAGES, 1500) as usize);
    let found = explore(seed, images, None);
    println!("{} images of seed {seed}, {} failures", found.images, found.failures.len());
    let shown = found.failures.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(found.failures.is_empty(), "{} of {} images of seed {seed}:\n{shown}", found.failures.len(), found.images);
}

/// The explorer itself is tested: without any one of the barriers it finds what is lost.
#[test]
fn a_barrier_that_is_taken_away_is_missed() {
    for barrier in [Barrier::Journal, Barrier::Database, Barrier::Folders, Barrier::Mark, Barrier::Artefacts] {
        let found = explore(7, 64, Some(barrier));
        println!("without {barrier:?}: {} of {} images fail", found.failures.len(), found.images);
        assert!(!found.failures.is_empty(), "nobody misses {barrier:?} in {} images", found.images);
    }
}
