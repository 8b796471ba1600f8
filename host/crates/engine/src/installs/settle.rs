//! After pins have moved: versions that nobody is pinned to any more are let go from memory, and
//! those that somebody is pinned to are held. It is decided from the records, after they were
//! committed, so it comes out right whatever happens at the same time.

use std::sync::Weak;

use async_trait::async_trait;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Stored;

use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Verdict, payload_of};
use crate::work::Work;

/// The kind of these jobs.
const KIND: &str = "plugin.settle";

/// Settles what is held in memory. The engine holds it, so it does not hold the engine.
pub(crate) struct Settle(Weak<Inner>);

/// Has versions looked at, from the commit of `work` on.
pub(super) async fn enqueue(engine: &Engine, work: &mut Work, versions: &[PluginRef]) -> Result<()> {
    engine.jobs().enqueue(&mut work.admin(), NewJob::new(KIND, payload_of(versions)?)).await.map(|_| ())
}

impl Settle {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(std::sync::Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Settle {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let versions: Vec<PluginRef> = job.payload()?;
        for plugin in versions {
            engine.settle_loaded(&plugin).await?;
        }
        Ok(Verdict::Done.into())
    }
}

impl Engine {
    /// Holds a version that somebody is pinned to, and lets go one that nobody is.
    pub(crate) async fn settle_loaded(&self, plugin: &PluginRef) -> Result<()> {
        let known = self.known_version(plugin).await?;
        let pinned = match known {
            Some(version) => !self.tenants_pinning(&version, 1).await?.is_empty(),
            None => false,
        };
        if pinned {
            self.0.loaded.keep(&plugin.digest);
        } else {
            self.0.loaded.release(&plugin.digest);
            tracing::info!(plugin.id = plugin.id, plugin.version = %plugin.version, "nobody is pinned to it: let go");
        }
        Ok(())
    }

    /// The version as it is published; none where it was removed.
    pub(super) async fn known_version(&self, plugin: &PluginRef) -> Result<Option<Stored<PluginVersion>>> {
        match self.stored_version(&plugin.id, &plugin.version).await {
            Ok(known) => Ok(Some(known).filter(|known| known.plugin == *plugin)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Looks through all that is held: the last integration of a version may have been deleted,
    /// or a tenant as a whole.
    pub(crate) async fn settle_all_loaded(&self) -> Result<()> {
        let held = self.0.loaded.digests();
        if held.is_empty() {
            return Ok(());
        }
        for version in self.all_versions(&[]).await? {
            if held.contains(&version.plugin.digest) {
                self.settle_loaded(&version.plugin).await?;
            }
        }
        Ok(())
    }
}
