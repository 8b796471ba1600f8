//! The job that asks for an outcome. It carries no state of its own: when to ask, and what is
//! known, stands in the execution's record, so that a job may run twice or late and do no harm.

use std::sync::Weak;

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::{ExecutionId, TenantId};
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::attempt::Next;
use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Tries, Verdict, When, payload_of};
use crate::work::Work;

/// The kind of these jobs.
const KIND: &str = "execution.resolve";

/// Asks for outcomes. The engine holds it, so it does not hold the engine.
pub(crate) struct Resolve(Weak<Inner>);

/// Which execution a job is about.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    execution: ExecutionId,
}

/// Has the outcome of an execution asked for at a moment, from the commit of `work` on.
pub(super) async fn enqueue(engine: &Engine, work: &mut Work, execution: &Execution, at: Timestamp) -> Result<()> {
    let payload = payload_of(Payload { tenant: execution.tenant, execution: execution.id })?;
    let job = NewJob { tenant: Some(execution.tenant), when: When::At(at), ..NewJob::new(KIND, payload) };
    engine.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
}

impl Resolve {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(std::sync::Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Resolve {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// It is never given up here: that is the ledger's own decision, with its reason.
    fn tries(&self) -> Tries {
        Tries { most: u32::MAX, ..Tries::default() }
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, execution } = job.payload()?;
        Ok(match engine.ask_for_outcome(tenant, execution).await? {
            Next::Never => Verdict::Done.into(),
            Next::At(at) => Outcome::park(at, "its outcome is not known yet"),
        })
    }
}
