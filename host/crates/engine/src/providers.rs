//! Providers: those that operators declare and those that plugins serve, as one list.
//!
//! A provider can be declared before any plugin serves it. Deleting one is soft: integrations of
//! it go on, and nobody can make a new one.

use std::collections::BTreeMap;

use gatehouse_domain::provider::{Provider, ProviderStatus, check_code};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::{Page, Stored};

use crate::tag::IfMatch;
use crate::{Caller, Engine, name};

mod capabilities;
mod narrowed;

pub use capabilities::{CapabilityChange, Offered};
pub(crate) use narrowed::Narrowed;

/// A provider with the plugins that serve it.
#[derive(Debug, Clone)]
pub struct Served {
    /// What is said of it: by an operator, or by its plugin where no operator says anything.
    pub provider: Provider,
    /// The ids of the plugins that serve it.
    pub plugins: Vec<String>,
    /// The codes of the capabilities that it can be called for.
    pub capabilities: Vec<String>,
}

/// A provider to declare.
#[derive(Debug, Clone)]
pub struct NewProvider {
    /// Its code.
    pub code: String,
    /// What is said of it.
    pub says: ProviderChange,
}

/// What to say of a provider; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ProviderChange {
    /// A name for people.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where its logo is: an `https` URL.
    pub logo_url: Option<String>,
    /// The marketplace category.
    pub category: Option<String>,
    /// How far it can be relied on.
    pub status: Option<ProviderStatus>,
}

