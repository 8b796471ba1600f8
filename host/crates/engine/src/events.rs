//! The feed of events: what providers told and what happened here, in the order of their
//! commits. A reader that goes on from its cursor misses none.

use gatehouse_domain::event::Event;
use gatehouse_domain::id::EventId;
use gatehouse_domain::{Error, Result};
use gatehouse_store::records::{EventByIntegration, EventFeed};
use gatehouse_store::{Page, Paged, Position};

use crate::narrow::Lens;
use crate::{Caller, Engine};

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The events, oldest first.
    pub items: Vec<Event>,
    /// Where to go on, also when there is nothing more yet; absent for an empty feed.
    pub cursor: Option<Position>,
    /// Whether there is more already.
    pub more: bool,
}

impl Engine {
    /// The tenant's events after a place in the feed, oldest first, at most `limit`.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn feed(&self, by: &Caller, after: Option<Position>, limit: usize) -> Result<Feed> {
        let scope = self.0.store.tenant(by.tenant()?);
        let mut entries = scope.entries_after::<EventFeed>(after.unwrap_or(Position::START), limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let mut items = Vec::with_capacity(entries.len());
        let mut lens = Lens::new(self, by);
        for entry in &entries {
            // One that was pruned meanwhile is passed over, as is one that the caller may not know of.
            if let Some(event) = scope.get::<Event>(&entry.event).await?
                && lens.sees_event(&event).await?
            {
                items.push(event.record);
            }
        }
        Ok(Feed { items, cursor: entries.last().map(|last| last.position).or(after), more })
    }

    /// One event.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for another tenant's.
    pub async fn event(&self, by: &Caller, id: EventId) -> Result<Event> {
        let stored = self.0.store.tenant(by.tenant()?).get::<Event>(&id).await?;
        match stored {
            Some(stored) if Lens::new(self, by).sees_event(&stored).await? => Ok(stored.record),
            _ => Err(Error::not_found("event", id)),
        }
    }

    /// An integration's events, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn events(&self, by: &Caller, target: &str, page: &Page) -> Result<Paged<Event>> {
        let integration = self.integration(by, target).await?.id;
        let page = Page { reverse: true, ..page.clone() };
        let scope = self.0.store.tenant(by.tenant()?);
        let index = scope.list_under::<EventByIntegration>(&integration.to_bytes(), &page).await?;
        let mut items = Vec::with_capacity(index.items.len());
        for entry in &index.items {
            items.extend(scope.get::<Event>(&entry.event).await?.map(|event| event.record));
        }
        Ok(Paged { items, next: index.next })
    }
}
