//! Plugin versions of the deployment, and a tenant's installs of them.

use gatehouse_domain::install::{Install, Upgrade};
use gatehouse_domain::plugin::PluginVersion;
use semver::Version;

use crate::record::{GlobalRecord, Kind, Record, RecordId, TenantRecord};

/// What the ids of all versions of a plugin begin with, for `list_under`. Versions follow
/// as text, so they do not sort by precedence.
pub fn plugin_prefix(plugin: &str) -> Vec<u8> {
    // No plugin id has a zero byte, so no id is the beginning of another.
    [plugin.as_bytes(), &[0]].concat()
}

/// A plugin's id and a version of it.
impl RecordId for (String, Version) {
    fn key_bytes(&self) -> Vec<u8> {
        [plugin_prefix(&self.0), self.1.to_string().into_bytes()].concat()
    }
}

impl Record for PluginVersion {
    const KIND: Kind = Kind::PluginVersion;
    const SCHEMA: u8 = 1;
    type Id = (String, Version);
    fn id(&self) -> Self::Id {
        (self.plugin.id.clone(), self.plugin.version.clone())
    }
}
impl GlobalRecord for PluginVersion {}

impl Record for Install {
    const KIND: Kind = Kind::Install;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.plugin.id.clone()
    }
}
impl TenantRecord for Install {}

/// One for each plugin of a tenant: the next upgrade takes its place.
impl Record for Upgrade {
    const KIND: Kind = Kind::Upgrade;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.to.id.clone()
    }
}
impl TenantRecord for Upgrade {}
