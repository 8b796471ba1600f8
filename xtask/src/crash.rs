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
    /// At how many moments the whole product is cut off, before and after its commits; all of them are
    /// some hundreds, of which each takes a second or more.
    #[arg(long, default_value_t = 100_000)]
    cuts: u64,
}

/// Runs them, and says how much was tried.
pub(crate) fn command(root: &Path, options: &Options) -> Result<()> {
    run(root, options, "power cuts", "power::")?;
    run(root, options, "cuts at commits", "cuts::")
}

fn run(root: &Path, options: &Options, name: &str, filter: &str) -> Result<()> {
    let mut command = test::tests(root, &["--test", "it", "--", filter, "--nocapture"]);
    for (variable, number) in [("SEED", options.seed), ("IMAGES", options.images), ("CUTS", options.cuts)] {
        command.env(format!("CRASH_{variable}"), number.to_string());
    }
    let lines = Step::new(name, command).within(Duration::from_secs(4 * 3600)).logged(root).run()?;
    let told: Vec<&String> = lines.iter().filter(|line| line.contains(" images ") || line.contains(" cuts ")).collect();
    if told.is_empty() {
        return Err(Failure::new(name, format!("no test in `it` has `{filter}` in its name")));
    }
    told.iter().for_each(|line| println!("    {line}"));
    Ok(())
}
