//! `cargo xtask soak`: everything at once for as long as one likes, over several tenants, with faults
//! everywhere and a kill every few seconds. At the end what was accepted equals what became of it.

use std::path::Path;
use std::time::Duration;

use crate::run::{Failure, Result, Step};
use crate::test;

/// What the lines of the report begin with.
const MARK: &str = "soak: ";

/// For how long, and from where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long the load lasts; what is open then is waited for.
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// What every choice follows from; another one each time where it is absent.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs it, and says what was counted.
pub(crate) fn command(root: &Path, options: &Options) -> Result<()> {
    let time = Duration::try_from_secs_f64(options.minutes * 60.0)
        .map_err(|error| Failure::new("soak", format!("--minutes {}: {error}", options.minutes)))?;
    let seed = options.seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("{MARK}the seed is {seed}; `cargo xtask soak --seed {seed}` makes the same choices");
    let mut command = test::tests(root, &["--test", "it", "--", "soak::", "--nocapture"]);
    command.env("SOAK_SECONDS", time.as_secs().to_string()).env("SOAK_SEED", seed.to_string());
    // Building it, and the end, at which a person would wait as well.
    let step = Step::new("soak", command).within(time * 2 + Duration::from_secs(3600)).logged(root);
    let lines = step.run()?;
    let told: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix(MARK)).collect();
    if told.is_empty() {
        return Err(Failure::new("soak", "no test in `it` has `soak::` in its name, so nothing was shown"));
    }
    told.iter().for_each(|line| println!("    {line}"));
    Ok(())
}
