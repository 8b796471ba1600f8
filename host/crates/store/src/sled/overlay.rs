//! What is in the journal and not yet in sled's tree, by key: the newest write of each.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::storage::{Bounds, Scan, Seq, Versioned};

/// What an entry uses beside its key and value, in bytes, about.
const COST: usize = 128;

/// The newest writes by key.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    map: BTreeMap<Vec<u8>, Written>,
    bytes: usize,
}

/// The newest write of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The commit that wrote it.
    pub(super) seq: Seq,
    /// The value; `None` where it was deleted.
    pub(super) value: Option<Vec<u8>>,
}

impl Written {
    /// The value with its commit; `None` where it was deleted.
    pub(super) fn versioned(&self) -> Option<Versioned> {
        self.value.clone().map(|value| Versioned { value, seq: self.seq })
    }
}

impl Overlay {
    /// Adds a write, in place of an older one of the key.
    pub(super) fn insert(&mut self, key: Vec<u8>, seq: Seq, value: Option<Vec<u8>>) {
        let length = key.len();
        let written = Written { seq, value };
        self.bytes += cost(length, &written);
        if let Some(old) = self.map.insert(key, written) {
            self.bytes -= cost(length, &old);
        }
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some(old) = self.map.remove(key) {
            self.bytes -= cost(key.len(), &old);
        }
    }

    /// The newest write of a key, if it is one of these.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Written> {
        self.map.get(key)
    }

    /// The writes within bounds, in order.
    pub(super) fn range(&self, bounds: Bounds) -> impl DoubleEndedIterator<Item = (&Vec<u8>, &Written)> {
        self.map.range(bounds)
    }

    /// The writes after a key, in order; all of them after none.
    pub(super) fn after(&self, key: Option<&[u8]>) -> impl Iterator<Item = (&Vec<u8>, &Written)> {
        let low = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.map.range::<[u8], _>((low, Bound::Unbounded))
    }

    /// The memory that it uses, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn cost(key: usize, written: &Written) -> usize {
    key + written.value.as_ref().map_or(0, Vec::len) + COST
}

/// What a scan finds: `stored` entries with `written` ones over them, both in the scan's order.
pub(super) fn merge<'a, E>(
    stored: impl Iterator<Item = Result<(Vec<u8>, Versioned), E>>,
    written: impl Iterator<Item = (&'a Vec<u8>, &'a Written)>,
    scan: &Scan,
) -> Result<Vec<(Vec<u8>, Versioned)>, E> {
    let is_first = |a: &[u8], b: &[u8]| if scan.reverse { a > b } else { a < b };
    let mut written = written.peekable();
    let mut found = Vec::new();
    if scan.limit == 0 {
        return Ok(found);
    }
    let take = |found: &mut Vec<_>, (key, write): (&Vec<u8>, &Written)| {
        found.extend(write.versioned().map(|value| (key.clone(), value)));
    };
    for entry in stored {
        let (key, value) = entry?;
        while let Some(write) = written.next_if(|(changed, _)| found.len() < scan.limit && is_first(changed, &key)) {
            take(&mut found, write);
        }
        if found.len() >= scan.limit {
            return Ok(found);
        }
        match written.next_if(|(changed, _)| **changed == key) {
            Some(write) => take(&mut found, write),
            None => found.push((key, value)),
        }
        if found.len() >= scan.limit {
            return Ok(found);
        }
    }
    for write in written {
        if found.len() >= scan.limit {
            break;
        }
        take(&mut found, write);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(writes: &[(&str, Option<&str>)]) -> Overlay {
        let mut overlay = Overlay::default();
        for (n, (key, value)) in (1..).zip(writes) {
            overlay.insert(key.as_bytes().to_vec(), Seq(n), value.map(|value| value.as_bytes().to_vec()));
        }
        overlay
    }

    fn check(stored: &[&str], written: &[(&str, Option<&str>)], limit: usize, expect: &[&str]) {
        for reverse in [false, true] {
            let scan = Scan { limit, reverse, ..Scan::default() };
            let overlay = overlay(written);
            let entry = |key: &&str| {
                let value = Versioned { value: b"old".to_vec(), seq: Seq(0) };
                Ok::<_, ()>((key.as_bytes().to_vec(), value))
            };
            let all = (Bound::Unbounded, Bound::Unbounded);
            let found = match reverse {
                false => merge(stored.iter().map(entry), overlay.range(all), &scan),
                true => merge(stored.iter().rev().map(entry), overlay.range(all).rev(), &scan),
            };
            let text = |(key, found): (Vec<u8>, Versioned)| {
                format!("{}={}", String::from_utf8(key).unwrap(), String::from_utf8(found.value).unwrap())
            };
            let found: Vec<_> = found.unwrap().into_iter().map(text).collect();
            let mut expect: Vec<_> = expect.iter().map(ToString::to_string).collect();
            if reverse {
                expect.reverse();
            }
            if found.len() == limit && limit < expect.len() {
                expect.truncate(limit);
            }
            assert_eq!(found, expect, "reverse: {reverse}");
        }
    }

    #[test]
    fn newer_writes_hide_what_is_stored() {
        check(&["a", "c"], &[], 9, &["a=old", "c=old"]);
        check(&[], &[("a", Some("1")), ("b", None)], 9, &["a=1"]);
        check(
            &["a", "c"],
            &[("a", Some("1")), ("b", Some("2")), ("c", None), ("d", Some("3"))],
            9,
            &["a=1", "b=2", "d=3"],
        );
        check(&["b"], &[("a", None), ("b", None), ("c", None)], 9, &[]);
        check(
            &["b", "d"],
            &[("a", Some("1")), ("c", Some("2")), ("c", Some("3"))],
            9,
            &["a=1", "b=old", "c=3", "d=old"],
        );
        check(&["a", "b"], &[("a", None), ("b", None), ("c", Some("1"))], 1, &["c=1"]);
        check(&["a", "b"], &[], 0, &[]);
    }

    #[test]
    fn its_size_goes_up_and_down_with_what_it_holds() {
        let mut overlay = overlay(&[("a", Some("1")), ("b", None)]);
        assert_eq!(overlay.bytes(), 3 + 2 * COST);
        overlay.insert(b"a".to_vec(), Seq(3), Some(vec![0; 100]));
        assert_eq!(overlay.bytes(), 102 + 2 * COST);
        overlay.remove(b"a");
        overlay.remove(b"x");
        assert_eq!(overlay.bytes(), 1 + COST);
        overlay.remove(b"b");
        assert_eq!(overlay.bytes(), 0);
    }
}
