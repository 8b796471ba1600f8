//! Putting a version together from its component and the helpers that it needs.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_domain::plugin::{Composition, PluginVersion};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::{Inspection, Linked, compose};

use super::dependencies::{self, Published};
use crate::Engine;

impl Engine {
    /// The version as it will be kept, and its component where that is another than was uploaded.
    pub(super) async fn put_together(
        &self,
        found: Inspection,
        wasm: &[u8],
    ) -> Result<(PluginVersion, Option<Vec<u8>>)> {
        if found.manifest.dependencies.is_empty() {
            return Ok((self.version_from(found), None));
        }
        let published = self.published_for(&found).await?;
        let helpers = dependencies::choose(&found.manifest, &published)?;
        let with = helpers.iter().map(|helper| helper.plugin.clone()).collect();
        let composition = Some(Composition { uploaded: found.digest.clone(), with });
        if found.manifest.helper {
            // Helpers are linked into gateways one by one, so that each is there only once. That
            // it can be linked at all shows here already.
            self.link_helpers(wasm, &helpers).await?;
            return Ok((PluginVersion { composition, ..self.version_from(found) }, None));
        }
        let composed = self.link_helpers(wasm, &helpers).await?;
        let whole = self.inspect(&composed).await?;
        Ok((PluginVersion { composition, ..self.version_from(whole) }, Some(composed)))
    }

    async fn link_helpers(&self, wasm: &[u8], helpers: &[&PluginVersion]) -> Result<Vec<u8>> {
        let mut parts = Vec::with_capacity(helpers.len());
        for helper in helpers {
            parts.push((helper.plugin.clone(), self.0.store.artefacts().get(&helper.plugin.digest).await?));
        }
        let root = wasm.to_vec();
        let linking = tokio::task::spawn_blocking(move || {
            let linked: Vec<Linked<'_>> =
                parts.iter().map(|(plugin, component)| Linked { plugin, component }).collect();
            compose(&root, &linked)
        });
        linking.await.map_err(|error| Error::internal("the composition was cut off").caused_by(error))?
    }

    /// Every version of every plugin that can come into question.
    async fn published_for(&self, found: &Inspection) -> Result<Published> {
        let mut published: Published = BTreeMap::new();
        let mut open: BTreeSet<String> = found.manifest.dependencies.keys().cloned().collect();
        while let Some(id) = open.pop_first() {
            let versions = self.versions_of(&id).await?;
            let needed = versions.iter().flat_map(|version| version.manifest.dependencies.keys());
            open.extend(needed.filter(|next| **next != id && !published.contains_key(*next)).cloned());
            published.insert(id, versions);
        }
        Ok(published)
    }
}