impl Engine {
    /// Every provider that is not deleted, by code.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn providers(&self) -> Result<Vec<Served>> {
        let mut found = self.served_by_plugins().await?;
        let mut page = Page::first(200);
        loop {
            let declared = self.0.store.admin().list::<Provider>(&page).await?;
            for provider in declared.items {
                let known = found.remove(&provider.code);
                if provider.deleted_at.is_none() {
                    found.insert(provider.code.clone(), merged(provider, known));
                }
            }
            match declared.next {
                Some(next) => page.after = Some(next),
                None => return Ok(found.into_values().collect()),
            }
        }
    }

    /// One provider, also a deleted one.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn provider(&self, code: &str) -> Result<Served> {
        let known = self.served_by_plugins().await?.remove(code);
        match (self.declared(code).await?, known) {
            (Some(declared), known) => Ok(merged(declared.record, known)),
            (None, Some(known)) => Ok(known),
            (None, None) => Err(Error::not_found("provider", code)),
        }
    }

    /// Declares a provider; one that was deleted comes back.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where it is declared, and
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub async fn create_provider(&self, by: &Caller, new: NewProvider) -> Result<Served> {
        check_code("$.code", &new.code)?;
        let known = self.declared(&new.code).await?;
        if known.as_ref().is_some_and(|known| known.deleted_at.is_none()) {
            return Err(Error::conflict(format!("the provider `{}` is declared already; PUT changes it", new.code)));
        }
        let served = self.served_by_plugins().await?.remove(&new.code);
        let now = self.now();
        let first = served.as_ref().map_or_else(|| blank(&new.code), |served| served.provider.clone());
        let first = Provider { created_at: now, updated_at: now, deleted_at: None, ..first };
        let provider = self.changed_provider(&first, new.says)?;
        self.keep_provider(by, "provider.created", known.as_ref(), &provider).await?;
        Ok(merged(provider, served))
    }

    /// Changes what is said of a provider, also of one that only a plugin has told of so far.
    ///
    /// # Errors
    /// As [`Engine::create_provider`], and [`gatehouse_domain::ErrorKind::Stale`].
    pub async fn update_provider(
        &self,
        by: &Caller,
        code: &str,
        change: ProviderChange,
        expected: &IfMatch,
    ) -> Result<Served> {
        let served = self.provider(code).await?;
        expected.check(&served.provider)?;
        let known = self.declared(code).await?;
        let provider = self.changed_provider(&served.provider, change)?;
        self.keep_provider(by, "provider.updated", known.as_ref(), &provider).await?;
        Ok(Served { provider, ..served })
    }

    /// Deletes a provider softly: its integrations go on.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also where it is deleted already.
    pub async fn delete_provider(&self, by: &Caller, code: &str, expected: &IfMatch) -> Result<()> {
        let served = self.provider(code).await?;
        if served.provider.deleted_at.is_some() {
            return Err(Error::not_found("provider", code));
        }
        expected.check(&served.provider)?;
        let known = self.declared(code).await?;
        let now = self.now();
        let provider = Provider { deleted_at: Some(now), updated_at: now, ..served.provider };
        self.keep_provider(by, "provider.deleted", known.as_ref(), &provider).await
    }

    /// Refuses a new integration of a deleted provider.
    pub(crate) async fn must_be_offered(&self, code: &str) -> Result<()> {
        match self.declared(code).await? {
            Some(provider) if provider.deleted_at.is_some() => {
                let message = format!("the provider `{code}` is no longer offered");
                Err(Error::conflict(message).at("$.provider", "is no longer offered"))
            }
            _ => Ok(()),
        }
    }

    async fn declared(&self, code: &str) -> Result<Option<Stored<Provider>>> {
        self.0.store.admin().get::<Provider>(&code.to_owned()).await
    }

    async fn keep_provider(
        &self,
        by: &Caller,
        action: &'static str,
        known: Option<&Stored<Provider>>,
        provider: &Provider,
    ) -> Result<()> {
        let mut work = self.work(by);
        match known {
            Some(known) => work.admin().replace(known, provider)?,
            None => work.admin().create(provider)?,
        }
        work.audit(action, &provider.code, known.map(|known| &known.record), Some(provider))?;
        work.commit().await
    }

    fn changed_provider(&self, old: &Provider, change: ProviderChange) -> Result<Provider> {
        let display_name = change.display_name.unwrap_or_else(|| old.display_name.clone());
        name::check("provider", &display_name)?;
        let logo_url = change.logo_url.or_else(|| old.logo_url.clone());
        check_logo(logo_url.as_deref())?;
        Ok(Provider {
            display_name: display_name.trim().to_owned(),
            description: change.description.unwrap_or_else(|| old.description.clone()),
            logo_url,
            category: change.category.unwrap_or_else(|| old.category.clone()),
            status: change.status.unwrap_or(old.status),
            updated_at: self.now(),
            ..old.clone()
        })
    }

    async fn served_by_plugins(&self) -> Result<BTreeMap<String, Served>> {
        let mut found: BTreeMap<String, Served> = BTreeMap::new();
        for listed in self.plugins().await?.into_iter().filter(|listed| !listed.newest.manifest.helper) {
            let newest = listed.newest;
            let provider = Provider {
                display_name: newest.manifest.name,
                description: newest.manifest.description,
                category: newest.manifest.category,
                created_at: newest.uploaded_at,
                updated_at: newest.uploaded_at,
                ..blank(&newest.manifest.provider)
            };
            let served = found.entry(newest.manifest.provider).or_insert_with(|| Served {
                provider,
                plugins: Vec::new(),
                capabilities: Vec::new(),
            });
            served.plugins.push(newest.plugin.id);
            served.capabilities.extend(newest.capabilities.into_iter().map(|capability| capability.code));
            served.capabilities.sort();
            served.capabilities.dedup();
        }
        Ok(found)
    }
}

fn merged(provider: Provider, known: Option<Served>) -> Served {
    let (plugins, capabilities) = known.map(|known| (known.plugins, known.capabilities)).unwrap_or_default();
    Served { provider, plugins, capabilities }
}

fn blank(code: &str) -> Provider {
    Provider {
        code: code.to_owned(),
        display_name: code.to_owned(),
        description: String::new(),
        logo_url: None,
        category: "other".to_owned(),
        status: ProviderStatus::Active,
        created_at: gatehouse_domain::time::EPOCH,
        updated_at: gatehouse_domain::time::EPOCH,
        deleted_at: None,
    }
}

/// A logo is shown to people, so it comes over https or not at all.
fn check_logo(url: Option<&str>) -> Result<()> {
    let fits =
        |url: &str| url.starts_with("https://") && url.len() <= 2_048 && url.bytes().all(|b| b.is_ascii_graphic());
    match url {
        Some(url) if !fits(url) => {
            let problem = Problem::at("$.logo_url", "must be an https URL of at most 2,048 characters");
            Err(Error::problems("the provider does not fit", vec![problem]))
        }
        _ => Ok(()),
    }
}
