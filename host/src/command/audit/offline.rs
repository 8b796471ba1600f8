//! Proving data that no server serves. It holds the folder's lock meanwhile, and writes no record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_engine::audit::{AnchorReader, Auditor};
use gatehouse_store::Store;
use serde_json::json;

use super::{Key, Verify, read_anchor, show};
use crate::cli::Exit;
use crate::config::{Config, ConfigArgs, Surroundings, load};
use crate::output::Out;
use crate::server::{self, deployment};

/// Proves every chain, or a tenant's.
pub(super) fn verify(ask: &Verify, out: &mut Out<'_>) -> Result<Exit> {
    let only: Option<TenantId> = ask.server.tenant.as_deref().map(str::parse).transpose()?;
    let config = config_of(&ask.config)?;
    let report = server::threads()?.block_on(async {
        let store = open(&config)?;
        let vault = deployment::open_served(&config, &store).await?;
        let auditor = Auditor::new(&store, &vault)?;
        let reader = AnchorReader::new(vault.checkpoint_key()?);
        let anchor = ask.anchor.as_deref().map(|path| read_anchor(&reader, path)).transpose()?;
        let report = auditor.all(only, anchor.as_ref()).await?;
        store.storage().close().await?;
        Ok::<_, Error>(report)
    })?;
    show::report(&report, ask.server.json, out)?;
    Ok(if report.whole { Exit::Done } else { Exit::Failed })
}

/// Prints the public key.
pub(super) fn key(ask: &Key, out: &mut Out<'_>) -> Result<Exit> {
    let config = config_of(&ask.config)?;
    let key = server::threads()?.block_on(async {
        let store = open(&config)?;
        let key = deployment::open_served(&config, &store).await?.checkpoint_key()?;
        store.storage().close().await?;
        Ok::<_, Error>(STANDARD.encode(key))
    })?;
    match ask.server.json {
        true => out.json(&json!({ "algorithm": "ed25519", "public_key": key }))?,
        false => out.line(key)?,
    }
    Ok(Exit::Done)
}

fn config_of(args: &ConfigArgs) -> Result<Config> {
    Ok(load(args, &Surroundings::of_process())?.config)
}

fn open(config: &Config) -> Result<Store> {
    let data = config.data_dir.display();
    if !config.data_dir.join("store").is_dir() {
        let message = format!("there is no data in `{data}`; name its folder with --data-dir, or a server with --url");
        return Err(Error::invalid(message));
    }
    server::open_store(config).map_err(|error| match error.kind {
        ErrorKind::Unavailable if error.message.contains("LOCK") => {
            let message = format!(
                "the data in `{data}` is held by a server that runs; stop it, or ask it with --url and a key that \
                 holds audit:read"
            );
            Error::unavailable(message).caused_by(error)
        }
        _ => error,
    })
}
