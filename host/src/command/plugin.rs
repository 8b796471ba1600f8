//! `gatehouse plugin`: from a plugin's folder to one file, and from the file to what it may do.

use gatehouse_domain::Result;

use crate::output::Out;

mod build;
mod cargo;
mod folder;
mod inspect;
mod pull;
mod push;
mod showcase;
mod sign;
mod verify;

/// What to do with a plugin.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Compile a plugin's folder and package it into one .wasm file.
    Build(build::Options),
    /// Show what a component can do and may do, without running it.
    Inspect(inspect::Options),
    /// Make a key to sign plugins with.
    Keygen(sign::Keygen),
    /// Sign a built component, so that deployments can tell whose it is and that it is whole.
    Sign(sign::Sign),
    /// Sign for the key that takes the place of the present one.
    NextKey(sign::Next),
    /// Check a component against its signature and a public key.
    Verify(verify::Options),
    /// Put a built component and its signature into an OCI registry.
    Push(push::Options),
    /// Get a component and its signature out of an OCI registry.
    Pull(pull::Options),
}

/// Does it.
pub(crate) fn run(command: Command, out: &mut Out<'_>) -> Result<()> {
    match command {
        Command::Build(options) => build::run(&options, out),
        Command::Inspect(options) => inspect::run(&options, out),
        Command::Keygen(options) => sign::keygen(&options, out),
        Command::Sign(options) => sign::sign(&options, out),
        Command::NextKey(options) => sign::next(&options, out),
        Command::Verify(options) => verify::run(&options, out),
        Command::Push(options) => push::run(&options, out),
        Command::Pull(options) => pull::run(&options, out),
    }
}
