//! One refresh at a time for an integration within this process: the first caller begins it, the
//! others wait for it. It goes on when all of them have gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatehouse_domain::id::IntegrationId;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::refresh::Order;
use crate::Engine;

/// The refreshes under way, and the generations that are known to have worked.
#[derive(Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<IntegrationId, Flight>>,
    worked: Mutex<HashMap<IntegrationId, u32>>,
}

/// A refresh under way. It gives nothing, and is closed when the refresh has ended: those who wait
/// go on in the order in which they came.
type Flight = Arc<Semaphore>;

/// How many integrations' generations are remembered. Beyond that one is noted once more.
const REMEMBERED: usize = 10_000;

impl Flights {
    /// Has `order` carried out, or waits for the one that is; false where `until` came first.
    pub(super) async fn join(&self, engine: &Engine, order: Order, until: Instant) -> bool {
        let flight = self.enter(engine, order);
        timeout_at(until, flight.acquire()).await.is_ok()
    }

    fn enter(&self, engine: &Engine, order: Order) -> Flight {
        let mut under_way = lock(&self.under_way);
        if let Some(flight) = under_way.get(&order.integration) {
            return Arc::clone(flight);
        }
        let flight = Arc::new(Semaphore::new(0));
        under_way.insert(order.integration, Arc::clone(&flight));
        let landing = Landing { engine: engine.clone(), integration: order.integration, flight: Arc::clone(&flight) };
        let engine = engine.clone();
        tokio::spawn(async move {
            let _landing = landing;
            if let Err(error) = engine.refresh(order).await {
                tracing::warn!(%error, integration.id = %order.integration, "the token could not be renewed");
            }
        });
        flight
    }

    /// Notes that a generation works; false where it was noted before.
    pub(super) fn mark(&self, integration: IntegrationId, generation: u32) -> bool {
        let mut worked = lock(&self.worked);
        if worked.len() >= REMEMBERED {
            worked.clear();
        }
        worked.insert(integration, generation) != Some(generation)
    }

    /// Forgets what was noted.
    pub(super) fn unmark(&self, integration: IntegrationId) {
        lock(&self.worked).remove(&integration);
    }
}

/// Ends a flight however its task ends.
struct Landing {
    engine: Engine,
    integration: IntegrationId,
    flight: Flight,
}

impl Drop for Landing {
    fn drop(&mut self) {
        lock(&self.engine.0.flights.under_way).remove(&self.integration);
        self.flight.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
