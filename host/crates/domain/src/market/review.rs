//! What tenants think of a plugin: one review a tenant, and the sum of them. Who a tenant is never
//! stands in what others see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem, Result};
use crate::id::{ReviewId, TenantId};
use crate::text::Text;
use crate::time::Timestamp;

/// The longest text of a review, in bytes.
const LONGEST: usize = 4_000;
/// The longest name that a tenant gives itself, in bytes.
const LONGEST_NAME: usize = 80;

/// One tenant's review of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its identifier.
    pub id: ReviewId,
    /// The plugin's id.
    pub plugin: String,
    /// Whose it is. Nobody else is told.
    pub tenant: TenantId,
    /// What the tenant says.
    pub rating: Rating,
    /// The version that the tenant had.
    pub version: String,
    /// That an operator hides it; it does not count then.
    #[serde(default)]
    pub hidden: Option<Hidden>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What a tenant says of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    pub stars: u8,
    /// Why, at most 4000 bytes.
    #[serde(default)]
    pub text: String,
    /// The name that others see; where absent they see `a tenant`.
    #[serde(default)]
    pub name: Option<String>,
}

/// That an operator hides a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HiddenReview")]
pub struct Hidden {
    /// Why.
    pub reason: String,
    /// Since when.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// How often a plugin was given each number of stars. It counts the reviews that are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingTotal {
    /// The plugin's id.
    pub plugin: String,
    /// How many gave one star, two, and so on.
    pub stars: [u64; 5],
}

impl Rating {
    /// The same without the spaces around its texts.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the JSON path of what does not fit.
    pub fn read(self) -> Result<Self> {
        if !(1..=5).contains(&self.stars) {
            let problem = Problem::at("$.stars", format!("`{}` is not a number from 1 to 5", self.stars));
            return Err(Error::problems("the review does not fit", vec![problem]));
        }
        let text = Text::lines("$.text", LONGEST).read(&self.text)?;
        let name = self.name.map(|name| Text::line("$.name", LONGEST_NAME).read(&name)).transpose()?;
        Ok(Self { stars: self.stars, text, name })
    }
}

impl RatingTotal {
    /// That of a plugin without reviews.
    pub fn none(plugin: &str) -> Self {
        Self { plugin: plugin.to_owned(), stars: [0; 5] }
    }

    /// With one review in the place of another; either can be absent, and one that is hidden does
    /// not count.
    pub fn exchange(&mut self, old: Option<&Review>, new: Option<&Review>) {
        if let Some(place) = old.and_then(|old| self.place(old)) {
            *place = place.saturating_sub(1);
        }
        if let Some(place) = new.and_then(|new| self.place(new)) {
            *place = place.saturating_add(1);
        }
    }

    /// How many count.
    pub fn count(&self) -> u64 {
        self.stars.iter().sum()
    }

    /// The mean to two places, rounded down; absent without any.
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        let sum: u64 = self.stars.iter().zip(1..).map(|(times, stars): (&u64, u64)| times * stars).sum();
        // At most 500, so nothing is lost.
        let hundredths = (sum * 100).checked_div(count).and_then(|mean| u16::try_from(mean).ok())?;
        Some(f64::from(hundredths) / 100.0)
    }

    fn place(&mut self, review: &Review) -> Option<&mut u64> {
        let index = usize::from(review.rating.stars).checked_sub(1)?;
        if review.hidden.is_some() { None } else { self.stars.get_mut(index) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::time::EPOCH;

    fn review(stars: u8, hidden: bool) -> Review {
        let rating = Rating { stars, text: String::new(), name: None };
        let hidden = hidden.then(|| Hidden { reason: "spam".to_owned(), at: EPOCH });
        let (id, tenant) = (Id::new(1, [1; 10]), Id::new(1, [2; 10]));
        let (plugin, version) = ("acme".to_owned(), "1.0.0".to_owned());
        Review { id, plugin, tenant, rating, version, hidden, created_at: EPOCH, updated_at: EPOCH }
    }

    #[test]
    fn the_total_follows_each_exchange() {
        let mut total = RatingTotal::none("acme");
        assert_eq!(total.mean(), None);
        let mut check = |old: Option<Review>, new: Option<Review>, stars: [u64; 5], mean: Option<f64>| {
            total.exchange(old.as_ref(), new.as_ref());
            assert_eq!((total.stars, total.mean()), (stars, mean));
        };
        check(None, Some(review(5, false)), [0, 0, 0, 0, 1], Some(5.0));
        check(None, Some(review(2, false)), [0, 1, 0, 0, 1], Some(3.5));
        check(None, Some(review(1, false)), [1, 1, 0, 0, 1], Some(2.66));
        check(Some(review(5, false)), Some(review(4, false)), [1, 1, 0, 1, 0], Some(2.33));
        check(Some(review(1, false)), Some(review(1, true)), [0, 1, 0, 1, 0], Some(3.0));
        check(Some(review(1, true)), None, [0, 1, 0, 1, 0], Some(3.0));
        check(Some(review(2, false)), None, [0, 0, 0, 1, 0], Some(4.0));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let check = |stars: u8, text: &str, name: Option<&str>, expect: Option<&str>| {
            let rating = Rating { stars, text: text.to_owned(), name: name.map(str::to_owned) };
            let found = rating.read().err().map(|error| error.problems[0].path.clone());
            assert_eq!(found.as_deref(), expect, "{stars} {name:?}");
        };
        check(1, "", None, None);
        check(5, "Good.\nReally.", Some("Acme Ltd"), None);
        check(0, "", None, Some("$.stars"));
        check(6, "", None, Some("$.stars"));
        check(3, &"a".repeat(4_001), None, Some("$.text"));
        check(3, "a\u{7}", None, Some("$.text"));
        check(3, "", Some(""), Some("$.name"));
        check(3, "", Some("a\nb"), Some("$.name"));
    }
}
