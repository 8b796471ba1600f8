//! Removing a version for good: only one that was taken back or never approved, and that nobody is
//! pinned to.

use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::plugin::submission::State;
use gatehouse_domain::{Error, Problem, Result};
use semver::Version;

use super::name_of;
use crate::{Caller, Engine};

/// How many tenants a refusal names.
const TOLD: usize = 10;

impl Engine {
    /// Removes a yanked version, or one that was rejected or withdrawn, with its component and its
    /// compiled code. As nobody can pin such a version, nobody comes in between the look and the
    /// removal.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] for one
    /// that is not yanked, is in review, or that a tenant is pinned to.
    pub async fn remove_version(&self, by: &Caller, id: &str, version: &Version) -> Result<()> {
        // The same version may be submitted with other bytes at this moment.
        let publishing = self.0.publishing.lock().await;
        let stored = self.any_version(id, version).await?;
        check_removable(&stored)?;
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
        self.clear_code(&stored, None).await?;
        drop(publishing);
        self.clear_shown(&stored).await
    }

    /// Takes away the code of a version that is gone, but what the one in its place has of it.
    pub(super) async fn clear_code(&self, gone: &PluginVersion, next: Option<&PluginVersion>) -> Result<()> {
        let is_kept =
            |digest: &str| next.is_some_and(|next| next.plugin.digest == digest || next.uploaded_digest() == digest);
        if !is_kept(&gone.plugin.digest) {
            self.0.loaded.release(&gone.plugin.digest);
            self.0.runtime.forget(&gone.plugin.digest);
        }
        for digest in [gone.plugin.digest.as_str(), gone.uploaded_digest()] {
            if !is_kept(digest) {
                self.0.store.artefacts().remove(digest).await?;
            }
        }
        Ok(())
    }
}

/// What was turned down or taken back was never there for anybody; the others have to be yanked first.
fn check_removable(version: &PluginVersion) -> Result<()> {
    let name = name_of(version);
    match version.submission.as_ref().map(|submission| submission.state) {
        Some(State::Rejected | State::Withdrawn) => Ok(()),
        Some(State::InReview) => {
            Err(Error::conflict(format!("{name} is in review: reject or withdraw it before it is removed")))
        }
        _ if version.standing.yanked.is_some() => Ok(()),
        _ => {
            let message = format!("{name} is not yanked: yank it first, so that nobody chooses it meanwhile");
            Err(Error::conflict(message))
        }
    }
}
