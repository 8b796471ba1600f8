//! Plugins in OCI registries, laid out as the wasm ecosystem does it: one manifest, a config that
//! says what the component imports and exports, one layer with its bytes. The signature of the
//! component refers to that manifest. Nothing here decides whom to trust: digests are checked,
//! signatures are carried.

mod errors;
mod layout;
mod login;
mod place;
mod signature;

use futures_util::TryStreamExt as _;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::inspect::MAX_COMPONENT_BYTES;
use gatehouse_runtime::inspect::identity::component_digest;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{
    OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageIndex, OciImageManifest, OciManifest,
};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use serde::Serialize;

use errors::{absent, refused};
pub(crate) use layout::Artefact;
pub(crate) use login::Login;
pub(crate) use place::Place;

/// What a push did.
#[derive(Debug, Serialize)]
pub(crate) struct Pushed {
    /// The digest of the manifest, by which the plugin can be pulled whatever its tag becomes.
    pub(crate) digest: String,
    /// Whether the component lay there before.
    pub(crate) existed: bool,
    /// Whether a signature refers to it now.
    pub(crate) signed: bool,
}

/// What a pull brought.
pub(crate) struct Pulled {
    /// The digest of the manifest.
    pub(crate) digest: String,
    /// The component.
    pub(crate) component: Vec<u8>,
    /// The signature that refers to it, unchecked.
    pub(crate) signature: Option<String>,
}

/// What lies at a place.
enum Lies {
    Manifest(Box<Found>),
    Index(OciImageIndex),
}

/// A manifest as the registry keeps it.
struct Found {
    manifest: OciImageManifest,
    digest: String,
    /// The size of the very bytes, which others may have written than we do.
    size: usize,
}

impl Found {
    fn descriptor(self) -> Result<OciDescriptor> {
        let size = layout::size(self.size)?;
        Ok(OciDescriptor {
            media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
            digest: self.digest,
            size,
            ..Default::default()
        })
    }
}

/// A repository of a registry.
pub(crate) struct Registry {
    client: Client,
    auth: RegistryAuth,
    place: Place,
}

impl Registry {
    /// Prepares to talk to the registry of a place; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where a login was asked for that can not be read.
    pub(crate) fn new(place: Place, login: &Login) -> Result<Self> {
        crate::tls::choose_provider();
        let registry = place.registry().to_owned();
        let auth = login.to(&registry)?;
        let protocol = match place.is_loopback() {
            true => ClientProtocol::HttpsExcept(vec![registry]),
            false => ClientProtocol::Https,
        };
        let patience = Some(std::time::Duration::from_secs(60));
        let config = ClientConfig { protocol, connect_timeout: patience, read_timeout: patience, ..Default::default() };
        Ok(Self { client: Client::new(config), auth, place })
    }

    /// Puts a plugin there, with its signature. A tag that names another component stays as it is,
    /// unless it is to be moved.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a tag that is taken, and what the registry says.
    pub(crate) async fn push(&self, artefact: &Artefact, moving: bool) -> Result<Pushed> {
        let tag = self.place.tag_or(&artefact.tag());
        self.sign_in(&tag, RegistryOperation::Push).await?;
        let (descriptor, existed) = match self.look(&tag).await? {
            Some(Lies::Manifest(found)) if layout::holds(&found.manifest, artefact) => (found.descriptor()?, true),
            // A tag is a name that others may have pinned: what it means does not change by accident.
            Some(_) if !moving => return Err(taken(&tag)),
            _ => (self.put_component(&tag, artefact).await?, false),
        };
        let signed = match &artefact.signature {
            Some(text) => self.put_signature(&descriptor, text).await.map(|()| true)?,
            None => false,
        };
        Ok(Pushed { digest: descriptor.digest, existed, signed })
    }

    /// Brings a plugin. Its bytes are those that the digests name, and it is a plugin.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::Invalid`] for what is no plugin or is not what its
    /// digest says, and what the registry says.
    pub(crate) async fn pull(&self) -> Result<Pulled> {
        let place = self.place.reference()?;
        self.sign_in(&place, RegistryOperation::Pull).await?;
        let found = self.manifest(&place).await?;
        let layer = layout::component_of(&found.manifest, &place)?;
        let component = self.blob(layer, MAX_COMPONENT_BYTES).await?;
        let signature = self.signature_of(&found.digest).await?;
        Ok(Pulled { digest: found.digest, component, signature })
    }

