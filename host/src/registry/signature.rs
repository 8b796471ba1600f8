//! A component's signature as an artefact that refers to its manifest (OCI Distribution 1.1,
//! "Listing Referrers"), so that it can be added later and beside others'. Registries that do not
//! know referrers keep an index under a tag that is made of the digest.

use gatehouse_domain::{Error, Result};
use oci_client::manifest::{
    ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageIndex, OciImageManifest,
};

use super::errors::refused;
use super::layout::{describe, json};
use super::{Lies, Registry};

/// The media type of a signature, and the type of the artefact that carries it.
const SIGNATURE: &str = "application/vnd.gatehouse.signature.v1";
/// What a config is that says nothing (OCI image specification, "Guidance for an Empty Descriptor").
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// No signature file is larger.
const MAX_BYTES: usize = 64 << 10;

impl Registry {
    /// Lets a signature refer to a component's manifest.
    pub(super) async fn put_signature(&self, subject: &OciDescriptor, text: &str) -> Result<()> {
        let manifest = manifest(subject, text.as_bytes())?;
        self.put_blob(b"{}".to_vec(), &manifest.config).await?;
        for layer in &manifest.layers {
            self.put_blob(text.as_bytes().to_vec(), layer).await?;
        }
        let own = describe(OCI_IMAGE_MEDIA_TYPE, &json(&manifest)?)?;
        self.put_manifest(&self.place.by_digest(&own.digest), &manifest, OCI_IMAGE_MEDIA_TYPE).await?;
        let known = self.referrers(&subject.digest).await?;
        if known.manifests.iter().any(|entry| entry.digest == own.digest) {
            return Ok(());
        }
        self.put_index(&subject.digest, own).await
    }

    /// The newest signature that refers to a manifest.
    pub(super) async fn signature_of(&self, digest: &str) -> Result<Option<String>> {
        let known = self.referrers(digest).await?;
        let Some(newest) = known.manifests.into_iter().rfind(is_signature) else { return Ok(None) };
        let found = self.manifest(&self.place.by_digest(&newest.digest)).await?;
        let layer = found.manifest.layers.iter().find(|layer| layer.media_type == SIGNATURE);
        let layer = layer.ok_or_else(|| Error::invalid(format!("the signature {} is empty", newest.digest)))?;
        let text = String::from_utf8(self.blob(layer, MAX_BYTES).await?);
        text.map(Some).map_err(|_| Error::invalid(format!("the signature {} is no text", newest.digest)))
    }

    async fn referrers(&self, digest: &str) -> Result<OciImageIndex> {
        let subject = self.place.by_digest(digest);
        self.client.pull_referrers(&subject, None).await.map_err(|error| refused(&subject, error))
    }

    /// What a registry that knows no referrers is told itself ("Referrers Tag Schema").
    async fn put_index(&self, digest: &str, own: OciDescriptor) -> Result<()> {
        let tag = self.place.by_tag(&digest.replace(':', "-"));
        let mut index = match self.look(&tag).await? {
            Some(Lies::Index(index)) => index,
            Some(Lies::Manifest(_)) => {
                return Err(Error::conflict(format!("`{tag}` is taken by what is no index of referrers")));
            }
            None => empty(),
        };
        index.manifests.push(entry(own));
        self.put_manifest(&tag, &index, OCI_IMAGE_INDEX_MEDIA_TYPE).await.map(|_| ())
    }
}

fn is_signature(entry: &ImageIndexEntry) -> bool {
    entry.artifact_type.as_deref() == Some(SIGNATURE)
}

fn manifest(subject: &OciDescriptor, text: &[u8]) -> Result<OciImageManifest> {
    Ok(OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: describe(EMPTY, b"{}")?,
        layers: vec![describe(SIGNATURE, text)?],
        subject: Some(subject.clone()),
        artifact_type: Some(SIGNATURE.to_owned()),
        ..Default::default()
    })
}

fn empty() -> OciImageIndex {
    OciImageIndex {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
        manifests: Vec::new(),
        artifact_type: None,
        annotations: None,
    }
}

fn entry(own: OciDescriptor) -> ImageIndexEntry {
    ImageIndexEntry {
        media_type: own.media_type,
        digest: own.digest,
        size: own.size,
        platform: None,
        annotations: None,
        artifact_type: Some(SIGNATURE.to_owned()),
    }
}
