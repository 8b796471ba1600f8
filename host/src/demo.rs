//! The tour: the whole story over HTTP against a server with an empty store and a sandbox
//! provider made from the plugin's own fixtures. It names no provider: everything that is
//! particular comes from the plugin.

use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use tempfile::TempDir;

use crate::config::{Config, Origin};
use crate::output::Out;
use crate::sandbox::{Credential, Options as SandboxOptions, Sandbox};
use crate::server::Server;

mod client;
mod proof;
mod sample;
mod show;
mod story;
mod webhook;

use client::Client;
use sample::Sample;
use show::Show;

/// A server, a sandbox provider and a plugin, ready for the tour.
pub(crate) struct Stage {
    plugin: Plugin,
    sandbox: Sandbox,
    server: Server,
    operator: String,
    folder: TempDir,
}

/// A built plugin with what its fixtures offer.
struct Plugin {
    wasm: Vec<u8>,
    inspection: Inspection,
    sample: Sample,
}

/// Shows one plugin after the other; with `keep` the last one's server goes on until Ctrl-C.
///
/// # Errors
/// The first step that did not hold.
pub(crate) async fn run(plugins: &[PathBuf], keep: bool, out: &mut Out<'_>) -> Result<()> {
    let Some(last) = plugins.last() else {
        return Err(Error::invalid("name a built plugin with --plugin FILE; `cargo xtask plugins` builds them"));
    };
    for path in plugins {
        let stage = Stage::set(path).await?;
        let mut show = Show::new(out);
        let tenant = story::tell(&stage, &mut show).await?;
        if keep && path == last {
            show.keep(&stage.server.url(), &stage.operator, &tenant)?;
            crate::server::until_signal(&stage.server.engine).await.ok();
        }
        stage.strike().await?;
    }
    Ok(())
}

impl Stage {
    async fn set(path: &Path) -> Result<Self> {
        let plugin = Plugin::read(path)?;
        let sandbox = plugin.sandbox().await?;
        let folder = TempDir::new().map_err(|error| Error::unavailable("no temporary folder").caused_by(error))?;
        let config = config(folder.path(), &sandbox.base_url())?;
        let server = Server::start(&config).await?;
        let operator = server.engine.bootstrap(None).await?;
        let operator = operator.ok_or_else(|| Error::internal("a new store has no operator's key"))?;
        Ok(Self { plugin, sandbox, server, operator, folder })
    }

    fn client(&self) -> Result<Client> {
        Client::new(&self.server.url())
    }

    /// Stops everything and removes what it wrote.
    async fn strike(self) -> Result<()> {
        self.server.stop().await?;
        self.sandbox.stop().await;
        drop(self.folder);
        Ok(())
    }
}

impl Plugin {
    fn read(path: &Path) -> Result<Self> {
        let unreadable = |error| Error::invalid(format!("`{}` can not be read", path.display())).caused_by(error);
        let wasm = std::fs::read(path).map_err(unreadable)?;
        let inspection = Inspection::of(&wasm)?;
        let sample = Sample::of(&inspection)?;
        Ok(Self { wasm, inspection, sample })
    }

    async fn sandbox(&self) -> Result<Sandbox> {
        let manifest = &self.inspection.manifest;
        let placement = manifest.auth.first().map(|scheme| &scheme.placement);
        let credential = placement.and_then(|placement| Credential::of(placement, &self.sample.credentials));
        let options = SandboxOptions { credential, ..SandboxOptions::of(manifest) };
        let nothing = serde_json::json!({});
        Sandbox::start(self.inspection.fixtures.as_ref().unwrap_or(&nothing), options).await
    }
}

fn config(folder: &Path, sandbox: &str) -> Result<Config> {
    let mut config = Config::defaults(&crate::config::Surroundings::of_process());
    config.listen = ([127, 0, 0, 1], 0).into();
    config.data_dir = folder.join("data");
    config.root_key_file = folder.join("keys").join("root.key");
    config.egress.allow = vec![sandbox.parse::<Origin>()?];
    Ok(config)
}