    async fn sign_in(&self, at: &Reference, to: RegistryOperation) -> Result<()> {
        self.client.auth(at, &self.auth, to).await.map(|_| ()).map_err(|error| refused(at, error))
    }

    /// The manifest that a place names, which has to be there.
    async fn manifest(&self, at: &Reference) -> Result<Box<Found>> {
        let missing = || refused(at, OciDistributionError::ImageManifestNotFoundError(at.whole()));
        match self.look(at).await?.ok_or_else(missing)? {
            Lies::Manifest(found) => Ok(found),
            Lies::Index(_) => Err(Error::invalid(format!(
                "`{at}` is an index of several artefacts and no plugin; name one by its digest"
            ))),
        }
    }

    /// What lies at a place, if anything does.
    async fn look(&self, at: &Reference) -> Result<Option<Lies>> {
        let kinds = [OCI_IMAGE_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE];
        let (body, digest) = match self.client.pull_manifest_raw(at, &self.auth, &kinds).await {
            Ok(found) => found,
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(refused(at, error)),
        };
        let unreadable = |error| Error::invalid(format!("what lies at `{at}` is no manifest")).caused_by(error);
        match serde_json::from_slice(&body).map_err(unreadable)? {
            OciManifest::Image(manifest) => {
                Ok(Some(Lies::Manifest(Box::new(Found { manifest, digest, size: body.len() }))))
            }
            OciManifest::ImageIndex(index) => Ok(Some(Lies::Index(index))),
        }
    }

    async fn put_component(&self, tag: &Reference, artefact: &Artefact) -> Result<OciDescriptor> {
        let (config, manifest) = (artefact.config()?, artefact.manifest()?);
        self.put_blob(config, &manifest.config).await?;
        for layer in &manifest.layers {
            self.put_blob(artefact.component.clone(), layer).await?;
        }
        self.put_manifest(tag, &manifest, OCI_IMAGE_MEDIA_TYPE).await
    }

    async fn put_blob(&self, bytes: Vec<u8>, as_what: &OciDescriptor) -> Result<()> {
        let at = self.place.any();
        let exists = self.client.blob_exists(&at, &as_what.digest).await.map_err(|error| refused(&at, error))?;
        if !exists {
            self.client.push_blob(&at, bytes, &as_what.digest).await.map_err(|error| refused(&at, error))?;
        }
        Ok(())
    }

    async fn put_manifest(&self, at: &Reference, manifest: &impl Serialize, kind: &str) -> Result<OciDescriptor> {
        let body = layout::json(manifest)?;
        let descriptor = layout::describe(kind, &body)?;
        let kind = kind.parse().map_err(|error| Error::internal("no media type").caused_by(error))?;
        self.client.push_manifest_raw(at, body, kind).await.map_err(|error| refused(at, error))?;
        Ok(descriptor)
    }

    /// Never more than `most` bytes, whatever the registry sends, and only those of the digest.
    async fn blob(&self, layer: &OciDescriptor, most: usize) -> Result<Vec<u8>> {
        let at = self.place.any();
        let too_large = || {
            let message = format!("the artefact at `{at}` is larger than {most} bytes, the most that is taken");
            Error::new(ErrorKind::TooLarge, message)
        };
        if usize::try_from(layer.size).map_or(true, |size| size > most) {
            return Err(too_large());
        }
        let stream = self.client.pull_blob_stream(&at, layer).await.map_err(|error| refused(&at, error))?;
        let mut stream = stream.stream;
        let mut bytes = Vec::new();
        let cut = |error: std::io::Error| refused(&at, OciDistributionError::IoError(error));
        while let Some(chunk) = stream.try_next().await.map_err(cut)? {
            if bytes.len().saturating_add(chunk.len()) > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        let found = format!("sha256:{}", component_digest(&bytes));
        if found == layer.digest {
            return Ok(bytes);
        }
        let said = &layer.digest;
        Err(Error::invalid(format!("`{at}` gave bytes of the digest {found} for {said}; nothing of them is kept")))
    }
}

fn taken(tag: &Reference) -> Error {
    Error::conflict(format!(
        "`{tag}` names another artefact already; raise the plugin's version, or move the tag with --force"
    ))
}
