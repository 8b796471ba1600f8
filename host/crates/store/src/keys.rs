//! The only place that builds keys. Numbers are big-endian, so keys sort as their parts do.
//!
//! - `g` kind id: a record of the whole deployment
//! - `t` tenant kind id: a record of one tenant
//! - `c` key part: one part of a record that is too large for one value

use gatehouse_domain::id::TenantId;

use crate::record::Kind;

const GLOBAL: u8 = b'g';
const TENANT: u8 = b't';
const CHUNK: u8 = b'c';

/// What all global records begin with.
pub(crate) fn global() -> Vec<u8> {
    vec![GLOBAL]
}

/// What all records of a tenant begin with.
pub(crate) fn tenant(tenant: TenantId) -> Vec<u8> {
    let mut key = vec![TENANT];
    key.extend_from_slice(&tenant.to_bytes());
    key
}

/// What all records of a kind begin with, below [`global`] or [`tenant`].
pub(crate) fn kind(space: &[u8], kind: Kind) -> Vec<u8> {
    let mut key = space.to_vec();
    key.push(kind as u8);
    key
}

/// A record's key.
pub(crate) fn record(space: &[u8], of: Kind, id: &[u8]) -> Vec<u8> {
    let mut key = kind(space, of);
    key.extend_from_slice(id);
    key
}

/// The id in a record's key.
pub(crate) fn id<'k>(space: &[u8], key: &'k [u8]) -> &'k [u8] {
    key.get(space.len() + 1..).unwrap_or_default()
}

/// What the keys of all parts of records below `space` begin with; the kind's byte follows.
pub(crate) fn chunks_of(space: &[u8]) -> Vec<u8> {
    let mut key = vec![CHUNK];
    key.extend_from_slice(space);
    key
}

/// The keys of a large record's parts.
pub(crate) fn chunks(record: &[u8], count: u16) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..count).map(move |number| {
        let mut key = Vec::with_capacity(record.len() + 3);
        key.push(CHUNK);
        key.extend_from_slice(record);
        key.extend_from_slice(&number.to_be_bytes());
        key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_tenant_then_kind_then_id() {
        let key = |millis, of, id: &[u8]| record(&tenant(TenantId::new(millis, [9; 10])), of, id);
        let mut keys = [
            key(2, Kind::Integration, b"a"),
            key(1, Kind::Execution, b"a"),
            key(1, Kind::Integration, b"b"),
            key(1, Kind::Integration, b"a"),
        ];
        keys.sort();
        let first = key(1, Kind::Integration, b"a");
        assert_eq!(keys.first(), Some(&first));
        assert_eq!(keys.last(), Some(&key(2, Kind::Integration, b"a")));
        assert_eq!(id(&tenant(TenantId::new(1, [9; 10])), &first), b"a");
    }

    #[test]
    fn parts_of_different_records_never_meet() {
        let of = |record: &[u8]| chunks(record, 300).collect::<std::collections::BTreeSet<_>>();
        assert!(of(b"record").is_disjoint(&of(b"record\0")));
        assert_eq!(of(b"record").len(), 300);
    }
}
