//! Compatibility: what changes for those who use one version of a plugin when they get another,
//! computed from what the two can do and what their manifests say. Pure; it believes no version
//! number, and reads no record.

use gatehouse_domain::plugin::PluginVersion;
use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

mod capabilities;
mod honest;
mod manifests;
mod schemas;

pub use gatehouse_domain::compatibility::{Class, Difference};
pub use honest::check_version;

/// What changes from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Compatibility {
    /// The version that is compared with.
    #[schemars(with = "String")]
    pub from: Version,
    /// The version that is looked at.
    #[schemars(with = "String")]
    pub to: Version,
    /// How far the furthest change goes.
    pub class: Class,
    /// Every change, the furthest first.
    pub differences: Vec<Difference>,
}

/// The changes that are found, while they are being looked for.
#[derive(Default)]
pub(crate) struct Changes(Vec<Difference>);

impl Changes {
    fn add(&mut self, class: Class, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Difference { class, path: path.into(), message: message.into() });
    }

    fn breaking(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Class::Breaking, path, message);
    }

    fn additive(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Class::Additive, path, message);
    }
}

/// What changes for those who go from `old` to `new`.
pub fn compare(old: &PluginVersion, new: &PluginVersion) -> Compatibility {
    let mut changes = Changes::default();
    capabilities::compare(&old.capabilities, &new.capabilities, &mut changes);
    manifests::compare(&old.manifest, &new.manifest, &mut changes);
    manifests::compare_exports(old, new, &mut changes);
    let mut differences = changes.0;
    // Stable: changes of one class stay in the order of what they are about.
    differences.sort_by_key(|difference| std::cmp::Reverse(difference.class));
    Compatibility {
        from: old.plugin.version.clone(),
        to: new.plugin.version.clone(),
        class: differences.first().map_or(Class::Patch, |furthest| furthest.class),
        differences,
    }
}

impl Compatibility {
    /// The changes of a class.
    pub fn of_class(&self, class: Class) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.class == class)
    }
}

#[cfg(test)]
pub(crate) mod tests;
