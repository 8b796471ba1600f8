//! Integrations of the deployment's own sandbox provider: a tenant that brings no credential for
//! one gets the plugin's examples, and an address of its own at the sandbox. Nothing here speaks
//! to a provider that exists.

use std::collections::BTreeMap;

use gatehouse_broker::Secret;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::{Environment, Integration};
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Inspection;
use serde_json::{Map, Value};

use crate::integrations::NewIntegration;
use crate::schema::BASE_URL;
use crate::{Credentials, Engine};

/// What stands for an access token: the sandbox asks for none in particular.
const TOKEN: &str = "sandbox-access-token";

/// What the sandbox provider of an integration is made from.
pub struct Sandboxed {
    /// The manifest of the version that it is pinned to.
    pub manifest: Manifest,
    /// The fixtures of that version; `null` where it has none.
    pub fixtures: Value,
    /// Where its webhooks go: the whole address as the provider knows it, and its path.
    pub webhook: Option<(String, String)>,
}

/// What a plugin's fixtures assume of an integration.
struct Assumed {
    settings: Map<String, Value>,
    facts: BTreeMap<String, String>,
}

/// What the sandbox makes of an integration.
pub(crate) struct Lent {
    origin: String,
    facts: BTreeMap<String, String>,
}

impl Lent {
    /// Lets a new integration act at the sandbox, under an address of its own.
    pub(crate) fn place(self, tenant: TenantId, integration: &mut Integration) {
        let address = format!("{}/{tenant}/{}", self.origin, integration.id);
        integration.settings.insert(BASE_URL.to_owned(), Value::String(address));
        integration.facts = self.facts;
        integration.connected_at = Some(integration.created_at);
    }
}

impl Engine {
    /// What the sandbox has to play for an integration that was made for it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also where the integration is not one of the sandbox's.
    pub async fn sandboxed(&self, tenant: TenantId, id: IntegrationId) -> Result<Sandboxed> {
        let stored = self.0.store.tenant(tenant).get::<Integration>(&id).await?;
        let unknown = || Error::not_found("integration of the sandbox", id);
        let integration = stored.filter(|stored| self.is_lent(stored)).ok_or_else(unknown)?;
        let version = self.plugin_of(&integration.record).await?;
        let fixtures = self.fixtures_of(&version).await?;
        let webhook = integration.endpoint.map(|endpoint| {
            let url = self.webhook_url(endpoint);
            (url, format!("/api/v1/webhooks/{endpoint}"))
        });
        Ok(Sandboxed { manifest: version.manifest, fixtures, webhook })
    }

    /// Whether an integration that is to be made will act at the sandbox: it brings neither a credential nor a place
    /// of its own.
    pub(crate) fn lends_to(&self, new: &NewIntegration) -> bool {
        let own = new.credentials.names().next().is_some() || new.settings.contains_key(BASE_URL);
        self.0.policy.sandbox.is_some() && new.environment == Environment::Sandbox && !own
    }

    /// Gives an integration that will act at the sandbox what its plugin's examples are.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the plugin has no examples or no fixtures.
    pub(crate) async fn lend(&self, version: &PluginVersion, new: &mut NewIntegration) -> Result<Option<Lent>> {
        let Some(origin) = self.0.policy.sandbox.clone().filter(|_| self.lends_to(new)) else { return Ok(None) };
        let Assumed { settings, facts } = assumed(&version.manifest, &self.fixtures_of(version).await?)?;
        for (name, value) in settings {
            new.settings.entry(name).or_insert(value);
        }
        new.credentials = Credentials::from_pairs(sample_credentials(&version.manifest)?);
        Ok(Some(Lent { origin, facts }))
    }

    /// Whether an integration acts at the sandbox.
    pub(crate) fn is_lent(&self, integration: &Integration) -> bool {
        let base = integration.settings.get(BASE_URL).and_then(Value::as_str).unwrap_or_default();
        let own = |origin: &String| base.strip_prefix(origin.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.0.policy.sandbox.as_ref().is_some_and(own)
    }

    /// A token for an integration of the sandbox, where no person has to agree to anything.
    pub(crate) async fn lent_token(
        &self,
        tenant: TenantId,
        integration: &Integration,
    ) -> Result<Option<crate::oauth::Access>> {
        if !self.is_lent(integration) {
            return Ok(None);
        }
        self.unstored_access(tenant, integration.id, &Secret::from(TOKEN.to_owned())).await.map(Some)
    }

    async fn fixtures_of(&self, version: &PluginVersion) -> Result<Value> {
        let component = self.0.store.artefacts().get(&version.plugin.digest).await?;
        Ok(Inspection::of(&component)?.fixtures.unwrap_or(Value::Null))
    }
}

/// A credential from the examples of a manifest.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] where a field that is required has none.
pub fn sample_credentials(manifest: &Manifest) -> Result<BTreeMap<String, String>> {
    let samples = manifest.credential_examples();
    let required = manifest.credentials.get("required").and_then(Value::as_array).into_iter().flatten();
    match required.filter_map(Value::as_str).find(|name| !samples.contains_key(*name)) {
        Some(name) => Err(Error::invalid("the sandbox can not make a credential")
            .at(format!("$.credentials.{name}"), "has no example in the plugin's schema; give credentials")),
        None => Ok(samples),
    }
}

/// Whether no request can be judged without a setting: a host or a path has its name as a placeholder.
fn is_part_of_an_address(manifest: &Manifest, name: &str) -> bool {
    let placeholder = format!("{{{name}}}");
    let egress = &manifest.egress;
    let rules = egress.allow.iter().flat_map(|rule| rule.paths.iter().chain([&rule.host]));
    let bases = [Some(&egress.base_url), egress.sandbox_base_url.as_ref()].into_iter().flatten();
    rules.chain(bases).any(|text| text.contains(&placeholder))
}

/// The settings and facts of the fixture that tests the connection, or else of most others.
fn assumed(manifest: &Manifest, fixtures: &Value) -> Result<Assumed> {
    let functions = fixtures.as_object().filter(|functions| !functions.is_empty());
    let functions = functions.ok_or_else(|| {
        Error::invalid(format!("the plugin `{}` has no fixtures, so that the sandbox can not play it", manifest.id))
            .at("$.credentials", "are missing")
    })?;
    let settings = |case: &Value| case.pointer("/context/settings").and_then(Value::as_object).cloned();
    let of = |function: &str| functions.get(function).and_then(|cases| cases.get("example")).and_then(settings);
    let all = of("test").or_else(|| functions.keys().find_map(|function| of(function))).unwrap_or_default();
    let known = manifest.settings.get("properties").and_then(Value::as_object);
    let mut all = all;
    all.remove(BASE_URL);
    for (name, field) in known.into_iter().flatten().filter(|(name, _)| is_part_of_an_address(manifest, name)) {
        if let (false, Some(example)) = (all.contains_key(name), field.pointer("/examples/0")) {
            all.insert(name.clone(), example.clone());
        }
    }
    let (settings, facts): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(name, _)| known.is_some_and(|known| known.contains_key(name)));
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect();
    Ok(Assumed { settings: settings.into_iter().collect(), facts })
}
