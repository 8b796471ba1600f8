//! From durable bytes to events: the gateway parses what the host has verified.
//!
//! Each integration has its own queue in the store and one job that works on it, so a gateway that
//! is slow or broken holds up its own integration and no other. A delivery that was answered with
//! 2xx is parsed even when the server is killed in between.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::job::Class;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::records::{EndpointBackfill, PendingDelivery};
use gatehouse_store::{Change, Page};
use serde::{Deserialize, Serialize};

use super::events::{Parsed, parse_one};
use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, OnWaiting, Outcome, Signal, Tries, Unique, When, payload_of};

const KIND: &str = "webhook.parse";
/// How long a job works before it lets others have its place.
const SLICE: Duration = Duration::from_secs(2);
/// How many deliveries are read from the queue at a time.
const BATCH: usize = 32;
/// After so many faults in a row the gateway itself is broken, and not a delivery.
const BROKEN: u32 = 3;
/// How long a broken gateway rests before it is asked again.
const REST: SignedDuration = SignedDuration::from_secs(60);

/// Works on the queue of an integration. The engine holds it, so it does not hold the engine.
pub(crate) struct Parse {
    engine: Weak<Inner>,
    rests: Rests,
}

/// How often each gateway faulted in a row of late, and until when it rests. A restart forgets it,
/// and a broken gateway then shows anew that it is.
#[derive(Default)]
struct Rests(Mutex<HashMap<IntegrationId, (u32, Timestamp)>>);

impl Rests {
    /// Until when the gateway of an integration rests, where it does.
    fn until(&self, integration: IntegrationId, now: Timestamp) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&integration).filter(|(faults, until)| *faults >= BROKEN && now < *until).map(|(_, until)| *until)
    }

    fn note_fault(&self, integration: IntegrationId, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (faults, until) = known.entry(integration).or_insert((0, now));
        *faults += 1;
        if *faults >= BROKEN {
            *until = now.saturating_add(REST).unwrap_or(Timestamp::MAX);
            tracing::warn!(integration.id = %integration, faults, "a gateway faults at each delivery; it rests");
        }
    }

    fn forget(&self, integration: IntegrationId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&integration);
    }
}

/// Whose queue.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    integration: IntegrationId,
}

/// Where a slice of work has ended.
enum Ended {
    /// The queue is empty.
    Empty,
    /// There is more to do at once.
    More,
    /// There is more to do later.
    Later(Timestamp),
}

/// Sees that the queue of an integration is worked on, now or at a time, from the commit of the
/// change on.
pub(super) async fn enqueue(
    engine: &Engine,
    change: &mut Change,
    tenant: TenantId,
    integration: IntegrationId,
    at: Option<Timestamp>,
) -> Result<()> {
    let payload = payload_of(Payload { tenant, integration })?;
    // The one that waits for its time must not hold up what comes now.
    let unique = match at {
        None => Unique { key: integration.to_string(), on_waiting: OnWaiting::Ignore },
        Some(_) => Unique { key: format!("{integration}/later"), on_waiting: OnWaiting::Replace },
    };
    let job = NewJob {
        tenant: Some(tenant),
        class: Class::Webhook,
        when: at.map_or(When::Now, When::At),
        unique: Some(unique),
        group: Some(format!("webhook/{integration}")),
        ..NewJob::new(KIND, payload)
    };
    engine.jobs().enqueue(&mut change.admin(), job).await.map(|_| ())
}

impl Parse {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self { engine: std::sync::Arc::downgrade(&engine.0), rests: Rests::default() }
    }
}

#[async_trait]
impl Handler for Parse {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// What is given up is a delivery, with its reason, and never the queue.
    fn tries(&self) -> Tries {
        Tries { most: u32::MAX, cap: SignedDuration::from_secs(60), ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.engine)?;
        let Payload { tenant, integration } = job.payload()?;
        let ended = work_on(&engine, job, integration, &self.rests).await?;
        let mut change = engine.0.store.change();
        match ended {
            Ended::Empty => {}
            Ended::More => enqueue(&engine, &mut change, tenant, integration, None).await?,
            Ended::Later(at) => enqueue(&engine, &mut change, tenant, integration, Some(at)).await?,
        }
        Ok(Outcome::done(change))
    }
}

/// Whether what was listed waits: until the list was read to its end, or could not be.
async fn holds_listed(engine: &Engine, pending: &[PendingDelivery]) -> Result<bool> {
    let Some(listed) = pending.iter().find(|pending| pending.listed) else { return Ok(false) };
    let kept = engine.0.store.tenant(listed.tenant).get::<EndpointBackfill>(&listed.integration).await?;
    Ok(kept.is_some_and(|kept| kept.listing.is_some() && kept.failures == 0))
}

/// Parses what is due, oldest first, for as long as a slice lasts.
async fn work_on(engine: &Engine, job: &Claimed, integration: IntegrationId, rests: &Rests) -> Result<Ended> {
    let started = Instant::now();
    let mut page = Page::first(BATCH);
    let mut next: Option<Timestamp> = None;
    loop {
        let queue = engine.0.store.admin().list_under::<PendingDelivery>(&integration.to_bytes(), &page).await?;
        let holds = holds_listed(engine, &queue.items).await?;
        for pending in &queue.items {
            let is_new = pending.listed && pending.attempts == 0;
            if pending.not_before > engine.now() && (holds || !is_new) {
                next = Some(next.map_or(pending.not_before, |next| next.min(pending.not_before)));
                continue;
            }
            if job.signal() != Signal::Go || started.elapsed() > SLICE {
                return Ok(Ended::More);
            }
            if let Some(until) = rests.until(integration, engine.now()) {
                return Ok(Ended::Later(until));
            }
            match parse_one(engine, pending).await? {
                Parsed::Settled => rests.forget(integration),
                Parsed::Later(at) => next = Some(next.map_or(at, |next| next.min(at))),
                Parsed::Fault(at) => {
                    rests.note_fault(integration, engine.now());
                    next = at.into_iter().chain(next).min();
                }
            }
        }
        match queue.next {
            Some(next) => page.after = Some(next),
            None => return Ok(next.map_or(Ended::Empty, Ended::Later)),
        }
    }
}
