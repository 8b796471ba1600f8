//! `gatehouse keys`: API keys that need no running server.

use std::fs::File;
use std::io::Read;

use gatehouse_domain::key::{checksum_ok, token_from};
use gatehouse_domain::{Error, Result};
use serde::Serialize;

use crate::output::Out;

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
}

#[derive(Serialize)]
struct Generated {
    token: String,
}

#[derive(Serialize)]
struct Checked {
    well_formed: bool,
}

/// Does it.
pub(crate) fn run(command: Command, out: &mut Out<'_>) -> Result<()> {
    match command {
        Command::Generate { json } => {
            let token = token_from(random()?);
            if json { out.json(&Generated { token }) } else { out.line(token) }
        }
        Command::Check { token, json } => {
            let well_formed = checksum_ok(&token);
            if json {
                out.json(&Checked { well_formed })?;
            }
            if !well_formed {
                return Err(Error::invalid(
                    "this is no token: it is `gh_` and 49 letters and digits, the last 6 of them a checksum",
                ));
            }
            if json { Ok(()) } else { out.line("the form is right; only the server knows whether the key exists") }
        }
    }
}

/// From the kernel, which is where every library gets it too.
fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| Error::unavailable("the system gives no randomness").caused_by(error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(command: Command) -> (Result<()>, String) {
        let mut text = Vec::new();
        let done = run(command, &mut Out::new(&mut text));
        (done, String::from_utf8(text).unwrap())
    }

    #[test]
    fn every_token_is_new_and_well_formed() {
        let (_, one) = answer(Command::Generate { json: false });
        let (_, other) = answer(Command::Generate { json: false });
        assert!(one != other && checksum_ok(one.trim()) && checksum_ok(other.trim()), "{one}{other}");
        let (_, json) = answer(Command::Generate { json: true });
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(checksum_ok(json["token"].as_str().unwrap()));
        let (good, _) = answer(Command::Check { token: one.trim().to_owned(), json: false });
        let (bad, told) = answer(Command::Check { token: "gh_x".to_owned(), json: true });
        assert!(good.is_ok() && bad.is_err() && told.contains("false"));
    }
}
