//! `cargo xtask bench`: measures with a release build; a debug build would measure nothing.

use std::path::Path;

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
    let mut bench = cargo(root, ["run", "--quiet", "--release", "--package", "gatehouse-bench", "--"]);
    bench.args(&options.arguments);
    hand_over("bench", bench)
}
