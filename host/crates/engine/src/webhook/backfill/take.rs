//! Taking a page: what had not come is kept like a delivery that was verified, in the commit that moves
//! the reading on. A page that is too large for one commit is taken in parts, the last of which moves it.

use std::collections::HashSet;

use gatehouse_domain::guest::ListedEvent;
use gatehouse_domain::id::{DeliveryId, Id};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::webhook::{Delivery, DeliveryState, Source, Trust};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::tape::convert;
use gatehouse_store::Change;
use gatehouse_store::records::{DeliveryBody, EndpointBackfill, Listing, PendingDelivery};

use super::turn::Turn;
use crate::clock::random;
use crate::webhook::pace::later;
use crate::webhook::{dedupe, keep, parse};

/// How many events, and how many bytes of them, one commit takes.
const PART: (usize, usize) = (50, 1 << 20);
/// The largest body that is kept, in bytes.
const LARGEST: usize = 1 << 20;
/// How often a commit is tried that loses against a delivery of the same event, or against the job that is
/// just taken up.
const TRIES: usize = 16;
/// How long what is found waits at most for the end of its reading, so that it is told in order.
const HOLD: SignedDuration = SignedDuration::from_mins(15);

impl Turn<'_> {
    /// Takes what is new of a page; `next` is the record from then on.
    pub(super) async fn take(&self, listing: &Listing, events: Vec<ListedEvent>, next: EndpointBackfill) -> Result<()> {
        let since = u64::try_from(listing.since.as_millisecond()).unwrap_or_default();
        let mut events: Vec<(ListedEvent, Vec<u8>)> = events
            .into_iter()
            // What was not asked for may have come before anybody took notes of it.
            .filter(|event| event.occurred_at_ms >= since)
            .map(|event| (convert::bytes(&event.body), event))
            .map(|(body, event)| (event, body))
            .collect();
        events.retain(|(event, body)| {
            let fits = body.len() <= LARGEST;
            if !fits {
                tracing::warn!(integration.id = %self.integration.id, event = event.id, "a listed event is too large");
            }
            fits
        });
        let mut parts = parts(&events);
        let last = parts.pop().unwrap_or_default();
        let mut found = 0;
        for part in parts {
            found += self.take_part(listing, part, None).await?;
        }
        let next = EndpointBackfill { found: next.found + found, ..next };
        found += self.take_part(listing, last, Some(next)).await?;
        let known = (events.len() as u64).saturating_sub(found);
        self.engine.0.metrics.webhooks.listed(&self.integration.provider, found, known);
        Ok(())
    }

    /// Commits a part, and answers how many of it are new.
    async fn take_part(
        &self,
        listing: &Listing,
        part: &[(ListedEvent, Vec<u8>)],
        next: Option<EndpointBackfill>,
    ) -> Result<u64> {
        for _ in 0..TRIES {
            let mut change = self.change()?;
            let mut found = 0;
            let mut keys = HashSet::new();
            for (event, body) in part {
                found += u64::from(self.add(&mut change, listing, event, body, &mut keys).await?);
            }
            match &next {
                Some(next) => {
                    let next = EndpointBackfill { found: next.found + found, ..next.clone() };
                    change.tenant(self.tenant).replace(&self.stored, &next)?;
                    if next.listing.is_none() {
                        // What waited for the end of the reading is told now.
                        parse::enqueue(self.engine, &mut change, self.tenant, self.integration.id, None).await?;
                    }
                }
                None => change.tenant(self.tenant).unchanged(&self.stored)?,
            }
            match change.commit().await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                outcome => return outcome.map(|_| found),
            }
        }
        // Disconnected, or somebody else has the job, or the endpoint is told too much at once: look again.
        Err(Error::unavailable("the events of an endpoint change too fast to be completed; it is tried again"))
    }

    /// Adds an event where it has not come yet.
    async fn add(
        &self,
        change: &mut Change,
        listing: &Listing,
        event: &ListedEvent,
        body: &[u8],
        keys: &mut HashSet<[u8; 32]>,
    ) -> Result<bool> {
        let (engine, integration, now) = (self.engine, self.integration.id, self.engine.now());
        let id = id_of(listing.begun_at, event.occurred_at_ms)?;
        let seen = dedupe::listed(integration, &self.webhook, (&event.id, body), id, now);
        if !keys.insert(seen.key) || engine.note_seen(change, self.tenant, &seen).await?.is_some() {
            return Ok(false);
        }
        let delivery = Delivery {
            id,
            integration,
            headers: Vec::new(),
            size: body.len() as u64,
            // It was fetched with our own credential from the provider itself.
            trust: Trust::Verified,
            source: Source::Listed,
            state: DeliveryState::Pending,
            attempts: 0,
            received_at: now,
        };
        let not_before = later(listing.begun_at, HOLD);
        let pending =
            PendingDelivery { tenant: self.tenant, integration, delivery: id, not_before, attempts: 0, listed: true };
        change.admin().create(&pending)?;
        let mut scope = change.tenant(self.tenant);
        scope.create(&delivery)?;
        scope.create(&DeliveryBody { delivery: id, body: body.to_vec() })?;
        scope.create(&keep::index_of(&delivery))?;
        Ok(true)
    }
}

