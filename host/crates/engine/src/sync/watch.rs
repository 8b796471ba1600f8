//! Watching a run: woken by the store's commits, it tells how the run stands until it is over.
//! There is room for so many watchers and no more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gatehouse_domain::id::{IntegrationId, RunId, TenantId};
use gatehouse_domain::sync::SyncRun;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::watch::Watch;
use tokio::sync::watch::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::runs::RunView;
use crate::{Caller, Engine};

/// How many watch at the same time, over all tenants.
const MOST: usize = 256;
/// How long one watcher watches before it has to come again with its key.
const LONGEST: Duration = Duration::from_secs(600);
/// The shortest time between two messages: a run of many small pages must not flood its watchers.
const APART: Duration = Duration::from_millis(50);

/// The room for watchers.
pub(crate) struct Watchers {
    room: Arc<Semaphore>,
    /// Says that the server stops; set when it starts.
    pub(crate) stop: OnceLock<Receiver<bool>>,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(MOST)), stop: OnceLock::new() }
    }
}

/// One who watches a run.
pub struct Watching {
    engine: Engine,
    tenant: TenantId,
    integration: IntegrationId,
    run: RunId,
    commits: Watch,
    until: Instant,
    not_before: Instant,
    last: Option<SyncRun>,
    over: bool,
    _room: OwnedSemaphorePermit,
}

impl Engine {
    /// Begins to watch a run.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Overloaded`] where too many watch already.
    pub async fn watch_sync(&self, by: &Caller, target: &str, run: RunId) -> Result<Watching> {
        let integration = self.stored_run(by, target, run).await?.integration;
        let room = Arc::clone(&self.0.watchers.room).try_acquire_owned().map_err(|_| {
            let message = format!("{MOST} runs are being watched, which is as many as can be; ask for the run itself");
            Error::new(ErrorKind::Overloaded, message).retry_after(5_000)
        })?;
        let tenant = by.tenant()?;
        Ok(Watching {
            // Before the first look, so that nothing is missed between the two.
            commits: self.0.store.tenant(tenant).watch::<SyncRun>(),
            engine: self.clone(),
            tenant,
            integration,
            run,
            until: Instant::now() + LONGEST,
            not_before: Instant::now(),
            last: None,
            over: false,
            _room: room,
        })
    }
}

impl Watching {
    /// How the run stands, at once the first time and then whenever that has changed. Nothing
    /// more once the run is over, the time of the watcher is, or the server stops.
    pub async fn next(&mut self) -> Option<RunView> {
        if self.over {
            return None;
        }
        sleep_until(self.not_before).await;
        loop {
            let id = (self.integration, self.run);
            let found = self.engine.0.store.tenant(self.tenant).get::<SyncRun>(&id).await.ok().flatten()?.record;
            if self.last.as_ref() != Some(&found) {
                self.over = found.state.is_over();
                self.not_before = Instant::now() + APART;
                self.last = Some(found.clone());
                return Some(found.into());
            }
            let stopped = stopped(self.engine.0.watchers.stop.get().cloned());
            tokio::select! {
                woken = timeout_at(self.until, self.commits.changed()) => woken.ok()?,
                () = stopped => return None,
            }
        }
    }
}

/// Waits until the server stops.
async fn stopped(stop: Option<Receiver<bool>>) {
    match stop {
        Some(mut stop) => drop(stop.wait_for(|stop| *stop).await),
        None => std::future::pending().await,
    }
}
