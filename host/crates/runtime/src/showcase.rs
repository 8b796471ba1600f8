//! What a plugin shows of itself in the marketplace: icon, readme, changelog and screenshots, in one
//! custom section of its component, so that whoever signs the component signs them too. It never
//! changes code, and what could run in a browser is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::error::{Error, Problem, Result};
use gatehouse_domain::plugin::shown::Media;
use serde::{Deserialize, Serialize};

use crate::sections;

mod svg;

/// The largest icon, in bytes.
pub const MOST_ICON: usize = 64 << 10;
/// The largest readme or changelog, in bytes.
pub const MOST_TEXT: usize = 256 << 10;
/// The most screenshots.
pub const MOST_SCREENSHOTS: usize = 6;
/// The largest screenshot, in bytes.
pub const MOST_SCREENSHOT: usize = 512 << 10;

/// What a plugin shows of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Showcase {
    /// An SVG image without scripts and without references to elsewhere.
    pub icon: Option<String>,
    /// What it is and how to use it, in Markdown.
    pub readme: Option<String>,
    /// What changed with each version, in Markdown.
    pub changelog: Option<String>,
    /// PNG or JPEG images, in the order in which they are shown.
    pub screenshots: Vec<Vec<u8>>,
}

/// The section's content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    readme: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changelog: Option<String>,
    /// In base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    screenshots: Vec<String>,
}

impl Showcase {
    /// What a component shows; nothing where it has no such section.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the section does not parse, or with what of
    /// it may not be shown.
    pub fn of(component: &[u8]) -> Result<Self> {
        let Some(bytes) = sections::read(component)?.showcase else { return Ok(Self::default()) };
        let broken = |what: String| Error::invalid(format!("the section `{}` {what}", sections::SHOWCASE));
        let json = sections::unpack(sections::SHOWCASE, bytes)?;
        let section: Section =
            serde_json::from_slice(&json).map_err(|error| broken(format!("does not parse: {error}")))?;
        let images = section.screenshots.iter().map(|text| STANDARD.decode(text));
        let screenshots =
            images.collect::<Result<_, _>>().map_err(|_| broken("has an image that is no base64".into()))?;
        let Section { icon, readme, changelog, .. } = section;
        let found = Self { icon, readme, changelog, screenshots };
        found.check()?;
        Ok(found)
    }

    /// Puts it into a packaged component, in the place of what that shows now.
    ///
    /// # Errors
    /// As [`Showcase::check`], and where the bytes are no component.
    pub fn embed(&self, component: &[u8]) -> Result<Vec<u8>> {
        self.check()?;
        if *self == Self::default() {
            return sections::put(component, sections::SHOWCASE, None);
        }
        let section = Section {
            icon: self.icon.clone(),
            readme: self.readme.clone(),
            changelog: self.changelog.clone(),
            screenshots: self.screenshots.iter().map(|image| STANDARD.encode(image)).collect(),
        };
        let json = serde_json::to_vec(&section)
            .map_err(|error| Error::internal("a section can not be written as JSON").caused_by(error))?;
        sections::put(component, sections::SHOWCASE, Some(&sections::pack(json)?))
    }

    /// Refuses what is too much, and what could do something in a browser.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with a problem for each part.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let mut wrong = |path: &str, why: Option<String>| problems.extend(why.map(|why| Problem::at(path, why)));
        if let Some(icon) = &self.icon {
            wrong("icon.svg", too_long(icon.as_bytes(), MOST_ICON).or_else(|| svg::problem(icon)));
        }
        for (name, text) in [("README.md", &self.readme), ("CHANGELOG.md", &self.changelog)] {
            wrong(name, text.as_ref().and_then(|text| too_long(text.as_bytes(), MOST_TEXT)));
        }
        if self.screenshots.len() > MOST_SCREENSHOTS {
            wrong("screenshots", Some(format!("there are {}; at most {MOST_SCREENSHOTS} fit", self.screenshots.len())));
        }
        for (index, image) in self.screenshots.iter().enumerate() {
            let kind = || Media::of_image(image).is_none().then(|| "is neither a PNG nor a JPEG image".to_owned());
            wrong(&format!("screenshots[{index}]"), too_long(image, MOST_SCREENSHOT).or_else(kind));
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("what the plugin shows does not fit", problems)) }
    }
}

fn too_long(bytes: &[u8], most: usize) -> Option<String> {
    (bytes.len() > most).then(|| format!("has {} bytes; at most {most} fit", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn full() -> Showcase {
        Showcase {
            icon: Some("<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>".to_owned()),
            readme: Some("# Acme".to_owned()),
            changelog: Some("## 1.0.0".to_owned()),
            screenshots: vec![PNG.to_vec(), b"\xff\xd8\xffrest".to_vec()],
        }
    }

    #[test]
    fn what_is_embedded_is_read_back_and_exchanged() {
        assert_eq!(Showcase::of(EMPTY).unwrap(), Showcase::default());
        let shown = full().embed(EMPTY).unwrap();
        assert_eq!(Showcase::of(&shown).unwrap(), full());
        let other = Showcase { changelog: None, ..full() };
        assert_eq!(Showcase::of(&other.embed(&shown).unwrap()).unwrap(), other);
        assert_eq!(Showcase::default().embed(&shown).unwrap(), EMPTY);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let check = |change: &dyn Fn(&mut Showcase), path: &str, text: &str| {
            let mut showcase = full();
            change(&mut showcase);
            let error = showcase.embed(EMPTY).unwrap_err();
            assert_eq!(error.problems.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), [path]);
            assert!(error.problems[0].message.contains(text), "{error}");
        };
        check(&|one| one.icon = Some("<svg/>".repeat(20_000)), "icon.svg", "65536");
        check(&|one| one.icon = Some("no image".to_owned()), "icon.svg", "SVG");
        check(&|one| one.readme = Some("a".repeat(MOST_TEXT + 1)), "README.md", "262144");
        check(&|one| one.changelog = Some("a".repeat(MOST_TEXT + 1)), "CHANGELOG.md", "262144");
        check(&|one| one.screenshots = vec![PNG.to_vec(); 7], "screenshots", "at most 6");
        check(&|one| one.screenshots[1] = b"GIF89a".to_vec(), "screenshots[1]", "neither");
        check(&|one| one.screenshots[0].resize(MOST_SCREENSHOT + 1, 0), "screenshots[0]", "524288");
    }

    #[test]
    fn a_forged_section_is_refused_as_well() {
        let check = |json: &str, text: &str| {
            let forged = sections::put(EMPTY, sections::SHOWCASE, Some(json.as_bytes())).unwrap();
            let error = Showcase::of(&forged).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        check("{", "does not parse");
        check(r#"{"page":"<script>"}"#, "page");
        check(r#"{"screenshots":["%"]}"#, "no base64");
        check(r#"{"icon":"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"}"#, "script");
    }
}
