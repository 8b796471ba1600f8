//! `gatehouse demo`: shows everything working in a temporary folder.

use std::path::PathBuf;

use gatehouse_domain::Result;

use crate::output::Out;
use crate::{demo, server};

/// How to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A built plugin; may be given several times.
    #[arg(long = "plugin", value_name = "FILE", num_args = 1..)]
    pub(crate) plugins: Vec<PathBuf>,
    /// Keep serving when the tour is over, until Ctrl-C.
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Shows it.
pub(crate) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    server::threads()?.block_on(demo::run(&options.plugins, options.keep, out))
}
