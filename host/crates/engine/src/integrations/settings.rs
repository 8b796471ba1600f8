//! An integration's settings: its own with the schema that a form is made from, and those in force,
//! for which the install's configuration and the schema's defaults are taken in.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::{Result, settings};
use serde_json::{Map, Value};

use super::IntegrationChange;
use crate::tag::IfMatch;
use crate::{Caller, Engine, schema};

/// Settings with the rules they follow.
pub struct Settings {
    /// The integration they are part of.
    pub integration: Integration,
    /// What its calls have: its own over those of the install over the schema's defaults.
    pub in_force: Map<String, Value>,
    /// The JSON Schema that the plugin has for them.
    pub schema: Value,
}

impl Engine {
    /// An integration's settings.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn settings(&self, by: &Caller, target: &str) -> Result<Settings> {
        let integration = self.integration(by, target).await?.record;
        self.told_settings(by, integration).await
    }

    /// Puts settings in the place of what there were.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub async fn put_settings(
        &self,
        by: &Caller,
        target: &str,
        settings: Map<String, Value>,
        expected: &IfMatch,
    ) -> Result<Settings> {
        let change = IntegrationChange { settings: Some(settings), ..IntegrationChange::default() };
        let integration = self.update_integration(by, target, change, expected).await?;
        self.told_settings(by, integration).await
    }

    async fn told_settings(&self, by: &Caller, integration: Integration) -> Result<Settings> {
        let schema = self.plugin_of(&integration).await?.manifest.settings;
        let install = self.install(by.tenant()?, &integration.plugin.id).await?;
        let in_force = settings::in_force(&schema, &install.config, &integration.settings);
        Ok(Settings { integration, in_force, schema })
    }

    /// The settings that calls of an integration have.
    pub(crate) async fn settings_in_force(
        &self,
        tenant: TenantId,
        integration: &Integration,
    ) -> Result<Map<String, Value>> {
        let install = self.install(tenant, &integration.plugin.id).await?;
        let plugin = self.plugin(&integration.plugin).await?;
        Ok(settings::in_force(&plugin.manifest().settings, &install.config, &integration.settings))
    }

    /// Checks an integration's own settings together with what its install says: what one of them
    /// lacks the other may have.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub(crate) fn check_in_force(
        &self,
        manifest: &Manifest,
        config: &Map<String, Value>,
        own: &Map<String, Value>,
    ) -> Result<()> {
        let all = settings::in_force(&manifest.settings, config, own);
        schema::check_settings(&manifest.settings, &all)?;
        self.0.broker.check_settings(manifest, &all)
    }
}
