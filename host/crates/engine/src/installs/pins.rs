//! Who is pinned to a version: tenants by their installs and by their integrations. It is read
//! from the records themselves, so it can not be out of date.

use std::collections::BTreeMap;

use gatehouse_domain::Result;
use gatehouse_domain::canary::State;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::{Agreed, Consent, Install};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::plugin::{PluginRef, PluginVersion};
use gatehouse_domain::tenant::{Tenant, TenantStatus};
use gatehouse_store::records::IntegrationByProvider;
use gatehouse_store::{Cursor, Page, Stored};

use crate::Engine;

/// How many records are read at once.
const BATCH: usize = 200;

impl Engine {
    /// The tenants that are pinned to a version, at most `most` of them.
    pub(crate) async fn tenants_pinning(&self, version: &PluginVersion, most: usize) -> Result<Vec<TenantId>> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (tenants, next) = self.some_tenants(after).await?;
            for tenant in tenants {
                if self.is_pinned(tenant, version).await? {
                    found.push(tenant);
                }
                if found.len() >= most {
                    return Ok(found);
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// The next tenants that are not deleted.
    pub(crate) async fn some_tenants(&self, after: Option<Cursor>) -> Result<(Vec<TenantId>, Option<Cursor>)> {
        let page = Page { after, limit: BATCH, reverse: false };
        let part = self.0.store.admin().list::<Tenant>(&page).await?;
        let there = part.items.iter().filter(|tenant| tenant.status != TenantStatus::Deleted);
        Ok((there.map(|tenant| tenant.id).collect(), part.next))
    }

    /// Whether a tenant is pinned to a version. Nobody has integrations without an install.
    pub(super) async fn is_pinned(&self, tenant: TenantId, version: &PluginVersion) -> Result<bool> {
        let plugin = &version.plugin;
        let Some(install) = self.0.store.tenant(tenant).get::<Install>(&plugin.id).await? else { return Ok(false) };
        if install.plugin == *plugin || self.is_tried(tenant, plugin).await? {
            return Ok(true);
        }
        let all = self.integrations_of(tenant, &version.manifest.provider, &plugin.id).await?;
        Ok(all.iter().any(|integration| integration.plugin == *plugin))
    }

    /// Whether a canary sends a part of a tenant's calls to a version.
    async fn is_tried(&self, tenant: TenantId, plugin: &PluginRef) -> Result<bool> {
        let canary = self.stored_canary(tenant, &plugin.id).await?;
        Ok(canary.is_some_and(|canary| canary.state == State::Running && canary.to == *plugin))
    }

    /// A tenant's integrations of a plugin.
    pub(crate) async fn integrations_of(
        &self,
        tenant: TenantId,
        provider: &str,
        plugin: &str,
    ) -> Result<Vec<Stored<Integration>>> {
        let scope = self.0.store.tenant(tenant);
        let (mut found, mut page) = (Vec::new(), Page::first(BATCH));
        loop {
            let prefix = IntegrationByProvider::prefix_of(provider);
            let part = scope.list_under::<IntegrationByProvider>(&prefix, &page).await?;
            for entry in &part.items {
                let integration = scope.get::<Integration>(&entry.integration).await?;
                found.extend(integration.filter(|integration| integration.plugin.id == plugin));
            }
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

/// The versions beside `pin` that are in use, each with what was agreed to for it.
pub(super) fn others<'c>(
    pin: &PluginRef,
    used: impl Iterator<Item = PluginRef>,
    agreed: impl Fn(&PluginRef) -> &'c Consent,
) -> Vec<Agreed> {
    let beside = used.filter(|plugin| plugin != pin);
    let by_version: BTreeMap<_, _> = beside.map(|plugin| (plugin.version.clone(), plugin)).collect();
    by_version
        .into_values()
        .map(|plugin| {
            let consent = agreed(&plugin).clone();
            Agreed { plugin, consent }
        })
        .collect()
}
