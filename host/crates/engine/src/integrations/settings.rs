//! An integration's settings by themselves, with the schema that a form is made from.

use gatehouse_domain::Result;
use gatehouse_domain::integration::Integration;
use serde_json::{Map, Value};

use super::IntegrationChange;
use crate::tag::IfMatch;
use crate::{Caller, Engine};

/// Settings with the rules they follow.
pub struct Settings {
    /// The integration they are part of.
    pub integration: Integration,
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
        let schema = self.plugin_of(&integration).await?.manifest.settings;
        Ok(Settings { integration, schema })
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
        let schema = self.plugin_of(&integration).await?.manifest.settings;
        Ok(Settings { integration, schema })
    }
}
