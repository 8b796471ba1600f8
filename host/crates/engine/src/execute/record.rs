//! The record of a call: a write's intent is durable before its first byte leaves, and
//! the outcome is durable before the caller hears of it.

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Change;
use gatehouse_store::records::{ExecutionByIntegration, IdempotentRequest, Intent};

use super::run::Run;
use super::{Ask, idempotency};
use crate::Engine;

impl Engine {
    /// Makes the intent durable where the call may write or the caller may ask again.
    /// Answers the other record where the same key is being used at this very moment.
    pub(super) async fn record_intent(
        &self,
        run: &Run,
        execution: &mut Execution,
        ask: &Ask,
    ) -> Result<Option<Execution>> {
        if ask.deferral.is_some() {
            return self.begin_deferred(execution).await;
        }
        if !needs_intent(execution, ask) {
            return Ok(None);
        }
        let mut change = self.0.store.change();
        begin(&mut change, execution)?;
        change.admin().create(&Intent { tenant: run.tenant, execution: execution.id })?;
        if let Some(key) = &ask.idempotency_key {
            let known = idempotency::request(key, ask, execution, self.now());
            match execution.attempt {
                1 => change.tenant(run.tenant).create(&known)?,
                // The key is ours since the first attempt.
                _ => change.tenant(run.tenant).put(&known)?,
            }
        }
        match change.commit().await {
            Ok(_) => Ok(None),
            Err(error) if error.kind == ErrorKind::Conflict => match self.other(run, ask).await? {
                Some(known) => Ok(Some(known)),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// The record of the request that took the key first.
    async fn other(&self, run: &Run, ask: &Ask) -> Result<Option<Execution>> {
        match (&ask.intent, &ask.idempotency_key) {
            (Some(intent), Some(key)) => self.replay_intent(run.tenant, key, &intent.request_hash).await,
            _ => self.replay(run.tenant, run.integration.id, ask).await,
        }
    }

    /// Makes the outcome durable.
    pub(super) async fn record_outcome(&self, run: &Run, execution: &mut Execution, ask: &Ask) -> Result<()> {
        if ask.deferral.is_some() {
            let goes_on = ask.intent.as_ref().is_some_and(|intent| intent.more);
            return self.end_deferred(execution, goes_on).await;
        }
        let execution = &*execution;
        let mut work = self.own_work(Some(run.tenant));
        if needs_intent(execution, ask) {
            work.tenant(run.tenant).put(execution)?;
            work.admin().delete::<Intent>(&execution.id)?;
            if let Some(key) = ask.idempotency_key.as_ref().filter(|_| ends_intent(execution, ask)) {
                let last = IdempotentRequest { open: false, ..idempotency::request(key, ask, execution, self.now()) };
                work.tenant(run.tenant).put(&last)?;
            }
        } else {
            begin(work.change(), execution)?;
        }
        self.enter_ledger(&mut work, execution).await?;
        work.commit().await.map(|_| ())
    }
}

fn needs_intent(execution: &Execution, ask: &Ask) -> bool {
    execution.effect == Effect::Write || ask.idempotency_key.is_some()
}

/// Whether an attempt that others could have followed is the last after all.
fn ends_intent(execution: &Execution, ask: &Ask) -> bool {
    ask.intent.as_ref().is_some_and(|intent| intent.more) && crate::routing::may_fail_over(execution).is_err()
}

pub(crate) fn begin(change: &mut Change, execution: &Execution) -> Result<()> {
    change.tenant(execution.tenant).create(execution)?;
    let index = ExecutionByIntegration { integration: execution.integration, execution: execution.id };
    change.tenant(execution.tenant).create(&index)?;
    Ok(())
}
