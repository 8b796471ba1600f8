//! The job that makes the calls of a batch, a slice at a time: after each it goes to the end of
//! its lane, so that others have their turn. It knows nothing but what is stored, so it may be cut
//! off anywhere and begun again.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use gatehouse_domain::batch::{Batch, Counts, Item, Mode, Refusal};
use gatehouse_domain::execution::{Deferred, Outcome as End};
use gatehouse_domain::id::{BatchId, TenantId};
use gatehouse_domain::job::Class;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::QueuedCall;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::standing::{Standing, counts, is_stopped};
use crate::Engine;
use crate::deferred::{Deferral, Made, PATIENCE};
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, OnWaiting, Outcome, Signal, Tries, Unique, Verdict, payload_of};

/// The kind of these jobs.
const KIND: &str = "batch.drive";
/// How many calls of one batch run at the same time.
const AT_ONCE: usize = 8;
/// How long a slice lasts; calls that are under way at its end are waited for.
const SLICE: Duration = Duration::from_secs(2);

/// Makes batches. The engine holds it, so it does not hold the engine.
pub(crate) struct Drive(Weak<Inner>);

/// Which batch a job is about.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    batch: BatchId,
}

/// What came of a call.
enum Step {
    /// It was made, and did or did not succeed; or it was refused, or taken back.
    Over(End),
    /// It can not be made now.
    Later(Timestamp),
    /// As many calls run as may: it can be made when one of them has ended.
    Crowded(Item, Timestamp),
}

/// The job of a batch. One of them waits, and they run one after the other.
pub(super) fn new_job(tenant: TenantId, batch: BatchId) -> Result<NewJob> {
    let payload = payload_of(Payload { tenant, batch })?;
    let key = batch.to_string();
    Ok(NewJob {
        tenant: Some(tenant),
        class: Class::Bulk,
        group: Some(format!("batch {key}")),
        unique: Some(Unique { key, on_waiting: OnWaiting::Replace }),
        ..NewJob::new(KIND, payload)
    })
}

impl Drive {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Drive {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// It is never given up: each call has an end of its own.
    fn tries(&self) -> Tries {
        Tries { most: u32::MAX, cap: SignedDuration::from_mins(1), ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, batch: id } = job.payload()?;
        let Some(batch) = engine.open_batch(tenant, id).await? else { return Ok(Verdict::Done.into()) };
        let later = engine.slice(tenant, &batch, job).await?;
        match engine.note_progress(tenant, id, job).await {
            Ok(true) => Ok(Outcome::settled()),
            Ok(false) => Ok(Outcome::park(later.unwrap_or(engine.now()), "there is more of the batch")),
            // It was taken back at this moment.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(Outcome::park(engine.now(), error.message)),
            Err(error) => Err(error),
        }
    }
}

impl Engine {
    async fn open_batch(&self, tenant: TenantId, id: BatchId) -> Result<Option<Stored<Batch>>> {
        let stored = self.0.store.tenant(tenant).get::<Batch>(&id).await?;
        Ok(stored.filter(|batch| batch.finished_at.is_none()))
    }

    /// Makes calls of a batch until its time is over or nothing is left to do. Answers until when
    /// to wait, where all that is left waits.
    async fn slice(&self, tenant: TenantId, batch: &Batch, job: &Claimed) -> Result<Option<Timestamp>> {
        let standings = self.standings(tenant, batch.id).await?;
        let mut counts = counts(&standings);
        let is_open = |standing: &Standing| standing.outcome == End::Queued;
        let mut open: VecDeque<Item> = standings.into_iter().filter(is_open).map(|standing| standing.item).collect();
        let until = Instant::now() + SLICE;
        let most = if batch.mode == Mode::Sequential { 1 } else { AT_ONCE };
        let (mut under_way, mut later, mut at_once) = (JoinSet::new(), None::<Timestamp>, most);
        loop {
            let waits_in_line = later.is_some() && (batch.mode == Mode::Sequential || at_once == 0);
            let goes_on = job.signal() == Signal::Go && Instant::now() < until && !waits_in_line;
            while goes_on && under_way.len() < at_once && !is_stopped(batch, &counts) {
                let Some(item) = open.pop_front() else { break };
                let (engine, batch) = (self.clone(), batch.clone());
                under_way.spawn(async move { engine.make_item(tenant, &batch, item).await });
            }
            let Some(ended) = under_way.join_next().await else { break };
            let first_of = |at: Timestamp| Some(later.map_or(at, |first| first.min(at)));
            match ended.map_err(|error| Error::internal("a call of a batch was cut off").caused_by(error))?? {
                Step::Over(end) => {
                    counts.add(end);
                    at_once = (at_once + 1).min(most);
                }
                Step::Later(at) => later = first_of(at),
                Step::Crowded(item, at) => {
                    open.push_front(item);
                    at_once = under_way.len();
                    later = if at_once == 0 { first_of(at) } else { later };
                }
            }
        }
        if at_once == 0 {
            return Ok(later);
        }
        let waits = open.is_empty() || batch.mode == Mode::Sequential;
        Ok(later.filter(|_| waits))
    }

