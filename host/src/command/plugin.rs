//! `gatehouse plugin`: from a plugin's folder to one file, and from the file to what it may do.

use gatehouse_domain::Result;

use crate::output::Out;

mod build;
mod cargo;
mod folder;
mod inspect;

/// What to do with a plugin.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Compile a plugin's folder and package it into one .wasm file.
    Build(build::Options),
    /// Show what a component can do and may do, without running it.
    Inspect(inspect::Options),
}

/// Does it.
pub(crate) fn run(command: Command, out: &mut Out<'_>) -> Result<()> {
    match command {
        Command::Build(options) => build::run(&options, out),
        Command::Inspect(options) => inspect::run(&options, out),
    }
}
