//! How many bytes of a packaged component are what: its code, and each section of ours. It reads names and lengths.

use gatehouse_domain::error::Result;
use serde::Serialize;

use crate::sections;

/// The parts of a packaged component in bytes, as they are in the file. Together they are the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// What runs: the component without sections of ours, and the frames of these.
    pub component: u64,
    /// The manifest.
    pub manifest: u64,
    /// What interfaces, functions and types are for, packed.
    pub documentation: u64,
    /// The fixtures, packed.
    pub fixtures: u64,
    /// What is shown in the marketplace, packed.
    pub showcase: u64,
}

impl Sizes {
    /// Measures a component.
    ///
    /// # Errors
    /// Where the bytes do not parse, or a section of ours is there twice.
    pub fn of(component: &[u8]) -> Result<Self> {
        let found = sections::read(component)?;
        let size = |section: Option<&[u8]>| section.map_or(0, <[u8]>::len) as u64;
        let (manifest, documentation) = (size(found.manifest), size(found.docs));
        let (fixtures, showcase) = (size(found.fixtures), size(found.showcase));
        let ours = manifest.saturating_add(documentation).saturating_add(fixtures).saturating_add(showcase);
        let component = (component.len() as u64).saturating_sub(ours);
        Ok(Self { component, manifest, documentation, fixtures, showcase })
    }
}
