//! `cargo xtask`: everything a developer or a build server runs on this repository.
//! Parses and dispatches; each command has its own file, and `run` alone starts programs.
#![allow(clippy::print_stdout, reason = "a developer's tool talks on the terminal")]
#![allow(clippy::print_stderr, reason = "a developer's tool talks on the terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod conformance;
mod crash;
mod demo;
mod peers;
mod plugins;
mod run;
mod soak;
mod test;

/// What `cargo xtask` was asked to do.
#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, test, measure and show Gatehouse", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check, from formatting to tests against real programs; stop at the first failure.
    Test,
    /// Build every plugin into target/plugins/<id>-<version>.wasm.
    Plugins {
        /// Build only the plugin in this folder of plugins/.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Prove every gateway and print what was shown: gateway, function, five proofs.
    Conformance {
        /// Put the tables into plugins/README.md.
        #[arg(long)]
        write: bool,
    },
    /// Install, list or start the programs that tests talk to; kept in .peers/.
    Peers {
        #[command(subcommand)]
        command: Option<peers::Command>,
    },
    /// Build everything and show it working against the sandbox provider.
    Demo(demo::Options),
    /// Cut the power of a store at many moments, and look at what is left.
    Crash(crash::Options),
    /// Run everything at once for half an hour, with a kill every few seconds, and balance the books.
    Soak(soak::Options),
    /// Measure with a release build.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let root = root();
    let outcome = match cli.command {
        Command::Test => test::all(&root),
        Command::Plugins { only } => plugins::command(&root, only.as_deref()),
        Command::Conformance { write } => conformance::command(&root, write),
        Command::Peers { command } => peers::command(&root, command.unwrap_or(peers::Command::List)),
        Command::Demo(options) => demo::command(&root, &options),
        Command::Crash(options) => crash::command(&root, &options),
        Command::Soak(options) => soak::command(&root, &options),
        Command::Bench(options) => bench::command(&root, &options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The repository: the folder above this package, wherever the command was started.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
