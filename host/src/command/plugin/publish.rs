//! `gatehouse plugin publish`: builds a plugin, refuses what its check finds wrong, signs it where a key is given,
//! uploads it to a server and says what that made of it.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::Result;
use serde_json::Value;

use super::{build, check, compile, sign};
use crate::output::Out;
use crate::remote::{Remote, Server};

/// What to publish, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The plugin's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// The file with the private key to sign with; unsigned where absent.
    #[arg(long, value_name = "FILE", requires = "publisher")]
    key: Option<PathBuf>,
    /// The id under which the server knows the publisher.
    #[arg(long, value_name = "ID", requires = "key")]
    publisher: Option<String>,
    #[command(flatten)]
    server: Server,
}

/// Builds, checks, signs, uploads. The server is not asked before all of that holds.
pub(super) fn run(options: &Options, out: &mut Out<'_>) -> Result<()> {
    let remote = Remote::new(&options.server)?;
    let made = compile::made(&options.folder)?;
    let checked = check::check(&options.folder, &made)?;
    if !options.server.json {
        check::show_findings(&checked, out)?;
    }
    checked.verdict()?;
    build::write(&made.path, &made.component)?;
    let signature = match (&options.key, &options.publisher) {
        (Some(key), Some(publisher)) => Some(sign::document(&made.component, key, publisher)?),
        _ => None,
    };
    let signature = signature.map(|document| ("gatehouse-signature", STANDARD.encode(document)));
    let said = remote.upload("/plugins", "application/wasm", made.component, signature.as_slice())?;
    if options.server.json {
        return out.json(&said);
    }
    let text = |path: &str| said.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let state = text("/signature/state");
    out.line(format!(
        "{} {} is published, {state}: sha256:{}",
        text("/plugin/id"),
        text("/plugin/version"),
        made.inspection.digest
    ))?;
    out.line("  a tenant reads its permission sheet and enables it: GET /plugins/ID/permissions, POST /plugins/tenant/ID/toggle")
}
