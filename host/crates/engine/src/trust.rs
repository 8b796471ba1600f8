//! Whether a plugin is trusted: its signature, who stands behind that, and the bytes on the disk.
//! It is asked when a plugin is uploaded, when the server starts and before code is loaded; what
//! can not be proven is refused, each with its own reason.

use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::trust::{Attached, Document, Publisher, SignatureState, Statement};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::inspect::identity::{Identity, component_digest, manifest_digest};

use crate::Engine;
use crate::catalog::Upload;
use crate::work::Work;

pub mod ed25519;

/// How far a signer's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// Which plugins are taken, by their signatures.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Whether only signed ones are.
    pub signed_only: bool,
    /// The publishers whose signatures count; those of every known one where it is empty.
    pub publishers: Vec<String>,
    /// Whether a version waits for somebody with the permission `plugins:approve`.
    pub reviewed_only: bool,
}

impl Engine {
    /// What is to be said of a version's signature.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn signature_of(&self, version: &PluginVersion) -> Result<SignatureState> {
        let Some(attached) = &version.signature else { return Ok(SignatureState::Unsigned) };
        match self.vouch(&attached.document, Some(attached.accepted_at)).await {
            Ok(document) => Ok(match is_about(&document.statement, version) {
                Ok(()) => signed(document),
                Err(error) => SignatureState::Refused { reason: error.message },
            }),
            Err(error) if error.kind == ErrorKind::Forbidden => Ok(SignatureState::Refused { reason: error.message }),
            Err(error) => Err(error),
        }
    }

    /// Looks at the signature of what is to be published, and at nothing else of it first.
    pub(crate) async fn accept_signature(&self, upload: &Upload) -> Result<Option<Attached>> {
        let Some(document) = &upload.signature else {
            if !self.0.policy.trust.signed_only {
                return Ok(None);
            }
            return Err(refused(
                "this deployment takes signed plugins only (`plugins.policy = \"signed\"`), and the upload has no \
                 signature: make one with `gatehouse plugin sign` and send it along",
            ));
        };
        let statement = self.vouch(document, None).await?.statement;
        let bytes = upload.component.clone();
        let named = self.publisher(&statement.publisher).await?;
        let looked = tokio::task::spawn_blocking(move || fits(&statement, &named, &bytes)).await;
        looked.map_err(|error| Error::internal("the look at the signature was cut off").caused_by(error))??;
        Ok(Some(Attached { document: document.clone(), accepted_at: self.now() }))
    }

    /// Gives a version that was published before the signature that its bytes come with now.
    pub(crate) async fn attach(
        &self,
        mut work: Work,
        known: PluginVersion,
        signature: Option<Attached>,
    ) -> Result<PluginVersion> {
        let same = |known: &Attached, new: &Attached| known.document == new.document;
        let Some(new) = signature else { return Ok(known) };
        if known.signature.as_ref().is_some_and(|known| same(known, &new)) {
            return Ok(known);
        }
        let stored = self.any_version(&known.plugin.id, &known.plugin.version).await?;
        let next = PluginVersion { signature: Some(new), ..stored.record.clone() };
        work.admin().replace(&stored, &next)?;
        let target = format!("{}@{}", known.plugin.id, known.plugin.version);
        work.audit("plugin.signed", target, stored.signature.as_ref(), next.signature.as_ref())?;
        work.commit_now().await?;
        self.0.loaded.look_again(&next.plugin.digest);
        Ok(next)
    }

    /// Refuses a version that may not run, however it came here.
    pub(crate) async fn check_trusted(&self, version: &PluginVersion) -> Result<()> {
        let of_version = |error: Error| error.with("plugin", name_of(&version.plugin));
        self.check_own_signature(version).await.map_err(of_version)?;
        for digest in [version.uploaded_digest(), version.plugin.digest.as_str()] {
            self.0.store.artefacts().get(digest).await.map_err(of_version)?;
        }
        self.check_helpers(version).await
    }

    /// The helpers that were linked into a version run with it, so each is looked at as it is.
    pub(crate) async fn check_helpers(&self, version: &PluginVersion) -> Result<()> {
        for helper in version.composition.iter().flat_map(|composition| &composition.with) {
            let stored = self.stored_version(&helper.id, &helper.version).await?;
            if stored.plugin.digest != helper.digest {
                let (name, helper) = (name_of(&version.plugin), name_of(helper));
                return Err(refused(format!(
                    "{name} was linked with other bytes than {helper} has now; publish it anew"
                )));
            }
            self.check_own_signature(&stored).await.map_err(|error| error.with("helper", name_of(helper)))?;
        }
        Ok(())
    }

    /// Looks at every version as the server starts, and says which will not run.
    pub(crate) async fn look_at_all(&self) -> Result<()> {
        for version in self.all_versions(&[]).await? {
            let PluginRef { id, version: number, .. } = &version.plugin;
            if let Err(error) = self.check_trusted(&version).await {
                tracing::error!(plugin.id = id, plugin.version = %number, %error, "this plugin version will not run");
            } else if version.signature.is_none() {
                tracing::info!(plugin.id = id, plugin.version = %number, "this plugin version is unsigned");
            }
        }
        Ok(())
    }

    async fn check_own_signature(&self, version: &PluginVersion) -> Result<()> {
        match &version.signature {
            Some(attached) => {
                let document = self.vouch(&attached.document, Some(attached.accepted_at)).await?;
                is_about(&document.statement, version)
            }
            None if self.0.policy.trust.signed_only => {
                let name = name_of(&version.plugin);
                Err(refused(format!(
                    "{name} has no signature, and this deployment runs signed plugins only: upload it again with one"
                )))
            }
            None => Ok(()),
        }
    }

    /// Reads a signature and checks who stands behind it.
    async fn vouch(&self, text: &str, accepted_at: Option<Timestamp>) -> Result<Document<Statement>> {
        let document = Document::<Statement>::read(text).map_err(|error| {
            let said = error.message.clone();
            refused(said).caused_by(error)
        })?;
        let statement = &document.statement;
        let publisher = self.trusted_publisher(&statement.publisher).await?;
        check_key(&publisher, &document.key, statement.signed_at, accepted_at)?;
        ed25519::verify(&publisher, &document)?;
        if statement.signed_at > self.now().saturating_add(AHEAD).unwrap_or(Timestamp::MAX) {
            let message =
                format!("the plugin was signed at {}, which is to come: set the clock right", statement.signed_at);
            return Err(refused(message));
        }
        Ok(document)
    }

    async fn trusted_publisher(&self, id: &str) -> Result<Publisher> {
        let known = self.publisher(id).await.map_err(|error| match error.kind {
            ErrorKind::NotFound => refused(format!(
                "the plugin is signed by `{id}`, whom this deployment does not know: enter the publisher and its key first"
            )),
            _ => error,
        })?;
        let allowed = &self.0.policy.trust.publishers;
        if allowed.is_empty() || allowed.iter().any(|allowed| allowed == id) {
            return Ok(known);
        }
        let listed = allowed.join(", ");
        Err(refused(format!("the publisher `{id}` is none of those that `plugins.publishers` allows: {listed}")))
    }
}