    async fn make_item(&self, tenant: TenantId, batch: &Batch, item: Item) -> Result<Step> {
        let about = Deferred { accepted_at: batch.created_at, job: None, batch: Some(batch.id), waits_for: None };
        let deferral = Deferral { id: item.execution, about };
        match self.make_deferred(tenant, deferral).await? {
            Made::Ended | Made::Gone => {}
            Made::Later(at, error) if error.kind == ErrorKind::Overloaded => return Ok(Step::Crowded(item, at)),
            Made::Later(at, _) if self.now().duration_since(batch.moved_at) < PATIENCE => return Ok(Step::Later(at)),
            Made::Later(_, error) | Made::Refused(error) => self.refuse_item(tenant, &item, error).await?,
        }
        let item = self.0.store.tenant(tenant).get::<Item>(&(item.batch, item.index)).await?.map(|item| item.record);
        let Some(item) = item else { return Ok(Step::Over(End::Cancelled)) };
        Ok(Step::Over(self.standing(tenant, item).await?.outcome))
    }

    /// Keeps why a call is not made, unless it has a record that tells.
    async fn refuse_item(&self, tenant: TenantId, item: &Item, error: Error) -> Result<()> {
        if let Some(stored) = self.queued(tenant, item.execution).await? {
            return self.refuse_queued(&stored, &error).await;
        }
        let refused = Some(Refusal { message: error.message, errors: error.problems });
        let mut change = self.0.store.change();
        change.tenant(tenant).require::<QueuedCall>(&item.execution)?;
        change.tenant(tenant).put(&Item { refused, ..item.clone() })?;
        match change.commit().await {
            // Taken back, or begun after all.
            Err(error) if error.kind == ErrorKind::Conflict => return Ok(()),
            outcome => outcome?,
        };
        let mut change = self.0.store.change();
        change.tenant(tenant).delete::<QueuedCall>(&item.execution)?;
        change.commit().await.map(|_| ())
    }

    /// Stores how far the batch has come, and its end with the job's. Whether it has ended.
    async fn note_progress(&self, tenant: TenantId, id: BatchId, job: &Claimed) -> Result<bool> {
        let Some(stored) = self.open_batch(tenant, id).await? else { return Ok(false) };
        let mut standings = self.standings(tenant, id).await?;
        let mut work = self.own_work(Some(tenant));
        if is_stopped(&stored, &counts(&standings)) {
            self.take_back_items(&mut work, tenant, &mut standings).await?;
        }
        let counts: Counts = counts(&standings);
        let mut next = Batch { counts, ..stored.record.clone() };
        if counts.queued != stored.counts.queued {
            next.moved_at = self.now();
        }
        if !counts.all_ended() {
            work.tenant(tenant).replace(&stored, &next)?;
            return work.commit().await.map(|()| false);
        }
        next.finished_at = Some(self.now());
        work.tenant(tenant).replace(&stored, &next)?;
        let data = json!({ "total": next.total, "counts": counts, "cancelled": next.cancelled_at.is_some() });
        work.event(tenant, "batch.finished", None, id, data)?;
        job.done(work.change())?;
        work.commit().await.map(|()| true)
    }
}
