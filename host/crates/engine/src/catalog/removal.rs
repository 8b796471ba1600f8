//! Removing a version for good: only one that was taken back, and that nobody is pinned to.

use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::{Error, Problem, Result};
use semver::Version;

use crate::{Caller, Engine};

/// How many tenants a refusal names.
const TOLD: usize = 10;

impl Engine {
    /// Removes a yanked version with its component and its compiled code. As nobody can pin a
    /// yanked version, nobody comes in between the look and the removal.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] for one
    /// that is not yanked, or that a tenant is pinned to.
    pub async fn remove_version(&self, by: &Caller, id: &str, version: &Version) -> Result<()> {
        let stored = self.stored_version(id, version).await?;
        if stored.standing.yanked.is_none() {
            let message = format!("{id}@{version} is not yanked: yank it first, so that nobody chooses it meanwhile");
            return Err(Error::conflict(message));
        }
        let pinned = self.tenants_pinning(&stored, TOLD).await?;
        if !pinned.is_empty() {
            let message = format!("{id}@{version} can not be removed: tenants are pinned to it; they have to upgrade");
            let mut error = Error::conflict(message);
            error.problems = pinned.iter().map(|tenant| Problem::at("tenants", format!("{tenant} is"))).collect();
            return Err(error);
        }
        let mut work = self.work(by);
        work.admin().remove(&stored)?;
        work.audit::<PluginVersion>("plugin.removed", format!("{id}@{version}"), Some(&stored.record), None)?;
        self.forget_quarantine(&stored.plugin, &mut work).await?;
        // Now, and not at the request's end: the files go after the record, never before it.
        work.commit_now().await?;
        self.0.loaded.release(&stored.plugin.digest);
        self.0.runtime.forget(&stored.plugin.digest);
        for digest in [stored.plugin.digest.as_str(), stored.uploaded_digest()] {
            self.0.store.artefacts().remove(digest).await?;
        }
        self.clear_shown(&stored).await
    }
}
