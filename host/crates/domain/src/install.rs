//! Installs: a tenant's enabling of a plugin, with what it consented to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{IntegrationId, KeyId};
use crate::plugin::PluginRef;
use crate::sheet::PermissionSheet;
use crate::time::Timestamp;

/// A tenant's enabling of a plugin.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Install {
    /// The exact version that new integrations get.
    pub plugin: PluginRef,
    /// Whether it may be called now.
    pub enabled: bool,
    /// What the tenant agreed to for that version.
    pub consent: Consent,
    /// Other versions that integrations of the tenant are pinned to, with what was agreed to.
    #[serde(default)]
    pub others: Vec<Agreed>,
    /// Settings that every integration of the plugin has unless it says otherwise itself. They are
    /// shown by themselves, with the schema that they follow.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(skip)]
    pub config: Map<String, Value>,
    /// When it was enabled first.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
}

/// A version beside the one of the install, and what was agreed to for it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Agreed {
    /// The version.
    pub plugin: PluginRef,
    /// What was agreed to.
    pub consent: Consent,
}

/// What a tenant agreed to, who did, and when.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Consent {
    /// The sheet as it was shown.
    pub sheet: PermissionSheet,
    /// The key that agreed.
    pub by: KeyId,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// The last upgrade of an install: what a rollback undoes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Upgrade {
    /// The install as it was before.
    pub before: Install,
    /// The version that was gone to.
    pub to: PluginRef,
    /// The integrations that moved.
    pub moved: Vec<Moved>,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// An integration that an upgrade moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MovedIntegration")]
pub struct Moved {
    /// The integration.
    pub integration: IntegrationId,
    /// The version that it came from.
    pub from: PluginRef,
}

impl Install {
    /// What the tenant agreed to for a version. For one that it never agreed to by itself, what
    /// it agreed to for the install's own: a call gets no more than the manifest and this both
    /// allow.
    pub fn consent_for(&self, plugin: &PluginRef) -> &Consent {
        if self.plugin == *plugin {
            return &self.consent;
        }
        let known = self.others.iter().find(|known| known.plugin == *plugin);
        known.map_or(&self.consent, |known| &known.consent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::time::EPOCH;

    fn plugin(version: &str) -> PluginRef {
        PluginRef { id: "acme".to_owned(), version: version.parse().unwrap(), digest: version.to_owned() }
    }

    fn consent(write: &str) -> Consent {
        let sheet = PermissionSheet {
            requests: Vec::new(),
            secrets: Vec::new(),
            writes: vec![write.to_owned()],
            reads: Vec::new(),
            events: Vec::new(),
            oauth: None,
            webhook_trust: None,
            webhook_hosts: Vec::new(),
            registers_webhooks: false,
            storage: Vec::new(),
            limits: None,
            imports: Vec::new(),
        };
        Consent { sheet, by: Id::new(1, [1; 10]), at: EPOCH }
    }

    #[test]
    fn each_version_stands_under_its_own_consent() {
        let others = vec![Agreed { plugin: plugin("1.1.0"), consent: consent("B") }];
        let (own, at) = (consent("A"), EPOCH);
        let install = Install {
            plugin: plugin("1.0.0"),
            enabled: true,
            consent: own,
            others,
            config: Map::new(),
            created_at: at,
        };
        let agreed = |version: &str| install.consent_for(&plugin(version)).sheet.writes.clone();
        assert_eq!((agreed("1.0.0"), agreed("1.1.0")), (vec!["A".to_owned()], vec!["B".to_owned()]));
        assert_eq!(agreed("2.0.0"), ["A"], "one that was never agreed to gets no more than the install's");
        let other_bytes = PluginRef { digest: "exchanged".to_owned(), ..plugin("1.1.0") };
        assert_eq!(install.consent_for(&other_bytes).sheet.writes, ["A"]);

        let mut json = serde_json::to_value(&install).unwrap();
        json.as_object_mut().unwrap().remove("others").unwrap();
        let read: Install = serde_json::from_value(json).unwrap();
        assert!(read.others.is_empty(), "a record from before there were others is read");
    }
}
