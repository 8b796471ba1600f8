//! Records as the host app reads them: one, or the feed of their changes. Of a record the feed has
//! its addition, its last change and its deletion; whoever reads it from any place on hears of
//! each addition once, and ends up with the same records as whoever read it from the beginning.

use gatehouse_domain::id::ChangeId;
use gatehouse_domain::sync::{Action, ContentHash, Origin, SyncFeed, SyncedRecord};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::{added_at, feed_position};
use gatehouse_store::{Placed, Position, Stored};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::schedules::feed_of;
use crate::{Caller, Engine};

/// A record.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecordView {
    /// The provider's id.
    pub id: String,
    /// The entity.
    pub entity: String,
    /// The content; empty once it is gone.
    pub data: Map<String, Value>,
    /// SHA-256 of the content as canonical JSON.
    pub hash: ContentHash,
    /// How often it was changed, from 1.
    pub version: u64,
    /// Who made it what it is.
    pub origin: Origin,
    /// Whether it is gone.
    pub deleted: bool,
    /// When the provider last changed it, as it says.
    #[schemars(with = "Option<String>")]
    pub provider_updated_at: Option<Timestamp>,
    /// When it became known.
    #[schemars(with = "String")]
    pub first_seen_at: Timestamp,
    /// When we learned of its last change.
    #[schemars(with = "String")]
    pub changed_at: Timestamp,
    /// The change of it that is to be pushed, or of which it is not known whether it was.
    pub pending: Option<ChangeId>,
}

/// An entry of the feed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FeedItem {
    /// What happened.
    pub action: Action,
    /// The record as it is.
    #[serde(flatten)]
    pub record: RecordView,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct FeedPage {
    /// The entries, oldest change first.
    pub items: Vec<FeedItem>,
    /// Where to go on, also when there is nothing more yet; absent for an empty feed.
    pub cursor: Option<Position>,
    /// Whether there is more already.
    pub more: bool,
}

impl Engine {
    /// One record.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn record(&self, by: &Caller, target: &str, entity: &str, id: &str) -> Result<RecordView> {
        let integration = self.integration(by, target).await?.record;
        self.entity(by.tenant()?, &integration, entity).await?;
        let key = (integration.id, entity.to_owned(), id.to_owned());
        // Longer ones are not stored, and may be no key.
        let fits = id.len() <= gatehouse_domain::sync::LONGEST_RECORD_ID;
        let stored = if fits { self.0.store.tenant(by.tenant()?).get::<SyncedRecord>(&key).await? } else { None };
        stored.map(|stored| stored.record.into()).ok_or_else(|| Error::not_found("record", id))
    }

    /// The changes of an entity's records after a place in their feed, at most `limit`.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn records(
        &self,
        by: &Caller,
        target: &str,
        entity: &str,
        after: Option<Position>,
        limit: usize,
    ) -> Result<FeedPage> {
        let integration = self.integration(by, target).await?.record;
        self.entity(by.tenant()?, &integration, entity).await?;
        let scope = self.0.store.tenant(by.tenant()?);
        let from = after.unwrap_or(Position::START);
        let part = feed_of(integration.id, entity);
        let mut entries = scope.entries_after_under::<SyncFeed>(&part, from, limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let mut items = Vec::with_capacity(entries.len());
        for entry in &entries {
            let key = (integration.id, entity.to_owned(), entry.id.clone());
            if let Some(record) = scope.get::<SyncedRecord>(&key).await? {
                items.extend(item(entry, record));
            }
        }
        Ok(FeedPage { items, cursor: entries.last().map(|last| last.position).or(after), more })
    }
}

/// What an entry tells. A record is told of as it is now: where its addition is told after it has
/// changed, its change is told once more.
fn item(entry: &Placed<SyncFeed>, record: Stored<SyncedRecord>) -> Option<FeedItem> {
    let (added, last) = (added_at(&record), feed_position(&record));
    let mut record = record.record;
    let action = if entry.deleted {
        // It may have come back since, which is told later.
        (record.data, record.deleted) = (Map::new(), true);
        Action::Deleted
    } else if record.deleted {
        return None;
    } else if entry.position == added {
        Action::Added
    } else if entry.position == last {
        Action::Updated
    } else {
        return None;
    };
    Some(FeedItem { action, record: record.into() })
}

impl From<SyncedRecord> for RecordView {
    fn from(record: SyncedRecord) -> Self {
        Self {
            id: record.id,
            entity: record.entity,
            data: record.data,
            hash: record.hash,
            version: record.version,
            origin: record.origin,
            deleted: record.deleted,
            provider_updated_at: record.provider_updated_at,
            first_seen_at: record.first_seen_at,
            changed_at: record.changed_at,
            pending: record.pending,
        }
    }
}
