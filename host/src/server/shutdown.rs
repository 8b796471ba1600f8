//! When to stop: on a signal, or at once when the store can no longer be trusted to write.

use gatehouse_domain::Error;
use gatehouse_engine::Engine;
use tokio::signal::unix::{SignalKind, signal};

/// The store failed: what was acknowledged is on the disk, and nothing more may be.
#[derive(Debug)]
pub struct StoreFailed(pub String);

/// Waits for SIGINT or SIGTERM.
///
/// # Errors
/// [`StoreFailed`] as soon as the store reports that a write failed.
pub async fn until_signal(engine: &Engine) -> Result<(), StoreFailed> {
    let watch =
        |kind| signal(kind).map_err(|error| StoreFailed(Error::internal("signals").caused_by(error).to_string()));
    let (mut interrupt, mut terminate) = (watch(SignalKind::interrupt())?, watch(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        reason = engine.store().storage().failed() => Err(StoreFailed(reason)),
    }
}
