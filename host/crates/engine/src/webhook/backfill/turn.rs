//! One endpoint's reading of the provider's list: page by page, each with its events in the commit that
//! moves on. Killed at any point it goes on where it was, and nothing of it is taken twice.
//!
//! Only the job of an endpoint's group writes its record, under its lease, and only over the one that it
//! read: who disconnects the integration takes it away and so ends the reading.

use gatehouse_domain::guest::EventPage;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::Backfill;
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::{EndpointBackfill, Listing};
use gatehouse_store::{Change, Stored};
use serde_json::json;

use super::ask::Asked;
use super::jobs::every;
use super::span::span;
use crate::Engine;
use crate::jobs::{Claimed, Outcome, Signal};
use crate::webhook::pace::{later, pause};
use crate::webhook::parse;
use crate::webhook::upkeep::may_be_registered;

/// How many pages are read before others get their place.
const PAGES: usize = 10;
/// A list of more pages has no end.
const MOST_PAGES: u32 = 10_000;

/// What a turn is about.
pub(super) struct Turn<'e> {
    pub(super) engine: &'e Engine,
    pub(super) job: &'e Claimed,
    pub(super) tenant: TenantId,
    pub(super) integration: Stored<Integration>,
    pub(super) webhook: WebhookRules,
    rules: Backfill,
    pub(super) stored: Stored<EndpointBackfill>,
}

impl Engine {
    /// Reads some pages of an endpoint's list. What fails at the provider is noted, and is no failure of
    /// the job.
    pub(super) async fn fill_gap(&self, job: &Claimed, tenant: TenantId, id: IntegrationId) -> Result<Outcome> {
        for _ in 0..PAGES {
            match job.signal() {
                Signal::Go => {}
                Signal::Cancel => return Ok(Outcome::done(self.0.store.change())),
                Signal::Stop | Signal::Lost => return Ok(Outcome::park(self.now(), "the server stops")),
            }
            let Some(turn) = Turn::load(self, job, tenant, id).await? else {
                return Ok(Outcome::done(self.0.store.change()));
            };
            if let Some(outcome) = turn.step().await? {
                return Ok(outcome);
            }
        }
        Ok(Outcome::park(self.now(), "others take their turn"))
    }
}

impl<'e> Turn<'e> {
    /// None where there is nothing to read, or nobody to be at the provider.
    async fn load(engine: &'e Engine, job: &'e Claimed, tenant: TenantId, id: IntegrationId) -> Result<Option<Self>> {
        let scope = engine.0.store.tenant(tenant);
        let Some(integration) = scope.get::<Integration>(&id).await?.filter(|one| may_be_registered(one)) else {
            return Ok(None);
        };
        let Some(webhook) = engine.plugin_of(&integration).await?.manifest.webhook else { return Ok(None) };
        let stored = scope.get::<EndpointBackfill>(&id).await?;
        let (Some(rules), Some(stored)) = (webhook.backfill.clone(), stored) else { return Ok(None) };
        Ok(Some(Self { engine, job, tenant, integration, webhook, rules, stored }))
    }

    /// The next page; the outcome where the turn is over.
    async fn step(self) -> Result<Option<Outcome>> {
        let Some(listing) = self.stored.listing.clone() else { return self.begin().await };
        match self.ask(&listing).await? {
            Asked::Page(page) => self.read(listing, page).await,
            Asked::Wait(millis, reason) => self.wait(millis, reason).await,
            Asked::Passing(problem) => self.fail(Some(listing), problem).await,
            Asked::Broken(problem) => self.fail(None, problem).await,
        }
    }

    /// Notes from when on it is read, and what can not be read any more.
    async fn begin(self) -> Result<Option<Outcome>> {
        let (now, mut next) = (self.engine.now(), self.stored.record.clone());
        let span = span(&self.rules, next.complete_until, now);
        next.listing = Some(Listing { since: span.since, begun_at: now, cursor: None, pages: 0 });
        next.epoch = self.engine.jobs().epoch();
        let mut work = self.engine.own_work(Some(self.tenant));
        self.job.guard(work.change())?;
        if let Some(lost) = span.out_of_reach {
            let is_told = next.out_of_reach.is_some_and(|told| told.from == lost.from);
            next.out_of_reach = Some(lost);
            if !is_told {
                let (from, until, id) = (lost.from, lost.until, self.integration.id);
                tracing::warn!(integration.id = %id, %from, %until, "events of this time are out of the provider's reach");
                let data = json!({ "from": from, "until": until });
                work.event(self.tenant, "webhooks.out_of_reach", Some(&self.integration), id, data)?;
            }
        }
        work.tenant(self.tenant).replace(&self.stored, &next)?;
        work.commit().await.map(|()| None)
    }

    /// Takes what is new of a page, and ends where it was the last one.
    async fn read(self, listing: Listing, page: EventPage) -> Result<Option<Outcome>> {
        let pages = listing.pages + 1;
        if page.cursor.is_some() && (page.cursor == listing.cursor || pages >= MOST_PAGES) {
            return self.fail(None, "the provider's list of events does not end".to_owned()).await;
        }
        let (now, mut next) = (self.engine.now(), self.stored.record.clone());
        let is_last = page.cursor.is_none();
        if is_last {
            (next.complete_until, next.listing) = (listing.begun_at, None);
            (next.checked_at, next.next_at) = (Some(now), later(now, every(&self.rules)));
        } else {
            next.listing = Some(Listing { cursor: page.cursor, pages, ..listing.clone() });
        }
        (next.failures, next.last_error) = (0, None);
        self.take(&listing, page.events, next).await?;
        Ok(is_last.then(|| Outcome::done(self.engine.0.store.change())))
    }

    /// Lets the provider alone for a while, which is no failure; what was read is kept.
    async fn wait(self, millis: u64, reason: String) -> Result<Option<Outcome>> {
        let pause = SignedDuration::from_millis(i64::try_from(millis.max(1)).unwrap_or(i64::MAX));
        let until = later(self.engine.now(), pause);
        let next = EndpointBackfill { last_error: Some(reason.clone()), next_at: until, ..self.stored.record.clone() };
        let mut change = self.engine.0.store.change();
        change.tenant(self.tenant).replace(&self.stored, &next)?;
        Ok(Some(Outcome::park(until, reason).with(change)))
    }

    /// Notes that the list could not be read. The position stays; what was found until now is passed on.
    async fn fail(self, listing: Option<Listing>, problem: String) -> Result<Option<Outcome>> {
        let id = self.integration.id;
        tracing::warn!(integration.id = %id, problem, "the provider's list of events could not be read");
        let mut next = self.stored.record.clone();
        next.listing = listing;
        next.failures = next.failures.saturating_add(1);
        next.next_at = later(self.engine.now(), pause(next.failures));
        next.last_error = Some(problem);
        let mut change = self.change()?;
        change.tenant(self.tenant).replace(&self.stored, &next)?;
        parse::enqueue(self.engine, &mut change, self.tenant, id, None).await?;
        match change.commit().await {
            // Disconnected meanwhile, or the queue was just taken up: the job looks again.
            Err(error) if error.kind == ErrorKind::Conflict => Err(error),
            outcome => outcome.map(|_| Some(Outcome::done(self.engine.0.store.change()))),
        }
    }

    /// A change that holds only as long as the job is this worker's.
    pub(super) fn change(&self) -> Result<Change> {
        let mut change = self.engine.0.store.change();
        self.job.guard(&mut change)?;
        Ok(change)
    }
}
