//! `gatehouse audit`: proves the audit trail of data that no server serves, or asks a server about
//! one chain of it.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_engine::audit::{Anchor, AnchorReader};

use crate::cli::Exit;
use crate::config::ConfigArgs;
use crate::output::Out;
use crate::remote::Server;

mod offline;
mod online;
mod show;

/// What to do with the audit trail.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Prove that nothing was altered, cut off or written anew. The exit code is 1 where something
    /// was.
    ///
    /// Without --url the data folder is read, which no server may hold meanwhile: every chain, or
    /// with --tenant one. With --url a running server proves the chain of the key: a tenant's, or
    /// the operators' own.
    Verify(Box<Verify>),
    /// Print the public key that signs checkpoints.
    Key(Box<Key>),
}

/// How to prove it.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    server: Server,
    /// The anchor file, or a copy of it, to compare with [default: none, so that what was cut off
    /// along with its checkpoints is not seen].
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

/// Where to look for the key.
#[derive(Debug, clap::Args)]
pub(crate) struct Key {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    server: Server,
}

/// Does it.
pub(crate) fn run(command: Command, out: &mut Out<'_>) -> Result<Exit> {
    match command {
        Command::Verify(ask) if ask.server.url.is_some() => online::verify(&ask, out),
        Command::Verify(ask) => offline::verify(&ask, out),
        Command::Key(ask) if ask.server.url.is_some() => online::key(&ask, out),
        Command::Key(ask) => offline::key(&ask, out),
    }
}

fn read_anchor(reader: &AnchorReader, path: &Path) -> Result<Anchor> {
    let unreadable = |error| {
        let message = format!("the anchor file `{}` can not be read", path.display());
        Error::invalid(message).caused_by(error)
    };
    reader.read(BufReader::new(File::open(path).map_err(unreadable)?))
}
