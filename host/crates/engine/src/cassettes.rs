//! Cassettes: which calls are recorded, and who may read what was. Recording never holds a call up
//! and never makes one fail; what can not be kept is left out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::cassette::{Called, Cassette, Label, Recording};
use gatehouse_domain::id::{CassetteId, ExecutionId, IntegrationId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Result};
use gatehouse_store::Page;
use tokio::sync::Semaphore;

use crate::{Caller, Engine};

mod keep;
mod seal;

/// The largest cassette, in bytes of JSON. A call beyond it is not recorded.
pub(crate) const LARGEST: usize = 512 << 10;
/// How many cassettes of an integration are kept: the newest.
const KEPT: usize = 50;
/// How many bytes of them, in JSON.
const KEPT_BYTES: u64 = 8 << 20;
/// How long a function of an integration is not sampled again.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// How many functions are remembered as sampled. Beyond that the old ones are forgotten.
const REMEMBERED: usize = 10_000;
/// How many cassettes are written at the same time. Beyond that calls go unrecorded.
const WRITING: usize = 32;

/// What was sampled of late, and room for what is being written.
pub(crate) struct Recordings {
    sampled: Mutex<HashMap<(IntegrationId, String), Timestamp>>,
    writing: Arc<Semaphore>,
}

/// How a run is recorded.
pub(crate) struct Taping {
    pub(crate) id: CassetteId,
    pub(crate) called: Called,
}

impl Default for Recordings {
    fn default() -> Self {
        Self { sampled: Mutex::default(), writing: Arc::new(Semaphore::new(WRITING)) }
    }
}

impl Recordings {
    /// Whether it is this function's turn.
    fn samples(&self, integration: IntegrationId, function: &str, now: Timestamp) -> bool {
        let mut sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Timestamp| now.duration_since(*at) < PAUSE;
        let key = (integration, function.to_owned());
        if sampled.get(&key).is_some_and(recent) {
            return false;
        }
        if sampled.len() >= REMEMBERED {
            sampled.retain(|_, at| recent(at));
        }
        if sampled.len() < REMEMBERED {
            sampled.insert(key, now);
        }
        true
    }
}

impl Engine {
    /// How a call of a function is recorded, where it is. `called` is asked for only then.
    pub(crate) fn taping(
        &self,
        integration: &Integration,
        id: CassetteId,
        function: &str,
        called: impl FnOnce() -> Called,
    ) -> Option<Taping> {
        let taken = match integration.recording {
            Recording::Off => false,
            Recording::All => true,
            Recording::Sample => self.0.recordings.samples(integration.id, function, self.now()),
        };
        taken.then(|| Taping { id, called: called() })
    }

    /// The recorded calls of an integration, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`] where there is no such integration.
    pub async fn cassettes(&self, by: &Caller, target: &str) -> Result<Vec<Label>> {
        let integration = self.integration(by, target).await?.id;
        let mut found = self.labels(by.tenant()?, integration).await?;
        found.retain(|label| sees(by, label));
        found.reverse();
        Ok(found)
    }

    /// One recorded call of an integration.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn cassette(&self, by: &Caller, target: &str, id: &str) -> Result<Cassette> {
        let integration = self.integration(by, target).await?.id;
        let absent = || Error::not_found("cassette", id);
        let cassette: CassetteId = id.parse().map_err(|_| absent())?;
        let key = (integration, cassette);
        let label = self.0.store.tenant(by.tenant()?).get::<Label>(&key).await?;
        if !label.is_some_and(|label| sees(by, &label)) {
            return Err(absent());
        }
        self.open_cassette(by.tenant()?, key).await?.ok_or_else(absent)
    }

    /// The recorded call of an execution.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also where the call was not recorded.
    pub async fn cassette_of(&self, by: &Caller, id: ExecutionId) -> Result<Cassette> {
        let execution = self.execution(by, id).await?;
        let key = (execution.integration, CassetteId::from_bytes(id.to_bytes()));
        let found = self.open_cassette(execution.tenant, key).await?;
        found.ok_or_else(|| {
            let message = format!(
                "there is no cassette of the execution `{id}`: it was not recorded, or newer ones took its place; \
                 `recording` of the integration says which calls are"
            );
            Error::new(gatehouse_domain::ErrorKind::NotFound, message)
        })
    }

    /// The labels of an integration's cassettes, oldest first.
    pub(crate) async fn labels(
        &self,
        tenant: gatehouse_domain::id::TenantId,
        integration: IntegrationId,
    ) -> Result<Vec<Label>> {
        let scope = self.0.store.tenant(tenant);
        let (mut all, mut page) = (Vec::new(), Page::first(KEPT * 2));
        loop {
            let found = scope.list_under::<Label>(&integration.to_bytes(), &page).await?;
            all.extend(found.items);
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

/// Whether a recorded call exists for the caller, which knows of its integration.
fn sees(by: &Caller, label: &Label) -> bool {
    match &label.capability {
        Some(code) => by.key.covers_capability(code),
        // What is no call of a capability is nothing for a key of some capabilities.
        None => by.key.capabilities.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::Id;
    use gatehouse_domain::time::from_millis;

    use super::*;

    #[test]
    fn each_function_is_sampled_once_a_minute() {
        let recordings = Recordings::default();
        let (one, other) = (Id::new(1, [1; 10]), Id::new(1, [2; 10]));
        let check = |integration, function: &str, at: i64, expect: bool| {
            assert_eq!(recordings.samples(integration, function, from_millis(at)), expect, "{function} at {at}");
        };
        check(one, "PAY", 0, true);
        check(one, "PAY", 59_999, false);
        check(one, "GET", 1, true);
        check(other, "PAY", 1, true);
        check(one, "PAY", 60_000, true);
        check(one, "PAY", 119_999, false);
    }

    #[test]
    fn what_was_sampled_is_not_remembered_without_end() {
        let recordings = Recordings::default();
        let id = Id::new(1, [1; 10]);
        for number in 0..REMEMBERED + 5 {
            assert!(recordings.samples(id, &number.to_string(), from_millis(0)));
        }
        assert_eq!(recordings.sampled.lock().unwrap().len(), REMEMBERED);
        assert!(recordings.samples(id, "late", from_millis(60_000)));
        assert_eq!(recordings.sampled.lock().unwrap().len(), 1, "the old ones made room");
    }
}
