//! What the marketplace says of a plugin beside its manifest: the operator's own words, that it was
//! withdrawn, and what tenants think of it. What a plugin does follows from its component alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::provider::check_code;
use crate::text::{Text, check_https};
use crate::time::Timestamp;

pub mod review;

pub use review::{Hidden, Rating, RatingTotal, Review};

/// What the marketplace says of one plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The plugin's id.
    pub plugin: String,
    /// The operator's own words.
    #[serde(default)]
    pub said: Said,
    /// That nobody can newly enable it.
    #[serde(default)]
    pub withdrawn: Option<Withdrawn>,
    /// When it was changed last; never where nothing was said yet.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
}

/// What an operator says of a plugin. What is absent is as the manifest has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListingWords")]
pub struct Said {
    /// A name for people, 1 to 200 bytes.
    #[serde(default)]
    pub name: Option<String>,
    /// What it does, at most 2000 bytes.
    #[serde(default)]
    pub description: Option<String>,
    /// The marketplace category: lower-case letters, digits, `-` and `_`.
    #[serde(default)]
    pub category: Option<String>,
    /// Where to read more: an https URL.
    #[serde(default)]
    pub homepage_url: Option<String>,
    /// Where to ask for help: an https URL.
    #[serde(default)]
    pub support_url: Option<String>,
    /// Whether it stands out.
    #[serde(default)]
    pub featured: bool,
}

/// That a plugin was withdrawn. Who has it keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawn {
    /// Why.
    pub reason: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

impl Listing {
    /// The listing of a plugin that nobody has said anything of.
    pub fn unsaid(plugin: &str) -> Self {
        Self { plugin: plugin.to_owned(), said: Said::default(), withdrawn: None, updated_at: None }
    }
}

impl Said {
    /// The same words without the spaces around them.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub fn read(self) -> Result<Self> {
        let read = |rule: Text, text: Option<String>| text.map(|text| rule.read(&text)).transpose();
        let Self { name, description, category, homepage_url, support_url, featured } = self;
        if let Some(category) = &category {
            check_category(category)?;
        }
        for (path, url) in [("$.homepage_url", &homepage_url), ("$.support_url", &support_url)] {
            url.as_deref().map_or(Ok(()), |url| check_https(path, url))?;
        }
        Ok(Self {
            name: read(Text::line("$.name", 200), name)?,
            description: read(Text { least: 1, ..Text::lines("$.description", 2_000) }, description)?,
            category,
            homepage_url,
            support_url,
            featured,
        })
    }
}

fn check_category(category: &str) -> Result<()> {
    check_code("$.category", category).map_err(|mut error| {
        "the category does not fit".clone_into(&mut error.message);
        error
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Said), expect: Option<&str>) {
        let mut said = Said::default();
        change(&mut said);
        let found = said.read().err().map(|error| error.problems[0].path.clone());
        assert_eq!(found.as_deref(), expect);
    }

    #[test]
    fn each_word_is_checked_at_its_place() {
        check(|_| {}, None);
        check(|said| said.name = Some(" Acme ".to_owned()), None);
        check(|said| said.name = Some(" ".to_owned()), Some("$.name"));
        check(|said| said.description = Some(String::new()), Some("$.description"));
        check(|said| said.description = Some("a\u{0}".to_owned()), Some("$.description"));
        check(|said| said.category = Some("Pay ments".to_owned()), Some("$.category"));
        check(|said| said.homepage_url = Some("http://a.example".to_owned()), Some("$.homepage_url"));
        check(|said| said.support_url = Some("javascript:1".to_owned()), Some("$.support_url"));
        let said = Said { name: Some(" Acme ".to_owned()), ..Said::default() };
        assert_eq!(said.read().unwrap().name.as_deref(), Some("Acme"));
    }
}
