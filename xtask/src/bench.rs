//! `cargo xtask bench`: measures with a release build; a debug build would measure nothing.

use std::path::Path;
use std::process::Command;

use crate::run::{Result, Step, cargo, hand_over};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Names and options for the benchmarks; all of them where absent.
    #[arg(value_name = "NAME", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds, then measures with nothing else running.
pub(crate) fn command(root: &Path, options: &Options) -> Result<()> {
    let build = cargo(root, ["build", "--release", "--package", "gatehouse", "--package", "gatehouse-bench"]);
    Step::new("build release", build).logged(root).run()?;
    // The program itself: `cargo run` for one package resolves other features and builds anew.
    let mut bench = Command::new(root.join("target/release/gatehouse-bench"));
    bench.current_dir(root).args(&options.arguments);
    hand_over("bench", bench)
}
