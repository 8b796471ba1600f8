//! `cargo xtask demo`: builds the plugins and the host, then lets the host show itself.

use std::path::Path;
use std::process::Command;

use crate::plugins;
use crate::run::{Result, hand_over};

/// How to show it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Keep serving when the tour is over, until Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// Builds and shows.
pub(crate) fn command(root: &Path, options: &Options) -> Result<()> {
    let host = plugins::build_host(root)?;
    let built = plugins::build(root, None, &host)?;
    let mut demo = Command::new(host);
    demo.current_dir(root).arg("demo");
    for plugin in built {
        demo.arg("--plugin").arg(plugin.path);
    }
    if options.keep {
        demo.arg("--keep");
    }
    hand_over("demo", demo)
}
