//! What happened in a life, and the first thing in it that must not have.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

/// A trace. Clones write the same one.
#[derive(Clone)]
pub(crate) struct Trace {
    began: Instant,
    lines: Arc<Mutex<Vec<String>>>,
    broken: Arc<Mutex<Option<String>>>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default(), broken: Arc::default() }
    }

    pub(crate) fn note(&self, line: impl AsRef<str>) {
        let at = self.began.elapsed().as_millis();
        self.lines.lock().unwrap().push(format!("{at:>9} ms  {}", line.as_ref()));
    }

    /// Notes what must not happen. The first is kept, and ends the life at its next step.
    pub(crate) fn must(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            let what = what();
            self.note(format!("BROKEN {what}"));
            self.broken.lock().unwrap().get_or_insert(what);
        }
    }

    /// What was broken first.
    pub(crate) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}
