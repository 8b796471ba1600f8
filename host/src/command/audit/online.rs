//! Asking a server that runs: it proves one chain, that of the key or of the tenant that an
//! operator names, and says whether it still has what an anchor file names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, Result};
use gatehouse_engine::audit::AnchorReader;
use reqwest::Method;
use serde_json::Value;

use super::{Key, Verify, read_anchor, show};
use crate::cli::Exit;
use crate::output::Out;
use crate::remote::Remote;

/// Has a chain proved.
pub(super) fn verify(ask: &Verify, out: &mut Out<'_>) -> Result<Exit> {
    let remote = Remote::new(&ask.server)?;
    let mut found = remote.send(Method::GET, "/audit/verify", None)?;
    if let Some(path) = &ask.anchor {
        let anchor = read_anchor(&AnchorReader::new(public_key(&remote)?), path)?;
        let tenant = found.get("tenant").and_then(Value::as_str).map(str::parse::<TenantId>).transpose()?;
        if let Some((number, hash)) = anchor.newest_of(tenant) {
            found = remote.send(Method::GET, &format!("/audit/verify?number={number}&hash={hash}"), None)?;
        }
        let own = serde_json::to_value(&anchor.broken)
            .map_err(|error| Error::internal("findings have no JSON form").caused_by(error))?;
        if let (Some(Value::Array(broken)), Value::Array(own)) = (found.get_mut("broken"), own) {
            broken.extend(own);
        }
    }
    show::one(&found, ask.server.json, out)?;
    let whole = found.get("broken").and_then(Value::as_array).is_some_and(Vec::is_empty);
    Ok(if whole { Exit::Done } else { Exit::Failed })
}

/// Prints the public key.
pub(super) fn key(ask: &Key, out: &mut Out<'_>) -> Result<Exit> {
    let found = Remote::new(&ask.server)?.send(Method::GET, "/audit/key", None)?;
    match ask.server.json {
        true => out.json(&found)?,
        false => out.line(found.get("public_key").and_then(Value::as_str).unwrap_or_default())?,
    }
    Ok(Exit::Done)
}

fn public_key(remote: &Remote) -> Result<Vec<u8>> {
    let found = remote.send(Method::GET, "/audit/key", None)?;
    let text = found.get("public_key").and_then(Value::as_str).unwrap_or_default();
    STANDARD.decode(text).map_err(|_| Error::unavailable("the server did not answer with a key; is --url right?"))
}
