//! `cargo xtask crash`: the tests of power cuts and kills with more cases than the test command has
//! time for, from a seed of one's choice.

use std::path::Path;
use std::time::Duration;

use crate::run::{Failure, Result, Step};
use crate::test;

/// How much to try.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What every choice follows from; the tests' own seed is 7.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many images of a disk after a power cut are built and opened.
    #[arg(long, default_value_t = 20_000)]
    images: u64,
}

/// The tests that cut the power of a store.
const POWER: &str = "power::";

/// Runs them, and says how many images there were.
pub(crate) fn command(root: &Path, options: &Options) -> Result<()> {
    let mut command = test::tests(root, &["--test", "it", "--", POWER, "--nocapture"]);
    command.env("CRASH_SEED", options.seed.to_string()).env("CRASH_IMAGES", options.images.to_string());
    let lines = Step::new("power cuts", command).within(Duration::from_secs(4 * 3600)).logged(root).run()?;
    let told: Vec<&String> = lines.iter().filter(|line| line.contains(" images ")).collect();
    if told.is_empty() {
        return Err(Failure::new("power cuts", format!("no test in `it` has `{POWER}` in its name")));
    }
    told.iter().for_each(|line| println!("    {line}"));
    Ok(())
}
