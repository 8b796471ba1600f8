//! Taking in a component: looked at in every way before anything is stored, then published, or
//! submitted where somebody has to approve it first.

use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::plugin::submission::{Move, State};
use gatehouse_domain::{Error, Result};

use super::submissions::Arrival;
use super::{Upload, name_of};
use crate::compatibility::check_version;
use crate::work::Work;
use crate::{Caller, Engine};

impl Engine {
    /// Publishes a built component: inspected, linked with the helpers it needs, checked against
    /// the versions there are, stored, compiled, and ready to be enabled. Where the deployment has
    /// versions reviewed, one from a caller without the permission `plugins:approve` is submitted: it
    /// goes through all of that, and is there for no tenant. Uploading the same bytes again changes
    /// nothing, but submits what was withdrawn.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Forbidden`] for a signature that is not good or not trusted, or none where one is
    /// asked for; [`gatehouse_domain::ErrorKind::Invalid`] with the exact reason for a component that is not one, imports what
    /// is not lent, is too big, has a manifest that lies, or a version number that does;
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the version exists with other bytes, is in review with other bytes
    /// or was rejected with these, or where its helpers are missing or exclude each other.
    pub async fn upload_plugin(&self, by: &Caller, upload: Upload) -> Result<PluginVersion> {
        self.take_in(self.work(by), upload, self.arrival(by)).await
    }

    /// Takes in a component that the operator put into a folder, as [`Engine::upload_plugin`] does.
    /// Who can put it there needs nobody to approve it.
    ///
    /// # Errors
    /// As [`Engine::upload_plugin`].
    pub async fn take_plugin_from_folder(&self, upload: Upload) -> Result<PluginVersion> {
        self.take_in(self.own_work(None), upload, Arrival::Published).await
    }

    async fn take_in(&self, mut work: Work, upload: Upload, arrival: Arrival) -> Result<PluginVersion> {
        // First, so that of what nobody stands for nothing is even read where that is asked for.
        let signature = self.accept_signature(&upload).await?;
        let wasm = upload.component;
        let found = self.inspect(&wasm).await?;
        // Two that are neighbours must not be checked without each other.
        let publishing = self.0.publishing.lock().await;
        let known = self.found_version(&found.manifest.id, &found.manifest.version).await?;
        if let Some(known) = &known
            && is_settled(known, &found.digest)?
        {
            return self.attach(work, known.record.clone(), signature).await;
        }
        let published = self.versions_of(&found.manifest.id).await?;
        let (version, composed) = self.put_together(found, &wasm).await?;
        let version = PluginVersion { signature, ..version };
        self.check_helpers(&version).await?;
        check_version(&published, &version)?;
        let submission = self.submission_of(&published, &version, arrival).await?;
        let version = PluginVersion { shown: self.keep_shown(&wasm).await?, submission, ..version };
        for bytes in std::iter::once(wasm).chain(composed) {
            self.0.store.artefacts().put(bytes).await?;
        }
        if !version.manifest.helper {
            // Compiled, tried out and in the compile cache; it is held in memory once it is used.
            self.load_code(&version.plugin).await?;
        }
        match &known {
            Some(known) => work.admin().replace(known, &version)?,
            None => work.admin().create(&version)?,
        }
        let before = known.as_ref().map(|known| &known.plugin);
        work.audit(arrival.action(), name_of(&version), before, Some(&version.plugin))?;
        work.commit_now().await?;
        if let Some(gone) = known {
            self.clear_code(&gone, Some(&version)).await?;
            drop(publishing);
            self.clear_shown(&gone).await?;
        }
        Ok(version)
    }
}

/// Whether these bytes are published or in review already, and nothing is to be done.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Conflict`] where they can not take the place of what there is.
fn is_settled(known: &PluginVersion, digest: &str) -> Result<bool> {
    let same = known.uploaded_digest() == digest;
    match &known.submission {
        Some(submission) if submission.state == State::InReview && same => Ok(true),
        Some(submission) if submission.state != State::Approved => {
            let step = if same { Move::Submit } else { Move::Replace };
            submission.after(&name_of(known), step).map(|_| false)
        }
        _ if same => Ok(true),
        _ => {
            let (name, digest) = (name_of(known), known.uploaded_digest());
            Err(Error::conflict(format!(
                "plugin {name} exists with other bytes (sha256 {digest}); give the new build a new version"
            )))
        }
    }
}
