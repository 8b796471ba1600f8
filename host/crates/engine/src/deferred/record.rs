//! The record of an accepted call as it is begun and ended. One record stands for the call,
//! whoever serves it in the end: an attempt that leaves the call to the next one moves into a
//! record of its own.

use gatehouse_domain::event::Event;
use gatehouse_domain::execution::{Execution, Fault, Outcome};
use gatehouse_domain::id::{ExecutionId, TenantId};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{ExecutionByIntegration, Intent, QueuedCall};
use gatehouse_store::{Change, Stored};
use serde_json::json;

use crate::Engine;
use crate::execute::record::begin;
use crate::routing::may_fail_over;
use crate::work::Work;

/// How often a beginning is tried again that lost against a note on the same record.
const RETRIES: usize = 8;

impl Engine {
    /// Makes durable that an accepted call is begun, if nobody took it back and nobody has begun
    /// it; else answers its record as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where it was taken back before it had a record.
    pub(crate) async fn begin_deferred(&self, execution: &mut Execution) -> Result<Option<Execution>> {
        for _ in 0..RETRIES {
            let stored = self.0.store.tenant(execution.tenant).get::<Execution>(&execution.id).await?;
            if let Some(stored) = &stored {
                if stored.outcome != Outcome::Queued {
                    return Ok(Some(stored.record.clone()));
                }
                execution.failover_of = execution.failover_of.or(stored.failover_of);
                execution.attempt = execution.attempt.max(stored.attempt);
                if let (Some(known), Some(deferred)) = (&stored.deferred, &mut execution.deferred) {
                    deferred.job = known.job;
                }
            }
            match self.begin_once_more(stored.as_ref(), execution).await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                begun => return begun.map(|()| None),
            }
        }
        Err(Error::conflict(format!("the execution `{}` was taken back before it was begun", execution.id)))
    }

    async fn begin_once_more(&self, stored: Option<&Stored<Execution>>, execution: &Execution) -> Result<()> {
        let mut change = self.0.store.change();
        match stored {
            None => begin(&mut change, execution)?,
            Some(stored) => replace(&mut change, stored, execution)?,
        }
        change.tenant(execution.tenant).require::<QueuedCall>(&execution.id)?;
        change.admin().create(&Intent { tenant: execution.tenant, execution: execution.id })?;
        change.commit().await.map(|_| ())
    }

    /// Makes the outcome of an attempt at an accepted call durable. Where the call `goes_on` with
    /// somebody else, the attempt gets a record and an id of its own.
    pub(crate) async fn end_deferred(&self, execution: &mut Execution, goes_on: bool) -> Result<()> {
        let mut work = self.own_work(Some(execution.tenant));
        work.admin().delete::<Intent>(&execution.id)?;
        if goes_on && may_fail_over(execution).is_ok() {
            let past = Execution { id: self.new_id()?, deferred: None, ..execution.clone() };
            begin(work.change(), &past)?;
            let queued = Execution { outcome: Outcome::Queued, failover_of: Some(past.id), ..blank(execution) };
            work.tenant(execution.tenant).put(&queued)?;
            work.commit().await?;
            *execution = past;
            return Ok(());
        }
        work.tenant(execution.tenant).put(&*execution)?;
        self.enter_ledger(&mut work, execution).await?;
        self.close_deferred(&mut work, execution)?;
        work.commit().await
    }

    /// Ends an accepted call that nobody is left to serve, as its last attempt ended.
    pub(crate) async fn end_as(&self, tenant: TenantId, id: ExecutionId, last: &Execution) -> Result<Execution> {
        let stored = self.0.store.tenant(tenant).get::<Execution>(&id).await?;
        let Some(stored) = stored.filter(|stored| stored.outcome == Outcome::Queued) else { return Ok(last.clone()) };
        let next = Execution {
            id,
            deferred: stored.deferred.clone(),
            failover_of: Some(last.id),
            finished_at: Some(self.now()),
            ..last.clone()
        };
        self.end_queued(&stored, &next).await?;
        Ok(next)
    }

    /// Ends an accepted call that can not be made.
    pub(crate) async fn refuse_queued(&self, stored: &Stored<Execution>, error: &Error) -> Result<()> {
        let next = Execution {
            outcome: Outcome::Failed,
            fault: Some(Fault::Host { message: in_words(error) }),
            finished_at: Some(self.now()),
            ..stored.record.clone()
        };
        match self.end_queued(stored, &next).await {
            // Taken back meanwhile.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            ended => ended,
        }
    }

    async fn end_queued(&self, stored: &Stored<Execution>, next: &Execution) -> Result<()> {
        let mut work = self.own_work(Some(next.tenant));
        replace(work.change(), stored, next)?;
        self.close_deferred(&mut work, next)?;
        work.commit().await
    }

    /// Adds to a work what the end of an accepted call changes beside its record: what it carried
    /// is forgotten, and the host app is told. Of any other call, does nothing.
    pub(crate) fn close_deferred(&self, work: &mut Work, execution: &Execution) -> Result<()> {
        let Some(deferred) = &execution.deferred else { return Ok(()) };
        work.tenant(execution.tenant).delete::<QueuedCall>(&execution.id)?;
        let now = self.now();
        let data = json!({ "capability": execution.capability, "outcome": execution.outcome, "batch": deferred.batch });
        let event = Event {
            id: self.new_id()?,
            kind: "execution.finished".to_owned(),
            integration: Some(execution.integration),
            provider: Some(execution.provider.clone()),
            told: None,
            subject: Some(execution.id.to_string()),
            data,
            occurred_at: now,
            received_at: now,
        };
        work.tell(execution.tenant, &event)
    }
}

/// An error as a record tells it: its sentence, and where it was.
pub(crate) fn in_words(error: &Error) -> String {
    let hidden = matches!(error.kind, ErrorKind::Internal | ErrorKind::Corrupt);
    if hidden {
        return "the server failed; its log has the reason".to_owned();
    }
    error
        .problems
        .iter()
        .fold(error.message.clone(), |text, problem| format!("{text}; {}: {}", problem.path, problem.message))
}

/// Exchanges a record for its next form, and its place in the integration's list with it.
fn replace(change: &mut Change, stored: &Stored<Execution>, next: &Execution) -> Result<()> {
    let mut scope = change.tenant(next.tenant);
    scope.replace(stored, next)?;
    if stored.integration != next.integration {
        scope.delete::<ExecutionByIntegration>(&(stored.integration, stored.id))?;
        scope.create(&ExecutionByIntegration { integration: next.integration, execution: next.id })?;
    }
    Ok(())
}

/// The record of a call without what came of an attempt.
fn blank(execution: &Execution) -> Execution {
    Execution {
        result: None,
        error: None,
        fault: None,
        calls: Vec::new(),
        log: Vec::new(),
        tries: 0,
        finished_at: None,
        duration_us: 0,
        ..execution.clone()
    }
}
