//! `gatehouse plugin`: from a plugin's folder to one file, and from the file to what it may do.

use gatehouse_domain::Result;

use crate::output::Out;

mod build;
mod cargo;
mod check;
mod compile;
mod folder;
mod inspect;
mod new;
mod publish;
mod pull;
mod push;
mod record;
mod run;
mod showcase;
mod sign;
mod status;
mod test;
mod toolchain;
mod verify;

/// What to do with a plugin.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Begin a gateway: a folder that builds and passes its tests as it is.
    New(new::Options),
    /// Bring what a gateway is built against up to this program.
    Sdk(new::Sdk),
    /// Compile a plugin's folder and package it into one .wasm file.
    Build(build::Options),
    /// Build a plugin's folder and play its fixtures on the component, without a network.
    Test(test::Options),
    /// Say what of manifest, exports, fixtures and README does not fit together, and what the plugin may do.
    Check(check::Options),
    /// Make one call, against the plugin's own fixtures or a real account.
    Run(run::Options),
    /// Make one call to a real account and keep it as a fixture.
    Record(record::Options),
    /// Build, check, sign and upload a plugin.
    Publish(publish::Options),
    /// Say where the review of an uploaded version stands on a server.
    Status(status::Options),
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
        Command::New(options) => new::run(&options, out),
        Command::Sdk(options) => new::update(&options, out),
        Command::Build(options) => build::run(&options, out),
        Command::Test(options) => test::run(&options, out),
        Command::Check(options) => check::run(&options, out),
        Command::Run(options) => run::run(&options, out),
        Command::Record(options) => record::run(&options, out),
        Command::Publish(options) => publish::run(&options, out),
        Command::Status(options) => status::run(&options, out),
        Command::Inspect(options) => inspect::run(&options, out),
        Command::Keygen(options) => sign::keygen(&options, out),
        Command::Sign(options) => sign::sign(&options, out),
        Command::NextKey(options) => sign::next(&options, out),
        Command::Verify(options) => verify::run(&options, out),
        Command::Push(options) => push::run(&options, out),
        Command::Pull(options) => pull::run(&options, out),
    }
}
