//! Lives by their seeds: many of them, each in a thread of time of its own, and the one that went
//! wrong by its number.

use std::future::Future;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use tokio::runtime::Builder;

use super::{Dice, Trace};

/// How many of the last lines are shown of a life that went wrong.
const SHOWN: usize = 60;

/// What a life is: dice and a trace go in, and what must hold is noted in the trace.
pub(crate) type Living = Pin<Box<dyn Future<Output = ()>>>;

/// How a life ended.
pub(crate) struct Lived {
    pub(crate) lines: Vec<String>,
    /// What must not have happened.
    pub(crate) broken: Option<String>,
}

/// Lives one life.
pub(crate) fn live(seed: u64, life: &dyn Fn(Dice, Trace) -> Living) -> Lived {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut kept = None;
    let run = AssertUnwindSafe(|| {
        runtime.block_on(async {
            let trace = Trace::new();
            kept = Some(trace.clone());
            life(Dice::new(seed), trace).await;
        });
    });
    let panicked = catch_unwind(run).err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    });
    let trace = kept.unwrap();
    Lived { lines: trace.lines(), broken: trace.broken().or(panicked) }
}

/// `SIM_SEED` alone, or so many from 0 on: `SIM_SEEDS`, or `usual`.
pub(crate) fn seeds(usual: u64) -> Range<u64> {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match given("SIM_SEED") {
        Some(one) => one..one + 1,
        None => 0..given("SIM_SEEDS").unwrap_or(usual),
    }
}

/// Lives every life that is asked for, and shows the first that goes wrong.
pub(crate) fn live_all(name: &str, usual: u64, life: &dyn Fn(Dice, Trace) -> Living) {
    for seed in seeds(usual) {
        let Lived { lines, broken } = live(seed, life);
        if let Some(broken) = broken {
            let shown = lines.get(lines.len().saturating_sub(SHOWN)..).unwrap_or_default().join("\n");
            panic!("{shown}\nseed {seed}: {broken}\nby itself: SIM_SEED={seed} cargo test --workspace --lib {name}");
        }
    }
}

/// Checks that a seed is a whole life.
pub(crate) fn the_same_twice(seeds: Range<u64>, life: &dyn Fn(Dice, Trace) -> Living) {
    for seed in seeds {
        let (one, two) = (live(seed, life).lines, live(seed, life).lines);
        let other = one.iter().zip(&two).position(|(one, two)| one != two);
        let shown = other.and_then(|at| Some((one.get(at)?, two.get(at)?)));
        assert!(other.is_none() && one.len() == two.len(), "seed {seed} parts at {other:?}: {shown:#?}");
        assert!(one.len() > 50, "seed {seed}: nothing happened: {one:?}");
    }
}
