//! The windows of all integrations: in memory, and written to the store now and then so that a
//! restart forgets little.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_store::Store;
use gatehouse_store::records::RouteWindow;
use tokio::sync::watch::Receiver;

use super::window::{Window, verdict};
use crate::Engine;

/// The most windows in memory; each takes at most some kilobyte.
const MOST: usize = 16_384;
/// How long a count may wait to be written.
const PAUSE: Duration = Duration::from_secs(5);
/// How many windows one commit writes.
const BATCH: usize = 100;

/// Whose window it is, and of which capability.
type Key = (TenantId, IntegrationId, String);

/// All windows.
#[derive(Default)]
pub(super) struct Windows(Mutex<HashMap<Key, Known>>);

/// What is known of one.
#[derive(Default)]
struct Known {
    window: Window,
    /// Whether what the store had is in it.
    loaded: bool,
    /// Whether the store lacks something of it.
    ahead: bool,
}

impl Engine {
    /// Counts what came of a call.
    pub(crate) fn count_for_routing(&self, execution: &Execution) {
        let Some(good) = verdict(execution) else { return };
        let key = (execution.tenant, execution.integration, execution.capability.clone());
        self.0.routing.windows.count(key, self.now().as_second() / 60, good);
    }

    /// The window of an integration and a capability.
    pub(super) async fn window(&self, tenant: TenantId, id: IntegrationId, capability: &str) -> Result<Window> {
        self.0.routing.windows.get(&self.0.store, (tenant, id, capability.to_owned())).await
    }
}

/// Writes windows now and then, and once more when `stop` says so.
pub(crate) async fn keep_windows(engine: Engine, mut stop: Receiver<bool>) {
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if let Err(error) = engine.0.routing.windows.write(&engine.0.store).await {
            tracing::warn!(%error, "the counts for routing could not be written; it is tried again");
        }
        if stopped {
            return;
        }
    }
}

impl Windows {
    fn count(&self, key: Key, minute: i64, good: bool) {
        let mut known = self.known();
        if known.len() >= MOST && !known.contains_key(&key) && !make_room(&mut known) {
            // Every window waits to be written, which takes some seconds: this one call is not counted.
            return;
        }
        let entry = known.entry(key).or_default();
        entry.window.count(minute, good);
        entry.ahead = true;
    }

    async fn get(&self, store: &Store, key: Key) -> Result<Window> {
        if let Some(known) = self.known().get(&key).filter(|known| known.loaded) {
            return Ok(known.window.clone());
        }
        let (tenant, integration, capability) = key.clone();
        let stored = store.tenant(tenant).get::<RouteWindow>(&(integration, capability)).await?;
        let mut known = self.known();
        if stored.is_none() && !known.contains_key(&key) {
            return Ok(Window::default());
        }
        let entry = known.entry(key).or_default();
        // Somebody else may have loaded it meanwhile.
        if !entry.loaded {
            entry.window.merge(&stored.map(|stored| stored.record.minutes).unwrap_or_default());
            entry.loaded = true;
        }
        Ok(entry.window.clone())
    }

    async fn write(&self, store: &Store) -> Result<()> {
        let ahead: Vec<Key> =
            self.known().iter().filter(|(_, known)| known.ahead).map(|(key, _)| key.clone()).collect();
        for batch in ahead.chunks(BATCH) {
            let mut change = store.change();
            for key in batch {
                self.get(store, key.clone()).await?;
                let Some(window) = self.take(key) else { continue };
                let (tenant, integration, capability) = key.clone();
                change.tenant(tenant).put(&RouteWindow { integration, capability, minutes: window.0 })?;
            }
            if let Err(error) = change.commit().await {
                self.still_ahead(batch);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The window as it is to be written; what is counted from now on waits for the next time.
    fn take(&self, key: &Key) -> Option<Window> {
        let mut known = self.known();
        let entry = known.get_mut(key)?;
        entry.ahead = false;
        Some(entry.window.clone())
    }

    fn still_ahead(&self, keys: &[Key]) {
        let mut known = self.known();
        for key in keys {
            known.entry(key.clone()).and_modify(|entry| entry.ahead = true);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets an eighth of the windows that the store has, those first that were not called for the
/// longest time. Says whether there is room now.
fn make_room(known: &mut HashMap<Key, Known>) -> bool {
    let mut newest: Vec<i64> =
        known.values().filter(|entry| !entry.ahead).map(|entry| entry.window.newest().unwrap_or(0)).collect();
    newest.sort_unstable();
    let Some(limit) = newest.get(MOST / 8).or(newest.last()).copied() else { return false };
    let mut left = MOST / 8;
    known.retain(|_, entry| {
        let goes = left > 0 && !entry.ahead && entry.window.newest().unwrap_or(0) <= limit;
        left -= usize::from(goes);
        !goes
    });
    known.len() < MOST
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatehouse_store::{Artefacts, MemoryStorage};

    use super::*;

    fn store(folder: &std::path::Path) -> Store {
        Store::new(Arc::new(MemoryStorage::new()), Artefacts::open(folder, 1 << 20).unwrap())
    }

    fn key(tenant: u8, n: u32) -> Key {
        (TenantId::new(1, [tenant; 10]), IntegrationId::new(i64::from(n), [0; 10]), "PAY".to_owned())
    }

    async fn rate(windows: &Windows, store: &Store, key: Key) -> f64 {
        windows.get(store, key).await.unwrap().rate(100, 15, 200)
    }

    #[tokio::test]
    async fn a_restart_forgets_nothing_that_was_written_and_adds_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let first = Windows::default();
        (0..8).for_each(|_| first.count(key(1, 1), 100, true));
        first.count(key(2, 1), 100, false);
        first.write(&store).await.unwrap();

        let second = Windows::default();
        // Counted before anybody asked for the window, so before it was loaded.
        (0..8).for_each(|_| second.count(key(1, 1), 100, false));
        assert_eq!(rate(&second, &store, key(1, 1)).await, 9.0 / 18.0);
        assert_eq!(rate(&second, &store, key(2, 1)).await, 1.0 / 3.0);
        second.write(&store).await.unwrap();
        second.write(&store).await.unwrap();
        assert_eq!(rate(&Windows::default(), &store, key(1, 1)).await, 9.0 / 18.0);
        assert_eq!(rate(&Windows::default(), &store, key(3, 1)).await, 0.5, "another tenant's integration");
    }

    #[tokio::test]
    async fn memory_is_bounded_and_nothing_that_is_not_written_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let windows = Windows::default();
        let count = u32::try_from(MOST).unwrap();
        (0..count + 500).for_each(|n| windows.count(key(1, n), i64::from(n), true));
        assert_eq!(windows.known().len(), MOST);
        windows.write(&store).await.unwrap();
        (0..500).for_each(|n| windows.count(key(2, n), 100_000, true));
        assert!(windows.known().len() <= MOST);
        assert!((0..500).all(|n| windows.known().contains_key(&key(2, n))));
        // The one that was called longest ago went, and is found in the store again.
        assert!(!windows.known().contains_key(&key(1, 0)));
        assert_eq!(windows.get(&store, key(1, 0)).await.unwrap().newest(), Some(0));
    }
}
