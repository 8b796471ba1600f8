//! The job that makes an accepted call. It carries no secret: what the call carries is sealed
//! beside it. It may run twice or late and do no harm, as a call is begun only once.

use std::sync::Weak;
use std::time::Duration;

use async_trait::async_trait;
use gatehouse_domain::execution::{Execution, Outcome as End};
use gatehouse_domain::id::{ExecutionId, TenantId};
use gatehouse_domain::job::Class;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::QueuedCall;
use serde::{Deserialize, Serialize};

use super::{Deferral, PATIENCE, Wish};
use crate::Engine;
use crate::engine::Inner;
use crate::execute::Ask;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Tries, Verdict, payload_of};

/// The kind of these jobs.
const KIND: &str = "execution.make";
/// The shortest and the longest pause before a provider that takes nothing now is asked again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(60));

/// Makes accepted calls. The engine holds it, so it does not hold the engine.
pub(crate) struct Make(Weak<Inner>);

/// What came of it.
pub(crate) enum Made {
    /// It is over, or somebody else sees to it.
    Ended,
    /// It was taken back before.
    Gone,
    /// It can not be made, however often it is tried.
    Refused(Error),
    /// It can not be made now.
    Later(Timestamp, Error),
}

/// Which call a job is about.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    execution: ExecutionId,
}

/// The job for a call.
pub(super) fn new_job(tenant: TenantId, execution: ExecutionId, class: Class) -> Result<NewJob> {
    let payload = payload_of(Payload { tenant, execution })?;
    Ok(NewJob { tenant: Some(tenant), class, ..NewJob::new(KIND, payload) })
}

impl Make {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(std::sync::Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Make {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// It is never given up here: that is decided by the call's age, and stands in its record.
    fn tries(&self) -> Tries {
        Tries { most: u32::MAX, cap: SignedDuration::from_mins(1), ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, execution } = job.payload()?;
        let Some(stored) = engine.queued(tenant, execution).await? else { return Ok(Verdict::Done.into()) };
        let Some(about) = stored.deferred.clone() else { return Ok(Verdict::Done.into()) };
        let accepted_at = about.accepted_at;
        match engine.make_deferred(tenant, Deferral { id: execution, about }).await? {
            Made::Ended | Made::Gone => Ok(Verdict::Done.into()),
            Made::Later(at, error) if engine.now().duration_since(accepted_at) < PATIENCE => {
                engine.note_waiting(tenant, execution, &error).await?;
                Ok(Outcome::park(at, error.message))
            }
            Made::Later(_, error) | Made::Refused(error) => {
                // As it is now: attempts may have been made of it.
                if let Some(stored) = engine.queued(tenant, execution).await? {
                    engine.refuse_queued(&stored, &error).await?;
                }
                Ok(Verdict::Done.into())
            }
        }
    }
}

impl Engine {
    /// Makes an accepted call, if nobody has begun it or taken it back.
    ///
    /// # Errors
    /// Whatever the store says; it is to be tried again then.
    pub(crate) async fn make_deferred(&self, tenant: TenantId, deferral: Deferral) -> Result<Made> {
        let Some(call) = self.0.store.tenant(tenant).get::<QueuedCall>(&deferral.id).await? else {
            return Ok(Made::Gone);
        };
        let Err(error) = self.make_call(tenant, &call, deferral).await else { return Ok(Made::Ended) };
        match error.kind {
            ErrorKind::StorageFull | ErrorKind::Internal | ErrorKind::Corrupt => Err(error),
            ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::CircuitOpen | ErrorKind::Overloaded => {
                let pause = Duration::from_millis(error.retry_after_ms.unwrap_or(1_000)).clamp(PAUSES.0, PAUSES.1);
                Ok(Made::Later(self.now().saturating_add(pause).unwrap_or(Timestamp::MAX), error))
            }
            _ => Ok(Made::Refused(error)),
        }
    }

    async fn make_call(&self, tenant: TenantId, call: &QueuedCall, deferral: Deferral) -> Result<()> {
        let by = self.caller_again(tenant, call).await?;
        let Wish { direct, wanted } = self.open_call(tenant, call).await?;
        let deferral = Some(Box::new(deferral));
        if !direct {
            return self.attempt_intent(&by, wanted, deferral).await.map(drop);
        }
        let integration = self.integration(&by, wanted.integration.as_deref().unwrap_or_default()).await?;
        let ask = Ask {
            capability: wanted.capability,
            parameters: wanted.parameters,
            idempotency_key: wanted.idempotency_key,
            deferral,
            mapping: wanted.mapping.into(),
            ..Ask::default()
        };
        Ok(self.attempt(&by, &integration.record, ask).await.map(drop)?)
    }

    /// The record of a call that is not begun.
    pub(crate) async fn queued(&self, tenant: TenantId, id: ExecutionId) -> Result<Option<Stored<Execution>>> {
        let stored = self.0.store.tenant(tenant).get::<Execution>(&id).await?;
        Ok(stored.filter(|stored| stored.outcome == End::Queued))
    }

    /// Says in a call's record what it waits for, where that is something else than before.
    async fn note_waiting(&self, tenant: TenantId, id: ExecutionId, error: &Error) -> Result<()> {
        let Some(stored) = self.queued(tenant, id).await? else { return Ok(()) };
        let mut next = stored.record.clone();
        let Some(deferred) = next.deferred.as_mut() else { return Ok(()) };
        if deferred.waits_for.is_some() {
            return Ok(());
        }
        deferred.waits_for = Some(super::record::in_words(error));
        let mut change = self.0.store.change();
        change.tenant(tenant).replace(&stored, &next)?;
        match change.commit().await {
            Err(error) if error.kind != ErrorKind::Conflict => Err(error),
            _ => Ok(()),
        }
    }
}
