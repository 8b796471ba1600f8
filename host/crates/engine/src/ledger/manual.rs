//! A person settles what nobody else can tell, audited.

use gatehouse_domain::execution::{Execution, How, Outcome, Resolution};
use gatehouse_domain::guest::{GuestError, GuestErrorKind};
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::{Error, Problem, Result};
use serde_json::Value;

use super::attempt::resolved;
use crate::narrow::Lens;
use crate::{Caller, Engine};

/// The longest note, in characters.
const MAX_NOTE: usize = 1_000;

/// What a person says became of a write.
#[derive(Debug, Clone)]
pub struct Decision {
    /// [`Outcome::Succeeded`] or [`Outcome::Failed`].
    pub outcome: Outcome,
    /// The result, where it was done and is known; it has to fit the capability's schema.
    pub result: Option<Value>,
    /// What it rests on.
    pub note: String,
}

impl Engine {
    /// Settles an execution whose outcome is unknown.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`]; [`gatehouse_domain::ErrorKind::Conflict`] where
    /// the outcome is known, or is being found out at this moment;
    /// [`gatehouse_domain::ErrorKind::Invalid`] for a decision that says too little or too much.
    pub async fn resolve_execution(&self, by: &Caller, id: ExecutionId, says: Decision) -> Result<Execution> {
        check(&says)?;
        let tenant = by.tenant()?;
        let stored = self.0.store.tenant(tenant).get::<Execution>(&id).await?;
        let stored = stored.ok_or_else(|| Error::not_found("execution", id))?;
        if !Lens::new(self, by).sees(&stored.record).await? {
            return Err(Error::not_found("execution", id));
        }
        self.check_open(&stored)?;
        let note = says.note.trim().to_owned();
        let end = match (says.outcome, says.result) {
            (Outcome::Succeeded, Some(result)) => Ok(self.checked(&stored, &result).await?),
            (Outcome::Succeeded, None) => Ok(Value::Null),
            _ => Err(not_done(&note)),
        };
        let attempts = stored.unresolved.as_ref().map_or(0, |known| known.attempts);
        let resolution = Resolution { how: How::Manual, by: Some(by.key.id), at: self.now(), attempts, note };
        let mut next = resolved(&stored.record, resolution, end);
        self.map_result(&mut next).await;
        let mut work = self.work(by);
        work.tenant(tenant).replace(&stored, &next)?;
        self.leave_ledger(&mut work, &next)?;
        work.audit("execution.resolved", next.id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(next)
    }

    fn check_open(&self, execution: &Execution) -> Result<()> {
        let id = execution.id;
        if execution.outcome != Outcome::Unknown {
            let message = format!("the outcome of the execution `{id}` is not unknown; only an unknown one is settled");
            return Err(Error::conflict(message));
        }
        let until = execution.unresolved.as_ref().and_then(|known| known.repeating_until);
        let left = until.map_or(0, |until| until.as_millisecond().saturating_sub(self.now().as_millisecond()));
        match u64::try_from(left) {
            Ok(left) if left > 0 => {
                let message = format!("the execution `{id}` is being sent again at this moment; settle it later");
                Err(Error::conflict(message).retry_after(left))
            }
            _ => Ok(()),
        }
    }

    async fn checked(&self, execution: &Execution, result: &Value) -> Result<Value> {
        let plugin = self.plugin(&execution.plugin).await?;
        plugin.check_result(&execution.capability, result).map_err(|mut error| {
            for problem in &mut error.problems {
                problem.path = problem.path.replacen('$', "$.result", 1);
            }
            error
        })
    }
}

fn check(says: &Decision) -> Result<()> {
    let mut problems = Vec::new();
    if !matches!(says.outcome, Outcome::Succeeded | Outcome::Failed) {
        problems.push(Problem::at("$.outcome", "must be succeeded or failed"));
    }
    if says.outcome == Outcome::Failed && says.result.is_some() {
        problems.push(Problem::at("$.result", "what was not done has no result; leave it out"));
    }
    let length = says.note.trim().chars().count();
    if !(1..=MAX_NOTE).contains(&length) {
        let message = format!("must say in 1 to {MAX_NOTE} characters what the decision rests on");
        problems.push(Problem::at("$.note", message));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::problems("the decision can not be taken", problems)) }
}

fn not_done(note: &str) -> GuestError {
    GuestError {
        kind: GuestErrorKind::Unavailable,
        message: format!("a person found that nothing was done: {note}"),
        provider_code: None,
        http_status: None,
        retry_after_ms: None,
    }
}
