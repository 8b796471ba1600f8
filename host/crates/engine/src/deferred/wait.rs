//! Waiting for a call's end: woken by the store, bounded, and let go when the server stops.

use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::ExecutionId;
use tokio::time::{Instant, sleep_until};

use crate::{Caller, Engine};

/// The longest that anybody may wait at once.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl Engine {
    /// An execution once it has ended, or as it is after `wait`, which is at most
    /// [`LONGEST_WAIT`].
    ///
    /// # Errors
    /// As [`Engine::execution`].
    pub async fn execution_within(&self, by: &Caller, id: ExecutionId, wait: Duration) -> Result<Execution> {
        if wait.is_zero() {
            return self.execution(by, id).await;
        }
        // Before the first look, so that no end is missed between.
        let mut news = self.0.store.tenant(by.tenant()?).watch_record::<Execution>(&id);
        let end = Instant::now() + wait.min(LONGEST_WAIT);
        loop {
            let execution = self.execution(by, id).await?;
            if execution.has_ended() {
                return Ok(execution);
            }
            tokio::select! {
                () = news.changed() => {}
                () = sleep_until(end) => return Ok(execution),
                () = self.stopping() => return Ok(execution),
            }
        }
    }
}
