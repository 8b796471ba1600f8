//! What there is to choose from: every plugin with what a tenant wants to know before it enables
//! one, searched, filtered and counted by category.

use std::collections::{BTreeMap, HashMap};

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::Install;
use gatehouse_domain::market::{Listing, RatingTotal};
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_store::{Cursor, Page, Paged};
use semver::Version;

use crate::catalog::{Listed, listed};
use crate::{Caller, Engine};

/// Which plugins are looked for. What is absent leaves nothing out.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Words that all have to stand in what is said of it.
    pub words: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Its publisher.
    pub publisher: Option<String>,
    /// Whether the tenant has it.
    pub installed: Option<bool>,
    /// Whether the tenant has it and there is a higher version.
    pub outdated: Option<bool>,
}

/// A plugin as the marketplace shows it.
#[derive(Debug, Clone)]
pub struct Available {
    /// Its versions.
    pub listed: Listed,
    /// What the operator says of it.
    pub listing: Listing,
    /// What the marketplace knows of it.
    pub known: Known,
    /// What the caller's tenant has of it.
    pub own: Option<Own>,
}

/// What the marketplace knows of a plugin.
#[derive(Debug, Clone)]
pub struct Known {
    /// What tenants think of it.
    pub rating: RatingTotal,
    /// At least so many tenants have it enabled.
    pub installs: u64,
}

/// What a tenant has of a plugin.
#[derive(Debug, Clone)]
pub struct Own {
    /// The version that new integrations get.
    pub version: Version,
    /// Whether it may be called now.
    pub enabled: bool,
    /// The version that a newcomer would get, where it is a higher one.
    pub newer: Option<Version>,
}

impl Engine {
    /// A page of the plugins that the caller can choose from, by id. Helpers, and what is withdrawn
    /// and not its own, are for operators to see.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn available(&self, by: &Caller, search: &Search, page: &Page) -> Result<Paged<Available>> {
        let own = self.own_installs(by).await?;
        let mut found = Vec::new();
        for (listing, versions, own) in self.on_offer(by, own).await? {
            let beyond = page.after.as_ref().is_none_or(|after| after.is_before(&listing.plugin));
            let Some(listed) = listed(versions).filter(|listed| search.fits(&listing, listed, own.as_ref())) else {
                continue;
            };
            if beyond {
                found.push((listing, listed, own));
            }
        }
        let limit = page.limit.max(1);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(listing, ..)| Cursor::at(&listing.plugin));
        let mut items = Vec::with_capacity(found.len());
        for (listing, listed, own) in found {
            let known = self.known_of(&listing.plugin).await?;
            items.push(Available { listed, listing, known, own });
        }
        Ok(Paged { items, next })
    }

    /// The categories of the plugins that the caller can choose from, each with how many there are.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn categories(&self, by: &Caller) -> Result<BTreeMap<String, u64>> {
        let own = self.own_installs(by).await?;
        let mut counted = BTreeMap::new();
        for (listing, versions, _) in self.on_offer(by, own).await? {
            if let Some(listed) = listed(versions) {
                *counted.entry(category(&listing, &listed).to_owned()).or_default() += 1;
            }
        }
        Ok(counted)
    }

    /// What the marketplace knows of a plugin.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn known_of(&self, id: &str) -> Result<Known> {
        let installs = self.uses().await?.get(id).copied().unwrap_or_default();
        Ok(Known { rating: self.rating_of(id).await?, installs })
    }

    /// Everything that the caller may see, by id.
    async fn on_offer(
        &self,
        by: &Caller,
        mut own: HashMap<String, Install>,
    ) -> Result<Vec<(Listing, Vec<PluginVersion>, Option<Own>)>> {
        let mut by_id: BTreeMap<String, Vec<PluginVersion>> = BTreeMap::new();
        for version in self.all_versions(&[]).await? {
            by_id.entry(version.plugin.id.clone()).or_default().push(version.record);
        }
        let mut listings = self.all_listings().await?;
        let tenant = by.tenant_if_any();
        let mut found = Vec::with_capacity(by_id.len());
        for (id, versions) in by_id {
            let listing = listings.remove(&id).unwrap_or_else(|| Listing::unsaid(&id));
            let own = own.remove(&id).zip(tenant).map(|(install, tenant)| self.own_of(tenant, &install, &versions));
            let helper = versions.iter().all(|version| version.manifest.helper);
            let is_offered = listing.withdrawn.is_none() || own.is_some();
            if tenant.is_none() || (is_offered && !helper) {
                found.push((listing, versions, own));
            }
        }
        Ok(found)
    }

    fn own_of(&self, tenant: TenantId, install: &Install, versions: &[PluginVersion]) -> Own {
        let newer = self.newer_for(tenant, &install.plugin, versions);
        Own { version: install.plugin.version.clone(), enabled: install.enabled, newer }
    }

    async fn own_installs(&self, by: &Caller) -> Result<HashMap<String, Install>> {
        if by.tenant_if_any().is_none() {
            return Ok(HashMap::new());
        }
        let installs = self.installs(by).await?;
        Ok(installs.into_iter().map(|install| (install.plugin.id.clone(), install)).collect())
    }

    async fn all_listings(&self) -> Result<HashMap<String, Listing>> {
        let (mut all, mut page) = (HashMap::new(), Page::first(500));
        loop {
            let part = self.0.store.admin().list::<Listing>(&page).await?;
            all.extend(part.items.into_iter().map(|listing| (listing.plugin.clone(), listing)));
            match part.next {
                Some(next) => page.after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

impl Search {
    fn fits(&self, listing: &Listing, listed: &Listed, own: Option<&Own>) -> bool {
        let manifest = &listed.newest.manifest;
        let outdated = own.is_some_and(|own| own.newer.is_some());
        self.category.as_ref().is_none_or(|wanted| wanted == category(listing, listed))
            && self.publisher.as_ref().is_none_or(|wanted| *wanted == manifest.publisher)
            && self.installed.is_none_or(|wanted| wanted == own.is_some())
            && self.outdated.is_none_or(|wanted| wanted == outdated)
            && self.words.as_ref().is_none_or(|words| has_words(words, listing, listed))
    }
}

/// The category that is shown.
fn category<'l>(listing: &'l Listing, listed: &'l Listed) -> &'l str {
    listing.said.category.as_deref().unwrap_or(&listed.newest.manifest.category)
}

fn has_words(words: &str, listing: &Listing, listed: &Listed) -> bool {
    let manifest = &listed.newest.manifest;
    let codes = listed.newest.capabilities.iter().map(|capability| capability.code.as_str());
    let said = [&listing.said.name, &listing.said.description].into_iter().flatten().map(String::as_str);
    let own = [&manifest.id, &manifest.name, &manifest.description, &manifest.provider, &manifest.publisher];
    let texts: Vec<String> = said
        .chain(own.map(String::as_str))
        .chain([category(listing, listed)])
        .chain(codes)
        .map(str::to_lowercase)
        .collect();
    words.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
}
