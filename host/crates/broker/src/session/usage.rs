//! What a session has used, and the record of its requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::grant::Limits;
use tokio::time::Instant;

use crate::message::SendError;

/// The counters of one session. The lock is never held across an await.
#[derive(Default)]
pub(super) struct Usage(Mutex<State>);

#[derive(Default)]
struct State {
    calls: Vec<ProviderCall>,
    waited: Duration,
    first_write: Option<Vec<u8>>,
}

impl Usage {
    /// Refuses a request for which nothing is left.
    pub(super) fn check(&self, limits: &Limits, deadline: Instant) -> Result<(), SendError> {
        let state = self.lock();
        if state.calls.len() >= usize::try_from(limits.requests).unwrap_or(usize::MAX) {
            return Err(SendError::Limit(format!("requests: the call may send {} requests", limits.requests)));
        }
        if state.waited >= Duration::from_millis(limits.egress_ms) {
            let text = format!("egress_ms: the call may wait for the provider for {} ms in all", limits.egress_ms);
            return Err(SendError::Limit(text));
        }
        if deadline <= Instant::now() {
            return Err(SendError::Limit("wall_ms: the call's time is over".to_owned()));
        }
        Ok(())
    }

    /// How much longer the session may wait for its provider.
    pub(super) fn left(&self, limits: &Limits) -> Duration {
        Duration::from_millis(limits.egress_ms).saturating_sub(self.lock().waited)
    }

    /// Records a request that is about to be sent and gives its place.
    pub(super) fn begin(&self, call: ProviderCall) -> usize {
        let mut state = self.lock();
        state.calls.push(call);
        state.calls.len() - 1
    }

    /// Records what became of it.
    pub(super) fn end(&self, place: usize, took: Duration, record: impl FnOnce(&mut ProviderCall)) {
        let mut state = self.lock();
        state.waited += took;
        if let Some(call) = state.calls.get_mut(place) {
            call.duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            record(call);
        }
    }

    /// Whether this is the content of the first write without a key, or a repeat of it.
    pub(super) fn is_first_write(&self, digest: &[u8]) -> bool {
        self.lock().first_write.get_or_insert_with(|| digest.to_vec()) == digest
    }

    pub(super) fn calls(&self) -> Vec<ProviderCall> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
