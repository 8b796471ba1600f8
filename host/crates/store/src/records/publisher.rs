//! Publishers of plugins and their keys, and the plugin versions that are held back.

use gatehouse_domain::quarantine::VersionQuarantine;
use gatehouse_domain::trust::Publisher;
use semver::Version;

use crate::record::{GlobalRecord, Kind, Record};

impl Record for Publisher {
    const KIND: Kind = Kind::Publisher;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.id.clone()
    }
}
impl GlobalRecord for Publisher {}

/// One for each version that is held back; it goes when an operator releases it.
impl Record for VersionQuarantine {
    const KIND: Kind = Kind::VersionQuarantine;
    const SCHEMA: u8 = 1;
    type Id = (String, Version);
    fn id(&self) -> Self::Id {
        (self.plugin.id.clone(), self.plugin.version.clone())
    }
}
impl GlobalRecord for VersionQuarantine {}
