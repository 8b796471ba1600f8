//! The unknown-outcome ledger: a write whose answer was lost stays unknown until the provider or
//! a person says what became of it. Nothing here assumes an outcome.
//!
//! opened with the outcome → a job asks → plan → repeat or look up → verdict → settled, or later.

use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::event::Event;
use gatehouse_domain::execution::{Execution, Outcome, Unresolved};
use gatehouse_domain::time::Timestamp;
use gatehouse_store::records::UnknownExecution;
use serde_json::json;

mod attempt;
mod backoff;
mod job;
mod manual;
mod plan;
mod verdict;

pub(crate) use job::Resolve;
pub use manual::Decision;

use crate::Engine;
use crate::work::Work;

/// How outcomes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long to wait before the first attempt; each further wait is twice as long.
    pub first_retry: Duration,
    /// The longest wait between two attempts.
    pub max_retry: Duration,
    /// How long to go on before it is left to a person.
    pub give_up: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let hour = Duration::from_secs(3_600);
        Self { first_retry: Duration::from_secs(10), max_retry: hour, give_up: 168 * hour }
    }
}

impl Engine {
    /// Begins to ask for the outcome of a write that has become unknown; of any other, does nothing.
    pub(crate) fn open_ledger(&self, execution: &mut Execution) -> Result<()> {
        if execution.outcome != Outcome::Unknown {
            return Ok(());
        }
        let now = self.now();
        let first = backoff::wait(&self.0.policy.ledger, 0, crate::clock::random()?);
        execution.unresolved = Some(Unresolved {
            first_sent_at: execution.started_at,
            last_sent_at: now,
            attempts: 0,
            repeats: 0,
            absences: 0,
            next_attempt_at: Some(backoff::after(now, first)),
            repeating_until: None,
            by_hand: None,
            last_note: None,
        });
        Ok(())
    }

    /// Adds to a work what has to be kept beside an execution whose outcome has become unknown:
    /// its place in the list, the job that asks, and the event.
    pub(crate) async fn enter_ledger(&self, work: &mut Work, execution: &Execution) -> Result<()> {
        let Some(unresolved) = &execution.unresolved else { return Ok(()) };
        let entry = UnknownExecution { execution: execution.id, integration: execution.integration };
        work.tenant(execution.tenant).create(&entry)?;
        job::enqueue(self, work, execution, unresolved.next_attempt_at.unwrap_or(Timestamp::MAX)).await?;
        self.tell_of(work, "execution.unknown", execution)
    }

    /// Adds to a work what an outcome that is known now changes beside the execution.
    fn leave_ledger(&self, work: &mut Work, execution: &Execution) -> Result<()> {
        work.tenant(execution.tenant).delete::<UnknownExecution>(&execution.id)?;
        self.tell_of(work, "execution.resolved", execution)
    }

    fn tell_of(&self, work: &mut Work, kind: &str, execution: &Execution) -> Result<()> {
        let now = self.now();
        let how = execution.resolution.as_ref().map(|resolution| resolution.how);
        let by_hand = execution.unresolved.as_ref().and_then(|known| known.by_hand.as_ref());
        let data = json!({
            "capability": execution.capability, "outcome": execution.outcome, "how": how, "reason": by_hand,
        });
        let event = Event {
            id: self.new_id()?,
            kind: kind.to_owned(),
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
