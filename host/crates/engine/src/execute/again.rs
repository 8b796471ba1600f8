//! Making a past call again, as an execution of its own. Never one that may have been done.

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::ExecutionId;
use gatehouse_domain::{Error, Result};

use super::Ask;
use crate::mapping::Through;
use crate::{Caller, Engine};

impl Engine {
    /// Makes a past call again with its parameters, through the same integration.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where that could do something twice, or where the
    /// parameters are not kept whole; else as [`Engine::execute`].
    pub async fn replay_execution(&self, by: &Caller, id: ExecutionId, key: Option<String>) -> Result<Execution> {
        let past = self.execution(by, id).await?;
        check(&past)?;
        let ask = Ask {
            capability: past.capability,
            parameters: past.parameters,
            idempotency_key: key,
            replay_of: Some(past.id),
            // Its parameters are those after the mapping.
            mapping: past.mapping.map_or(Through::Asked(false), |mapped| Through::Already(mapped.version)),
            ..Ask::default()
        };
        self.execute(by, &past.integration.to_string(), ask).await
    }
}

fn check(past: &Execution) -> Result<()> {
    let why_not = match (past.outcome, past.effect) {
        (Outcome::Queued, _) => "has not begun; wait for its outcome",
        (Outcome::Running, _) => "is still running; wait for its outcome",
        (Outcome::Unknown, _) => "may have been done: wait until its outcome is found out, or settle it",
        (Outcome::Succeeded, Effect::Write) => "was done; to do it once more, execute it as a call of its own",
        _ if !past.exact_parameters => "had a secret in its parameters, which is not kept; execute it anew",
        (Outcome::Failed | Outcome::Cancelled, _) | (Outcome::Succeeded, Effect::Read) => return Ok(()),
    };
    Err(Error::conflict(format!("the execution `{}` {why_not}", past.id)))
}
