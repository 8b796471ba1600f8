//! Background upkeep: records that grow without end are pruned by age, and plugin versions that
//! nobody is pinned to are let go from memory.

use std::time::Duration;

use tokio::sync::watch::Receiver;

use crate::Engine;

/// How long to rest between two rounds.
const PAUSE: Duration = Duration::from_secs(600);

/// Prunes until `stop` says so.
pub(crate) async fn prune(engine: Engine, mut stop: Receiver<bool>) {
    loop {
        if let Err(error) = engine.0.store.prune(engine.now(), &engine.0.policy.retention).await {
            tracing::error!(%error, "pruning old records failed; it is tried again");
        }
        if let Err(error) = engine.prune_audit().await {
            tracing::error!(%error, "pruning the audit trail failed; it is tried again");
        }
        if let Err(error) = engine.settle_all_loaded().await {
            tracing::error!(%error, "what nobody uses could not be let go from memory; it is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
