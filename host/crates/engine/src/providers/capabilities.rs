//! What an operator says of capabilities, beside what the components say.

use std::collections::BTreeMap;

use gatehouse_domain::capability::Capability;
use gatehouse_domain::provider::{CapabilityOverride, check_capability};
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::{OverrideId, overrides_of};
use gatehouse_store::{Page, Stored};
use serde_json::{Value, json};

use super::narrowed;
use crate::tag::IfMatch;
use crate::{Caller, Engine};

/// A capability of a provider as tenants meet it.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The provider's code.
    pub provider: String,
    /// The capability's code.
    pub code: String,
    /// What it does.
    pub description: String,
    /// The JSON Schema of its parameters, with what an operator asks beside the component.
    pub parameters_schema: Value,
    /// The JSON Schema of its result; absent where no plugin serves it.
    pub result_schema: Option<Value>,
    /// Whether it may be called.
    pub enabled: bool,
    /// The plugins that serve it.
    pub plugins: Vec<String>,
    /// What an operator says of it.
    pub says: Option<CapabilityOverride>,
}

/// What to say of a capability; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct CapabilityChange {
    /// A description in the place of the component's.
    pub description: Option<String>,
    /// A JSON Schema that parameters must fit beside the component's own.
    pub parameters_schema: Option<Value>,
    /// Whether it may be called.
    pub enabled: Option<bool>,
}

impl Engine {
    /// A provider's capabilities, by code: those that plugins serve, and those that are declared.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] for an unknown provider.
    pub async fn offered(&self, provider: &str) -> Result<Vec<Offered>> {
        self.provider(provider).await?;
        let mut found: BTreeMap<String, Offered> = BTreeMap::new();
        for listed in self.plugins().await?.into_iter().filter(|listed| listed.newest.manifest.provider == provider) {
            for capability in listed.newest.capabilities {
                let code = capability.code.clone();
                let offered = found.entry(code).or_insert_with(|| of_component(provider, capability));
                offered.plugins.push(listed.newest.plugin.id.clone());
            }
        }
        for says in self.overrides(provider).await? {
            let code = says.capability.clone();
            let offered = found.remove(&code).unwrap_or_else(|| declared_only(provider, &code));
            found.insert(code, with_override(offered, says));
        }
        Ok(found.into_values().collect())
    }

