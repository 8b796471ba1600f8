//! The calls that run in this process, so that one can be ended from outside.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::id::ExecutionId;
use gatehouse_runtime::Cancel;

type Calls = Arc<Mutex<HashMap<ExecutionId, Cancel>>>;

/// The calls that run.
#[derive(Default)]
pub(crate) struct Running(Calls);

/// A call that runs, until this is dropped.
pub(crate) struct Entered {
    calls: Calls,
    id: ExecutionId,
}

impl Running {
    /// Says that a call runs from now on, and what ends it.
    pub(crate) fn enter(&self, id: ExecutionId) -> (Cancel, Entered) {
        let cancel = Cancel::new();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, cancel.clone());
        (cancel, Entered { calls: Arc::clone(&self.0), id })
    }

    /// Ends a call as soon as it can be; whether it runs here.
    pub(crate) fn cancel(&self, id: ExecutionId) -> bool {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        found.inspect(Cancel::cancel).is_some()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
