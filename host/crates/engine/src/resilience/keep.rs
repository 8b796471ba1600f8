//! What was learned of the providers' limits, kept over a restart: written late and in
//! bundles, read when an integration is first called. Losing it costs a few refused requests.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::Store;
use gatehouse_store::records::RateBudget;
use tokio::sync::watch::Receiver;

use super::budget::Learned;
use super::lane::Lane;
use super::{Entry, Resilience};
use crate::Engine;

/// How often what is new is written.
const EVERY: Duration = Duration::from_secs(2);
/// How many are written by one commit.
const BUNDLE: usize = 64;
/// How long it is kept after the last word of the provider.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Keeps what is learned until `stop` says so, and once more then.
pub(crate) async fn keep_budgets(engine: Engine, mut stop: Receiver<bool>) {
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = engine.0.resilience.keep(&engine.0.store, engine.now()).await {
            tracing::warn!(%error, "what was learned of rate limits could not be kept; it is tried again");
        }
        if stopped {
            return;
        }
    }
}

impl Resilience {
    /// Writes what is new. How many records that were.
    ///
    /// # Errors
    /// Whatever the store says; what was not written is tried again the next time.
    pub(crate) async fn keep(&self, store: &Store, now: Timestamp) -> Result<usize> {
        let dirty = self.0.lanes.take_dirty();
        for (place, bundle) in dirty.chunks(BUNDLE).enumerate() {
            if let Err(error) = write(store, bundle, now).await {
                let left = dirty.iter().skip(place * BUNDLE);
                left.for_each(|lane| lane.dirty.store(true, Ordering::Release));
                return Err(error);
            }
        }
        if !dirty.is_empty() {
            tracing::debug!(count = dirty.len(), "rate budgets were kept");
        }
        Ok(dirty.len())
    }

    /// Reads what was kept of an integration, once. A store that fails is no reason to refuse
    /// the call: then nothing is known.
    pub(super) async fn recall(&self, store: &Store, lane: &Lane, entry: &Entry<'_>, now: Timestamp) {
        let read = async || {
            let kept = store.tenant(lane.group.tenant.id).get::<RateBudget>(&lane.integration).await?;
            if let Some(learned) = kept.and_then(|kept| serde_json::from_value::<Learned>(kept.record.learned).ok()) {
                let (mut state, now) = (lane.state(), now.as_millisecond());
                state.budget.follow(entry.rate, now);
                state.budget.recall(&learned, now);
            }
            Ok(())
        };
        let read: Result<&()> = lane.recalled.get_or_try_init(read).await;
        if let Err(error) = read {
            tracing::warn!(%error, integration.id = %lane.integration, "what is kept of its rate limit could not be read");
        }
    }
}

async fn write(store: &Store, lanes: &[Arc<Lane>], now: Timestamp) -> Result<()> {
    let mut change = store.change();
    for lane in lanes {
        let learned = lane.state().budget.learned();
        let learned = serde_json::to_value(learned)
            .map_err(|error| gatehouse_domain::Error::internal("a rate budget can not be written").caused_by(error))?;
        let expires_at = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        change.tenant(lane.group.tenant.id).put(&RateBudget { integration: lane.integration, learned, expires_at })?;
    }
    change.commit().await.map(|_| ())
}
