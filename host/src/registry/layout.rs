//! How a plugin lies in a registry, so that other tools of the wasm ecosystem can read it: the
//! layout of the CNCF's "Wasm OCI Artifact" guidance, which `wkg` writes too.

use std::collections::BTreeMap;

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::inspect::identity::{Identity, Interfaces, component_digest};
use oci_client::Reference;
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde::Serialize;
use serde_json::json;

/// The config's media type.
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The component's.
const COMPONENT: &str = "application/wasm";

/// A built component, ready to be pushed.
pub(crate) struct Artefact {
    /// Its bytes.
    pub(crate) component: Vec<u8>,
    /// Its signature file, as `gatehouse plugin sign` wrote it.
    pub(crate) signature: Option<String>,
    identity: Identity,
    interfaces: Interfaces,
    created: String,
}

impl Artefact {
    /// Looks at a component; no code of it runs.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for what is no plugin.
    pub(crate) fn new(component: Vec<u8>, signature: Option<String>) -> Result<Self> {
        let (identity, interfaces) = (Identity::of(&component)?, Interfaces::of(&component)?);
        Ok(Self { component, signature, identity, interfaces, created: Timestamp::now().to_string() })
    }

    /// `shop 1.2.0`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.identity.manifest.id, self.identity.manifest.version)
    }

    /// The version as a tag, which can not hold the `+` of build metadata.
    pub(super) fn tag(&self) -> String {
        self.identity.manifest.version.to_string().replace('+', "_")
    }

    /// The config.
    pub(super) fn config(&self) -> Result<Vec<u8>> {
        json(&json!({
            "created": self.created,
            "author": self.identity.manifest.publisher,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [self.digest()],
            "component": { "exports": self.interfaces.exports, "imports": self.interfaces.imports },
        }))
    }

    /// The manifest.
    pub(super) fn manifest(&self) -> Result<OciImageManifest> {
        Ok(OciImageManifest {
            media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
            config: describe(CONFIG, &self.config()?)?,
            layers: vec![describe(COMPONENT, &self.component)?],
            annotations: Some(self.annotations()),
            ..Default::default()
        })
    }

    /// The names that the OCI image specification defines for all artefacts.
    fn annotations(&self) -> BTreeMap<String, String> {
        let manifest = &self.identity.manifest;
        let known = [
            ("created", &self.created),
            ("title", &manifest.name),
            ("description", &manifest.description),
            ("licenses", &manifest.license),
            ("vendor", &manifest.publisher),
            ("version", &manifest.version.to_string()),
        ];
        known.into_iter().map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.clone())).collect()
    }

    fn digest(&self) -> String {
        digest(&self.component)
    }
}

/// Whether a manifest is that of this component.
pub(super) fn holds(manifest: &OciImageManifest, artefact: &Artefact) -> bool {
    matches!(manifest.layers.as_slice(), [layer] if layer.digest == artefact.digest())
}

/// The one layer that is a component.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`], saying what lies there instead.
pub(super) fn component_of<'a>(manifest: &'a OciImageManifest, at: &Reference) -> Result<&'a OciDescriptor> {
    match manifest.layers.as_slice() {
        [layer] if layer.media_type == COMPONENT => Ok(layer),
        layers => {
            let kinds: Vec<&str> = layers.iter().map(|layer| layer.media_type.as_str()).collect();
            Err(Error::invalid(format!(
                "`{at}` is no plugin, which is one layer of {COMPONENT}: it has [{}]",
                kinds.join(", ")
            )))
        }
    }
}

/// What refers to some bytes.
pub(super) fn describe(kind: &str, bytes: &[u8]) -> Result<OciDescriptor> {
    let (digest, size) = (digest(bytes), size(bytes.len())?);
    Ok(OciDescriptor { media_type: kind.to_owned(), digest, size, ..Default::default() })
}

/// A document's bytes.
pub(super) fn json(document: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(document).map_err(|error| Error::internal("the document has no JSON form").caused_by(error))
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", component_digest(bytes))
}

/// A size as the documents write it.
pub(super) fn size(bytes: usize) -> Result<i64> {
    i64::try_from(bytes).map_err(|_| Error::internal("the document is too large"))
}
