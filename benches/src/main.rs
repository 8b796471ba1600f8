//! `cargo xtask bench [NAME]…`: the command line of the benchmarks. It measures nothing itself.

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

mod machine;
mod report;
mod samples;
mod size;

mod artefacts;
mod process;

mod execute;
mod jobs;
mod memory;
mod neighbour;
mod runtime;
mod scale;
mod store;
mod sync;
mod webhooks;

/// Measures Gatehouse beside the thing it is built on, and prints both and their ratio.
#[derive(Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Cli {
    /// What to measure; everything where absent.
    names: Vec<Name>,
    /// Print JSON in the place of tables.
    #[arg(long)]
    json: bool,
    /// Measure a small part of what can be made small, to see that everything works.
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// A benchmark.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// A fresh instance and a call, beside bare wasmtime.
    Runtime,
    /// Execute over HTTP, beside a plain handler that makes the same request.
    Execute,
    /// Durable commits, beside a bare loop of fdatasync.
    Store,
    /// Resident memory and the time of a start.
    Memory,
    /// Records pulled from a provider, and the memory that it takes.
    Sync,
    /// Background jobs, from the commit that asks for one to the one that ends it.
    Jobs,
    /// Webhooks that arrive, and deliveries that leave.
    Webhooks,
    /// Large tenants, many tenants, and a long audit trail.
    Scale,
    /// A quiet tenant's calls beside each kind of hostile guest of another.
    Neighbour,
}

/// What this program is as a child of itself.
#[derive(Subcommand)]
enum Role {
    /// Be the provider.
    #[command(hide = true)]
    Upstream,
    /// Be the provider of records.
    #[command(hide = true)]
    Records,
    /// Be the plain handler, in front of the provider at this origin.
    #[command(hide = true)]
    Plain {
        /// The provider's origin.
        origin: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.quick {
        size::be_quick();
    }
    match cli.role {
        Some(Role::Upstream) => execute::upstream::serve(),
        Some(Role::Records) => sync::records::serve(),
        Some(Role::Plain { origin }) => execute::plain::serve(&origin),
        None => measure(&cli.names, cli.json),
    }
}

fn measure(names: &[Name], json: bool) -> ExitCode {
    let all = names.is_empty();
    let chosen = |name: &&Name| all || names.contains(name);
    let report = report::Report {
        machine: machine::describe(),
        sections: Name::value_variants().iter().filter(chosen).flat_map(run).collect(),
    };
    if json {
        println!("{}", report.to_json())
    } else {
        print!("{}", report.to_markdown())
    }
    let file = if all { "latest" } else { "partial" };
    report.keep(&artefacts::folder(), file);
    ExitCode::SUCCESS
}

fn run(name: &Name) -> Vec<report::Section> {
    eprintln!("measuring {} …", name.to_possible_value().unwrap().get_name());
    match name {
        Name::Runtime => runtime::measure(),
        Name::Execute => execute::measure(),
        Name::Store => store::measure(),
        Name::Memory => memory::measure(),
        Name::Sync => sync::measure(),
        Name::Jobs => jobs::measure(),
        Name::Webhooks => webhooks::measure(),
        Name::Scale => scale::measure(),
        Name::Neighbour => neighbour::measure(),
    }
}
