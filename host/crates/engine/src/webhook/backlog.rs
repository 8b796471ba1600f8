//! How much waits to be parsed, and for how long.

use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::time::Timestamp;
use gatehouse_store::records::PendingDelivery;
use gatehouse_store::{Page, Store};

/// How many are counted at most, so that a long queue costs no more to look at than this.
const COUNTED: usize = 10_000;

/// Deliveries that are to be parsed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many there are, counted up to 10,000.
    pub pending: usize,
    /// Since when the one that is due longest has been due. One that rests between two tries is
    /// not due, so that a delivery which no gateway can parse does not make the queue look stuck.
    pub due_since: Option<Timestamp>,
}

impl Backlog {
    /// Counts.
    ///
    /// # Errors
    /// Whatever the store says.
    pub(crate) async fn of(store: &Store) -> Result<Self> {
        let mut backlog = Self::default();
        let mut page = Page::first(1_000);
        loop {
            let found = store.admin().list::<PendingDelivery>(&page).await?;
            backlog.pending += found.items.len();
            let due = found.items.iter().map(|pending| pending.not_before).min();
            backlog.due_since = [backlog.due_since, due].into_iter().flatten().min();
            match found.next.filter(|_| backlog.pending < COUNTED) {
                Some(next) => page.after = Some(next),
                None => return Ok(backlog),
            }
        }
    }

    /// For how long the one that is due longest has been waiting; nothing where none is due.
    pub fn waiting(&self, now: Timestamp) -> Duration {
        let waiting = self.due_since.map(|since| now.duration_since(since));
        waiting.and_then(|waiting| Duration::try_from(waiting).ok()).unwrap_or_default()
    }
}
