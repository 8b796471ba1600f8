//! What the marketplace keeps of plugins: listings, reviews and their totals, and which review is a
//! tenant's own.

use gatehouse_domain::id::ReviewId;
use gatehouse_domain::market::{Listing, RatingTotal, Review};
use serde::{Deserialize, Serialize};

use crate::record::{GlobalRecord, Kind, Record, RecordId, TenantRecord};

/// What the ids of all reviews of a plugin begin with. A plugin's id holds no zero byte.
pub fn reviews_of(plugin: &str) -> Vec<u8> {
    [plugin.as_bytes(), &[0]].concat()
}

/// A plugin's id and a review of it, in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewKey(pub String, pub ReviewId);

impl RecordId for ReviewKey {
    fn key_bytes(&self) -> Vec<u8> {
        [reviews_of(&self.0), self.1.to_bytes().to_vec()].concat()
    }
}

/// The review that a tenant has written of a plugin. As there is one record for each plugin, there
/// is one review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnReview {
    /// The plugin's id.
    pub plugin: String,
    /// Its review.
    pub review: ReviewId,
}

impl Record for Listing {
    const KIND: Kind = Kind::Listing;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.plugin.clone()
    }
}
impl GlobalRecord for Listing {}

impl Record for OwnReview {
    const KIND: Kind = Kind::OwnReview;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.plugin.clone()
    }
}
impl TenantRecord for OwnReview {}

/// With the deployment's records, as every tenant reads it.
impl Record for Review {
    const KIND: Kind = Kind::Review;
    const SCHEMA: u8 = 1;
    type Id = ReviewKey;
    fn id(&self) -> ReviewKey {
        ReviewKey(self.plugin.clone(), self.id)
    }
}
impl GlobalRecord for Review {}

impl Record for RatingTotal {
    const KIND: Kind = Kind::RatingTotal;
    const SCHEMA: u8 = 1;
    type Id = String;
    fn id(&self) -> String {
        self.plugin.clone()
    }
}
impl GlobalRecord for RatingTotal {}
