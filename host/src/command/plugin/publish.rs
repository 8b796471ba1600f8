//! `gatehouse plugin publish`: builds a plugin, refuses what its check finds wrong, signs it where a key is given,
//! uploads it to a server, says what that made of it, and waits for its review where that is asked for.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::Result;
use serde_json::Value;

use super::status::{Standing, Wait, settled};
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
    wait: Wait,
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
    let text = |path: &str| said.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, version) = (text("/plugin/id"), text("/plugin/version"));
    let standing = Standing::of(&id, &version, &said);
    if options.server.json {
        out.json(&said)?;
    } else {
        tell(&said, &standing, &made.inspection.digest, out)?;
    }
    if standing.state != "in_review" || !options.wait.is_asked_for() {
        return standing.verdict(&options.wait);
    }
    let (standing, _) = settled(&remote, &id, &version, &options.wait)?;
    if !options.server.json {
        out.line(standing.line())?;
    }
    standing.verdict(&options.wait)
}

/// What the server made of it, and what comes next.
fn tell(said: &Value, standing: &Standing, digest: &str, out: &mut Out<'_>) -> Result<()> {
    let text = |path: &str| said.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, version, signed) = (text("/plugin/id"), text("/plugin/version"), text("/signature/state"));
    if standing.state == "approved" {
        out.line(format!("{id} {version} is published, {signed}: sha256:{digest}"))?;
        return out.line(
            "  a tenant reads its permission sheet and enables it: GET /plugins/ID/permissions, POST /plugins/tenant/ID/toggle",
        );
    }
    out.line(format!("{id} {version} is submitted, {signed}: sha256:{digest}"))?;
    out.line(format!("  {}: `gatehouse plugin status {id}@{version}` tells when somebody has decided", standing.state))
}
