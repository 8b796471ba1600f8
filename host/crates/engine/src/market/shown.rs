//! What versions show of themselves: kept as files when they are published, read as they are asked
//! for, and cleared away with the last version that shows them.

use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::plugin::shown::{Media, Part, Shown};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Showcase;
use semver::Version;

use crate::{Caller, Engine};

/// Which part of what a version shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The icon.
    Icon,
    /// The readme.
    Readme,
    /// The changelog.
    Changelog,
    /// A screenshot, from 1.
    Screenshot(usize),
}

/// A part with its bytes.
#[derive(Debug, Clone)]
pub struct Content {
    /// What it is.
    pub part: Part,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Engine {
    /// A part of what a version shows; where none is named, of the version that somebody gets who
    /// asks for none.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also where the version has no such part.
    pub async fn shown_part(&self, by: &Caller, id: &str, version: Option<&Version>, which: Which) -> Result<Content> {
        let version = self.seen_version(by, id, version).await?;
        let Some(part) = pick(&version.shown, which).cloned() else {
            let name = format!("{id}@{}", version.plugin.version);
            return Err(Error::not_found(describe(which), name));
        };
        let bytes = self.0.store.artefacts().get(&part.digest).await?;
        Ok(Content { part, bytes })
    }

    /// Keeps what a component shows.
    pub(crate) async fn keep_shown(&self, component: &[u8]) -> Result<Shown> {
        let found = Showcase::of(component)?;
        let mut shown = Shown {
            icon: self.keep_part(found.icon.map(String::into_bytes), Media::Svg).await?,
            readme: self.keep_part(found.readme.map(String::into_bytes), Media::Markdown).await?,
            changelog: self.keep_part(found.changelog.map(String::into_bytes), Media::Markdown).await?,
            screenshots: Vec::new(),
        };
        for image in found.screenshots {
            if let Some(media) = Media::of_image(&image) {
                shown.screenshots.extend(self.keep_part(Some(image), media).await?);
            }
        }
        Ok(shown)
    }

    async fn keep_part(&self, bytes: Option<Vec<u8>>, media: Media) -> Result<Option<Part>> {
        let Some(bytes) = bytes else { return Ok(None) };
        let digest = self.0.store.artefacts().put(bytes).await?;
        Ok(Some(Part { digest, media }))
    }

    /// Clears away what only a version that is gone has shown.
    pub(crate) async fn clear_shown(&self, gone: &PluginVersion) -> Result<()> {
        // A version that is being published may have kept the same part just now.
        let _publishing = self.0.publishing.lock().await;
        let left = self.every_version(&[]).await?;
        for part in gone.shown.parts() {
            let still = |version: &PluginVersion| version.shown.parts().any(|other| other.digest == part.digest);
            if !left.iter().any(|version| still(version)) {
                self.0.store.artefacts().remove(&part.digest).await?;
            }
        }
        Ok(())
    }
}

fn pick(shown: &Shown, which: Which) -> Option<&Part> {
    match which {
        Which::Icon => shown.icon.as_ref(),
        Which::Readme => shown.readme.as_ref(),
        Which::Changelog => shown.changelog.as_ref(),
        Which::Screenshot(number) => shown.screenshots.get(number.checked_sub(1)?),
    }
}

fn describe(which: Which) -> &'static str {
    match which {
        Which::Icon => "icon of the plugin",
        Which::Readme => "readme of the plugin",
        Which::Changelog => "changelog of the plugin",
        Which::Screenshot(_) => "such screenshot of the plugin",
    }
}
