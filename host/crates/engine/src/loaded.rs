//! Which plugin versions are held ready in memory. One that nobody is pinned to is not held: it
//! lives as long as its last call, and its code and its memory go with that.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatehouse_domain::Result;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_runtime::Plugin;
use tokio::sync::OnceCell;

use crate::Engine;

/// A plugin being loaded once, however many ask for it at the same time.
type Loading = Arc<OnceCell<Arc<Plugin>>>;

/// What is held. The lock is held for a look-up only, never while a plugin compiles.
#[derive(Default)]
pub(crate) struct Loaded(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// By digest.
    kept: HashMap<String, Loading>,
    /// The digests of those that nobody is pinned to. It grows no further than there are versions.
    released: HashSet<String>,
}

impl Loaded {
    /// Holds a version from its next use on.
    pub(crate) fn keep(&self, digest: &str) {
        self.held().released.remove(digest);
    }

    /// Lets a version go. Calls that run on it go on to their end.
    pub(crate) fn release(&self, digest: &str) {
        let mut held = self.held();
        held.kept.remove(digest);
        held.released.insert(digest.to_owned());
    }

    /// Has a version loaded anew at its next use, and looked at before.
    pub(crate) fn look_again(&self, digest: &str) {
        self.held().kept.remove(digest);
    }

    /// The digests of what is held.
    pub(crate) fn digests(&self) -> Vec<String> {
        self.held().kept.keys().cloned().collect()
    }

    fn loading(&self, digest: &str) -> Option<Loading> {
        let mut held = self.held();
        let is_held = !held.released.contains(digest);
        is_held.then(|| Arc::clone(held.kept.entry(digest.to_owned()).or_default()))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// The plugin version, loaded: from memory, from the compile cache, or compiled.
    pub(crate) async fn plugin(&self, plugin: &PluginRef) -> Result<Arc<Plugin>> {
        match self.0.loaded.loading(&plugin.digest) {
            Some(loading) => loading.get_or_try_init(|| self.load_plugin(plugin)).await.cloned(),
            None => self.load_plugin(plugin).await,
        }
    }

    /// The plugin version, loaded and not held by the engine: whoever asks holds it. Who stands
    /// for it, and that its bytes are those that were signed, is looked at each time.
    pub(crate) async fn load_plugin(&self, plugin: &PluginRef) -> Result<Arc<Plugin>> {
        let stored = self.stored_version(&plugin.id, &plugin.version).await?;
        self.check_trusted(&stored).await?;
        self.load_code(plugin).await
    }

    /// The code of a version whose signature was looked at by the caller.
    pub(crate) async fn load_code(&self, plugin: &PluginRef) -> Result<Arc<Plugin>> {
        let artefacts = self.0.store.artefacts();
        let started = std::time::Instant::now();
        let loaded = self.0.runtime.load(&plugin.digest, || artefacts.read(&plugin.digest)).await;
        let loaded = loaded.map_err(|error| error.with("plugin", format!("{}@{}", plugin.id, plugin.version)))?;
        self.0.metrics.plugins.loaded(&plugin.id, loaded.source, started.elapsed());
        Ok(loaded)
    }
}
