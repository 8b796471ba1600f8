//! A small map with a bound and, where wanted, an age: the least recently used entry gives way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// At most `max` entries, none older than `age`.
pub(crate) struct Bounded<K, V> {
    max: usize,
    age: Duration,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    entries: HashMap<K, Entry<V>>,
    clock: u64,
    next_expiry: Option<Instant>,
}

struct Entry<V> {
    value: V,
    used: u64,
    since: Instant,
}

impl<K: Eq + Hash + Clone, V: Clone> Bounded<K, V> {
    pub(crate) fn new(max: usize, age: Duration) -> Self {
        let state = State { entries: HashMap::new(), clock: 0, next_expiry: None };
        Self { max, age, state: Mutex::new(state) }
    }

    /// The value under `key`, where it is young enough.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut state = self.lock();
        self.expire(&mut state);
        state.clock += 1;
        let clock = state.clock;
        let entry = state.entries.get_mut(key)?;
        entry.used = clock;
        Some(entry.value.clone())
    }

    /// Keeps `value` under `key`, in place of whatever was there.
    pub(crate) fn insert(&self, key: K, value: V) {
        let mut state = self.lock();
        self.expire(&mut state);
        if state.entries.len() >= self.max && !state.entries.contains_key(&key) {
            let oldest = state.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.map(|key| state.entries.remove(&key));
        }
        state.clock += 1;
        let since = Instant::now();
        let used = state.clock;
        state.entries.insert(key, Entry { value, used, since });
        state.next_expiry.get_or_insert(since + self.age);
    }

    /// Drops the entries whose key `keep` does not want.
    pub(crate) fn retain(&self, keep: impl Fn(&K) -> bool) {
        self.lock().entries.retain(|key, _| keep(key));
    }

    fn expire(&self, state: &mut State<K, V>) {
        let now = Instant::now();
        if state.next_expiry.is_none_or(|at| at > now) {
            return;
        }
        state.entries.retain(|_, entry| entry.since + self.age > now);
        state.next_expiry = state.entries.values().map(|entry| entry.since + self.age).min();
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        // Nothing panics while the lock is held, and a cache is right in any state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_gives_way() {
        let map = Bounded::new(2, Duration::from_secs(60));
        map.insert("a", 1);
        map.insert("b", 2);
        assert_eq!(map.get(&"a"), Some(1));
        map.insert("c", 3);
        assert_eq!((map.get(&"a"), map.get(&"b"), map.get(&"c")), (Some(1), None, Some(3)));
        map.insert("c", 4);
        assert_eq!((map.get(&"a"), map.get(&"c")), (Some(1), Some(4)));
    }

    #[test]
    fn what_is_too_old_is_dropped_and_not_only_hidden() {
        let map = Bounded::new(8, Duration::ZERO);
        let value = std::sync::Arc::new(());
        map.insert(1, value.clone());
        assert_eq!(map.get(&2), None);
        assert_eq!(std::sync::Arc::strong_count(&value), 1);
    }
}