    /// One capability of a provider.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn offered_one(&self, provider: &str, code: &str) -> Result<Offered> {
        let found = self.offered(provider).await?.into_iter().find(|offered| offered.code == code);
        found.ok_or_else(|| Error::not_found("capability", code))
    }

    /// Declares a capability, or says something of one that a plugin serves.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where something is said of it already, and
    /// [`gatehouse_domain::ErrorKind::Invalid`] for a schema that is none.
    pub async fn create_capability(
        &self,
        by: &Caller,
        provider: &str,
        code: &str,
        says: CapabilityChange,
    ) -> Result<Offered> {
        self.provider(provider).await?;
        check_capability("$.capability", code)?;
        if self.override_of(provider, code).await?.is_some() {
            let message = format!("the capability `{code}` of `{provider}` is declared already; PUT changes it");
            return Err(Error::conflict(message));
        }
        self.keep_capability(by, "capability.created", None, provider, code, says).await
    }

    /// Changes what is said of a capability.
    ///
    /// # Errors
    /// As [`Engine::create_capability`], [`gatehouse_domain::ErrorKind::NotFound`] and
    /// [`gatehouse_domain::ErrorKind::Stale`].
    pub async fn update_capability(
        &self,
        by: &Caller,
        provider: &str,
        code: &str,
        change: CapabilityChange,
        expected: &IfMatch,
    ) -> Result<Offered> {
        let offered = self.offered_one(provider, code).await?;
        expected.check(&offered.says)?;
        let known = self.override_of(provider, code).await?;
        self.keep_capability(by, "capability.updated", known, provider, code, change).await
    }

    /// Takes back what was said of a capability. One that a plugin serves is then as the
    /// component says; to keep it from being called, switch it off instead.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where nothing is said of it.
    pub async fn delete_capability(&self, by: &Caller, provider: &str, code: &str, expected: &IfMatch) -> Result<()> {
        let Some(known) = self.override_of(provider, code).await? else {
            return Err(Error::not_found("declared capability", code));
        };
        expected.check(&Some(&known.record))?;
        let mut work = self.work(by);
        work.admin().remove(&known)?;
        work.audit("capability.deleted", format!("{provider}/{code}"), Some(&known.record), None)?;
        work.commit().await
    }

    /// What an integration can do, as its operator lets it: nothing that is switched off.
    pub(crate) async fn as_offered(&self, provider: &str, capabilities: &[Capability]) -> Result<Vec<Capability>> {
        let said: BTreeMap<_, _> =
            self.overrides(provider).await?.into_iter().map(|says| (says.capability.clone(), says)).collect();
        let shown = capabilities.iter().filter_map(|capability| match said.get(&capability.code) {
            Some(says) if !says.enabled => None,
            Some(says) => Some(Capability {
                description: says.description.clone().unwrap_or_else(|| capability.description.clone()),
                parameters_schema: both(&capability.parameters_schema, says.parameters_schema.as_ref()),
                ..capability.clone()
            }),
            None => Some(capability.clone()),
        });
        Ok(shown.collect())
    }

    pub(super) async fn override_of(&self, provider: &str, code: &str) -> Result<Option<Stored<CapabilityOverride>>> {
        let id = OverrideId(provider.to_owned(), code.to_owned());
        self.0.store.admin().get::<CapabilityOverride>(&id).await
    }

    async fn overrides(&self, provider: &str) -> Result<Vec<CapabilityOverride>> {
        let page = Page::first(1_000);
        Ok(self.0.store.admin().list_under::<CapabilityOverride>(&overrides_of(provider), &page).await?.items)
    }

    async fn keep_capability(
        &self,
        by: &Caller,
        action: &'static str,
        known: Option<Stored<CapabilityOverride>>,
        provider: &str,
        code: &str,
        change: CapabilityChange,
    ) -> Result<Offered> {
        let now = self.now();
        let old = known.as_ref().map(|known| known.record.clone());
        let says = CapabilityOverride {
            provider: provider.to_owned(),
            capability: code.to_owned(),
            description: change.description.or_else(|| old.as_ref()?.description.clone()),
            parameters_schema: change.parameters_schema.or_else(|| old.as_ref()?.parameters_schema.clone()),
            enabled: change.enabled.unwrap_or_else(|| old.as_ref().is_none_or(|old| old.enabled)),
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        narrowed::check_schema(says.parameters_schema.as_ref())?;
        let offered = match self.offered_one(provider, code).await {
            Ok(offered) => offered,
            Err(_) => declared_only(provider, code),
        };
        let mut work = self.work(by);
        match &known {
            Some(known) => work.admin().replace(known, &says)?,
            None => work.admin().create(&says)?,
        }
        work.audit(action, format!("{provider}/{code}"), old.as_ref(), Some(&says))?;
        work.commit().await?;
        let bare = self.bare(offered).await?;
        Ok(with_override(bare, says))
    }

    /// The capability as the component has it, whatever was said of it before.
    async fn bare(&self, offered: Offered) -> Result<Offered> {
        let plugins = self.plugins().await?;
        let served = plugins.into_iter().find(|listed| offered.plugins.contains(&listed.newest.plugin.id));
        let component =
            served.and_then(|listed| listed.newest.capabilities.into_iter().find(|one| one.code == offered.code));
        Ok(match component {
            Some(capability) => Offered { plugins: offered.plugins, ..of_component(&offered.provider, capability) },
            None => declared_only(&offered.provider, &offered.code),
        })
    }
}

fn of_component(provider: &str, capability: Capability) -> Offered {
    Offered {
        provider: provider.to_owned(),
        code: capability.code,
        description: capability.description,
        parameters_schema: capability.parameters_schema,
        result_schema: Some(capability.result_schema),
        enabled: true,
        plugins: Vec::new(),
        says: None,
    }
}

fn declared_only(provider: &str, code: &str) -> Offered {
    Offered {
        provider: provider.to_owned(),
        code: code.to_owned(),
        description: String::new(),
        parameters_schema: json!({}),
        result_schema: None,
        enabled: true,
        plugins: Vec::new(),
        says: None,
    }
}

fn with_override(offered: Offered, says: CapabilityOverride) -> Offered {
    Offered {
        description: says.description.clone().unwrap_or(offered.description),
        parameters_schema: both(&offered.parameters_schema, says.parameters_schema.as_ref()),
        enabled: says.enabled,
        says: Some(says),
        ..offered
    }
}

/// Parameters have to fit both schemas, so the result is never wider than the component's.
fn both(component: &Value, asked: Option<&Value>) -> Value {
    match asked {
        None => component.clone(),
        Some(asked) if component.as_object().is_some_and(serde_json::Map::is_empty) => asked.clone(),
        Some(asked) => json!({ "allOf": [component, asked] }),
    }
}
