//! When a key was used last: noted in memory with each request, written now and then in the
//! background, never in a caller's commit.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gatehouse_domain::id::{KeyId, TenantId};
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{ErrorKind, Result};
use tokio::sync::watch::Receiver;

use super::replace;
use crate::Engine;

/// How long to rest between two rounds of writing.
const PAUSE: Duration = Duration::from_secs(60);
/// How many keys one commit writes.
const BATCH: usize = 64;
/// What the moments are rounded down to.
const MINUTE: i64 = 60;

/// The uses that are not written yet.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<KeyId, Use>>);

#[derive(Clone, Copy)]
struct Use {
    tenant: Option<TenantId>,
    at: Timestamp,
}

impl KeyUses {
    /// Notes that a key was used now.
    pub(crate) fn note(&self, key: &ApiKey, now: Timestamp) {
        let at = minute_of(now);
        if key.last_used_at != Some(at) {
            self.lock().insert(key.id, Use { tenant: key.tenant, at });
        }
    }

    /// Puts what is not written yet into a key that is shown.
    pub(crate) fn show(&self, key: &mut ApiKey) {
        if let Some(used) = self.lock().get(&key.id) {
            key.last_used_at = key.last_used_at.max(Some(used.at));
        }
    }

    fn take(&self) -> Vec<(KeyId, Use)> {
        self.lock().drain().collect()
    }

    /// Puts back what could not be written; a later use stays.
    fn give_back(&self, uses: &[(KeyId, Use)]) {
        let mut known = self.lock();
        for (key, used) in uses {
            known.entry(*key).or_insert(*used);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<KeyId, Use>> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes until `stop` says so, and once more then.
pub(crate) async fn write_uses(engine: Engine, mut stop: Receiver<bool>) {
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        let uses = engine.0.key_uses.take();
        for batch in uses.chunks(BATCH) {
            if let Err(error) = engine.write_batch(batch).await {
                engine.0.key_uses.give_back(batch);
                if error.kind != ErrorKind::Conflict {
                    tracing::warn!(%error, "when keys were used last could not be written; it is tried again");
                }
            }
        }
        if stopped {
            return;
        }
    }
}

impl Engine {
    async fn write_batch(&self, uses: &[(KeyId, Use)]) -> Result<()> {
        let mut change = self.0.store.change();
        for (id, used) in uses {
            // A key that is gone, with its tenant, was used for the last time.
            let Ok(stored) = self.key(used.tenant, *id).await else { continue };
            let key = ApiKey { last_used_at: stored.last_used_at.max(Some(used.at)), ..stored.record.clone() };
            replace(&mut change, &stored, &key)?;
        }
        if change.is_empty() { Ok(()) } else { change.commit().await.map(|_| ()) }
    }
}

fn minute_of(moment: Timestamp) -> Timestamp {
    let seconds = moment.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(MINUTE)).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rounded_down_to_the_minute() {
        let check = |moment: &str, expect: &str| {
            assert_eq!(minute_of(moment.parse().unwrap()), expect.parse::<Timestamp>().unwrap(), "{moment}");
        };
        check("2026-03-04T05:06:59.999Z", "2026-03-04T05:06:00Z");
        check("2026-03-04T05:06:00Z", "2026-03-04T05:06:00Z");
        check("1969-12-31T23:59:30Z", "1969-12-31T23:59:00Z");
    }

    #[test]
    fn what_is_given_back_does_not_hide_a_later_use() {
        let uses = KeyUses::default();
        let key = KeyId::from_bytes([1; 16]);
        let at = |second| Use { tenant: None, at: Timestamp::from_second(second).unwrap() };
        uses.lock().insert(key, at(120));
        uses.give_back(&[(key, at(60)), (KeyId::from_bytes([2; 16]), at(60))]);
        let mut taken = uses.take();
        taken.sort_by_key(|(key, _)| *key);
        let moments: Vec<i64> = taken.iter().map(|(_, used)| used.at.as_second()).collect();
        assert_eq!(moments, [120, 60]);
        assert!(uses.take().is_empty());
    }
}
