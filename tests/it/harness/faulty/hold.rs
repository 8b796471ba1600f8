//! Has requests wait at a step on their way, so that a test can act while they are there.

use std::sync::Mutex;

use tokio::sync::Notify;

/// A step on a request's way through the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The request has arrived; nothing of it was read.
    Arrived,
    /// The request was read; nothing was done.
    Read,
    /// It was done; nothing was answered.
    Done,
    /// It was answered.
    Answered,
}

/// Where requests wait.
#[derive(Default)]
pub(super) struct Hold {
    state: Mutex<State>,
    released: Notify,
}

#[derive(Default)]
struct State {
    at: Option<Step>,
    waiting: usize,
    /// Each release has a number, so that a request knows whether one came since it waits.
    releases: u64,
    goes_on: bool,
}

impl Hold {
    pub(super) fn at(&self, step: Step) {
        self.state.lock().unwrap().at = Some(step);
    }

    pub(super) fn count(&self) -> usize {
        self.state.lock().unwrap().waiting
    }

    pub(super) fn release(&self, goes_on: bool) {
        let mut state = self.state.lock().unwrap();
        (state.at, state.waiting, state.goes_on) = (None, 0, goes_on);
        state.releases += 1;
        drop(state);
        self.released.notify_waiters();
    }

    /// Waits where this step is held. Whether the request goes on.
    pub(super) async fn pass(&self, step: Step) -> bool {
        let before = {
            let mut state = self.state.lock().unwrap();
            if state.at != Some(step) {
                return true;
            }
            state.waiting += 1;
            state.releases
        };
        loop {
            // The waiter is made before the state is read, so that no release is missed between.
            let released = self.released.notified();
            {
                let state = self.state.lock().unwrap();
                if state.releases > before {
                    return state.goes_on;
                }
            }
            released.await;
        }
    }
}