/// That there is such a key, and that it counts for what was signed then.
pub(crate) fn check_key(
    publisher: &Publisher,
    key: &str,
    signed_at: Timestamp,
    accepted_at: Option<Timestamp>,
) -> Result<()> {
    let id = &publisher.id;
    let Some(known) = publisher.key(key) else {
        return Err(refused(format!("the publisher `{id}` has no key {key}: the signature was made with another one")));
    };
    match &known.revoked {
        Some(revoked) if !revoked.spares(signed_at, accepted_at) => {
            let (since, reason) = (revoked.since, &revoked.reason);
            Err(refused(format!("the key {key} of `{id}` was revoked as of {since}: {reason}; sign with another key")))
        }
        _ => Ok(()),
    }
}

/// That a statement is about these very bytes.
fn fits(statement: &Statement, publisher: &Publisher, bytes: &[u8]) -> Result<()> {
    if component_digest(bytes) != statement.component {
        let manifest = manifest_digest(bytes).is_some_and(|found| found != statement.manifest);
        let what = if manifest { "its manifest is" } else { "its bytes are" };
        return Err(refused(format!(
            "the component was changed after it was signed: {what} not what the signature is for"
        )));
    }
    let found = Identity::of(bytes)?;
    let wrong = |what: &str, said: &str, is: &str| {
        Err(refused(format!("the signature says that the {what} is `{said}`, and it is `{is}`: sign it again")))
    };
    let (id, version) = (&found.manifest.id, found.manifest.version.to_string());
    if *id != statement.plugin {
        return wrong("plugin", &statement.plugin, id);
    }
    if version != statement.version.to_string() {
        return wrong("version", &statement.version.to_string(), &version);
    }
    if found.manifest_digest != statement.manifest {
        return wrong("manifest's digest", &statement.manifest, &found.manifest_digest);
    }
    if found.contracts != statement.contracts {
        return wrong("list of contracts", &statement.contracts.join(", "), &found.contracts.join(", "));
    }
    if !publisher.is_called(&found.manifest.publisher) {
        let (said, id, name) = (&found.manifest.publisher, &publisher.id, &publisher.name);
        return Err(refused(format!(
            "the manifest names `{said}` as its publisher, and it is signed by `{id}` ({name}): one of the two is wrong"
        )));
    }
    Ok(())
}

/// That a statement is about a version that was published.
fn is_about(statement: &Statement, version: &PluginVersion) -> Result<()> {
    let plugin = &version.plugin;
    let same = statement.plugin == plugin.id
        && statement.version == plugin.version
        && statement.component == version.uploaded_digest();
    if same {
        Ok(())
    } else {
        Err(refused(format!("the signature kept with {} is for something else", name_of(plugin))))
    }
}

fn signed(document: Document<Statement>) -> SignatureState {
    let Statement { publisher, signed_at, .. } = document.statement;
    SignatureState::Signed { publisher, key: document.key, signed_at }
}

fn name_of(plugin: &PluginRef) -> String {
    format!("{}@{}", plugin.id, plugin.version)
}

/// Something that is not to be trusted.
pub(crate) fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Forbidden, message)
}
