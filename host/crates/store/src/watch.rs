//! Telling waiters that something below a prefix was committed. It carries no values:
//! a waiter reads what it wants to know.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// A waiter for commits below a prefix.
#[derive(Debug)]
pub struct Watch {
    commits: watch::Receiver<u64>,
}

impl Watch {
    /// Waits for a commit since the watch was created or this last returned. Any number of
    /// commits in between count as one. Never returns once the storage is closed.
    /// Cancelling it loses nothing.
    pub async fn changed(&mut self) {
        if self.commits.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// All watches of one storage.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    list: Mutex<Vec<(Vec<u8>, watch::Sender<u64>)>>,
}

impl Watchers {
    /// Adds a watch.
    pub(crate) fn add(&self, prefix: Vec<u8>) -> Watch {
        let (sender, commits) = watch::channel(0);
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push((prefix, sender));
        Watch { commits }
    }

    /// Wakes the watches that `keys` concern and forgets the ones that nobody holds.
    /// Call it after the commit can be read, or a waiter would look too early.
    pub(crate) fn notify(&self, keys: &BTreeSet<&[u8]>) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|(_, sender)| !sender.is_closed());
        for (prefix, sender) in list.iter() {
            let first = keys.range(prefix.as_slice()..).next();
            if first.is_some_and(|key| key.starts_with(prefix)) {
                sender.send_modify(|count| *count += 1);
            }
        }
    }
}