/// An identifier whose time is that of the reading, and which sorts within it by when the event happened:
/// what is found newest first is parsed oldest first.
fn id_of(begun_at: Timestamp, occurred_at_ms: u64) -> Result<DeliveryId> {
    let [_, _, moment @ ..] = occurred_at_ms.min((1 << 48) - 1).to_be_bytes();
    let mut low = [0; 10];
    let (head, tail) = low.split_at_mut(moment.len());
    head.copy_from_slice(&moment);
    tail.copy_from_slice(&random::<4>()?);
    Ok(Id::new(begun_at.as_millisecond(), low))
}

/// Cuts a page into what one commit takes.
fn parts(events: &[(ListedEvent, Vec<u8>)]) -> Vec<&[(ListedEvent, Vec<u8>)]> {
    let (mut parts, mut rest) = (Vec::new(), events);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |(_, body): &&(ListedEvent, Vec<u8>)| {
            bytes += body.len();
            bytes <= PART.1
        };
        let count = rest.iter().take(PART.0).take_while(fits).count().max(1);
        let (part, left) = rest.split_at(count);
        parts.push(part);
        rest = left;
    }
    parts
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::cassette::Content;
    use gatehouse_domain::time::from_millis;

    use super::*;

    #[test]
    fn what_happened_first_sorts_first_within_one_reading() {
        let id = |begun: i64, at: u64| id_of(from_millis(begun), at).unwrap();
        assert!(id(2_000, 10) < id(2_000, 11));
        assert!(id(2_000, 999) < id(2_000, 1_700_000_000_000));
        assert!(id(2_000, u64::MAX) < id(2_001, 0));
        assert_ne!(id(2_000, 10), id(2_000, 10));
    }

    #[test]
    fn a_page_is_cut_by_number_and_by_size() {
        let event = |size: usize| {
            let event = ListedEvent { id: String::new(), occurred_at_ms: 0, body: Content::Text(String::new()) };
            (event, vec![0; size])
        };
        for (sizes, expect) in [
            (vec![], vec![]),
            (vec![1; 50], vec![50]),
            (vec![1; 101], vec![50, 50, 1]),
            (vec![600 << 10; 3], vec![1, 1, 1]),
            (vec![2 << 20, 1, 1], vec![1, 2]),
            (vec![512 << 10; 3], vec![2, 1]),
        ] {
            let events: Vec<_> = sizes.iter().map(|size| event(*size)).collect();
            let found: Vec<usize> = parts(&events).iter().map(|part| part.len()).collect();
            assert_eq!(found, expect, "{sizes:?}");
        }
    }
}
