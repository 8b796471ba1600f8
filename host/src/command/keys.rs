//! `gatehouse keys`: API keys and root keys. Some of it needs no running server; the rest asks one
//! over its API.

use std::path::PathBuf;

use gatehouse_domain::Result;

use crate::output::Out;

mod local;
mod remote;
mod root;

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print a fresh token, such as one for `GATEHOUSE_BOOTSTRAP_KEY`. It is kept nowhere.
    Generate {
        /// Answer with JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say whether a token has the right form, without asking a server.
    Check {
        /// The token.
        token: String,
        /// Answer with JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a key and print its token this once.
    Create(Box<remote::Create>),
    /// List keys: the tenant's, or the operators' own.
    List(remote::List),
    /// Make a successor of a key and print its token this once.
    Rotate(remote::Rotate),
    /// Take a key back.
    Revoke(remote::Revoke),
    /// Make a new root key in a file, to take the place of the one in use.
    NewRoot {
        /// The file, which must not exist, outside the data folder.
        file: PathBuf,
        /// Answer with JSON.
        #[arg(long)]
        json: bool,
    },
    /// Have the server exchange the root key in use for the one in its `root_key_file`.
    RotateRoot(root::RotateRoot),
}

/// Does it.
pub(crate) fn run(command: Command, out: &mut Out<'_>) -> Result<()> {
    match command {
        Command::Generate { json } => local::generate(json, out),
        Command::Check { token, json } => local::check(&token, json, out),
        Command::Create(ask) => remote::create(&ask, out),
        Command::List(ask) => remote::list(&ask, out),
        Command::Rotate(ask) => remote::rotate(&ask, out),
        Command::Revoke(ask) => remote::revoke(&ask, out),
        Command::NewRoot { file, json } => root::new_root(&file, json, out),
        Command::RotateRoot(ask) => root::rotate(&ask, out),
    }
}
