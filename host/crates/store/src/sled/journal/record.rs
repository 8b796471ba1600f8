//! One record of the journal as bytes: the commits of one group. A record is whole or it is
//! nothing; its checksum also covers whose it is, so that no other file's bytes can pass for it.
//!
//! Layout, numbers big-endian: magic (4), CRC-32 (4), bytes of the body (4), commits (4),
//! sequence of the first commit (8), body, zeros up to the next multiple of [`ALIGN`].
//! Body, for each commit: writes (4), and for each write: bytes of the key (2), bytes of the
//! value plus one, or 0 for a deletion (4), key, value.

use gatehouse_domain::{Error, Result};

use super::super::cell::corrupt;
use crate::storage::Seq;

/// Records begin at multiples of this. A disk writes no less at once, so that writing a record
/// never touches one that was acknowledged.
pub(in crate::sled) const ALIGN: usize = 512;

const MAGIC: &[u8; 4] = b"GHJR";
const HEADER: usize = 24;

/// Whose record it is: part of every checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sled) struct Identity {
    /// The database.
    pub(in crate::sled) uuid: [u8; 16],
    /// The journal file.
    pub(in crate::sled) number: u64,
}

/// A record that is being put together.
#[derive(Debug)]
pub(in crate::sled) struct Builder {
    bytes: Vec<u8>,
    first: Seq,
    count: u32,
    /// Where the number of the present commit's writes stands, and that number.
    open: (usize, u32),
}

/// A record that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'b> {
    /// The first commit.
    pub(super) first: Seq,
    /// How many commits there are; at least one.
    pub(super) count: u32,
    body: &'b [u8],
    /// The bytes of the whole record, with the zeros at its end.
    pub(super) length: usize,
}

/// A key and its new value; `None` where it is deleted.
pub(super) type Write<'b> = (&'b [u8], Option<&'b [u8]>);

impl Builder {
    /// A record whose first commit is `first`.
    pub(in crate::sled) fn new(first: Seq) -> Self {
        Self { bytes: vec![0; HEADER], first, count: 0, open: (0, 0) }
    }

    /// Begins the next commit.
    pub(in crate::sled) fn begin(&mut self) {
        self.open = (self.bytes.len(), 0);
        self.bytes.extend_from_slice(&[0; 4]);
        self.count += 1;
    }

    /// Adds a write to the commit that was begun last.
    pub(in crate::sled) fn write(&mut self, key: &[u8], value: Option<&[u8]>) {
        let length = |value: &[u8]| u32::try_from(value.len()).unwrap_or(u32::MAX - 1) + 1;
        self.bytes.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
        self.bytes.extend_from_slice(&value.map_or(0, length).to_be_bytes());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.open.1 += 1;
        put(&mut self.bytes, self.open.0, &self.open.1.to_be_bytes());
    }

    /// The bytes of the record as part of a file.
    pub(super) fn finish(mut self, of: Identity) -> Vec<u8> {
        let body = u32::try_from(self.bytes.len() - HEADER).unwrap_or(u32::MAX);
        put(&mut self.bytes, 0, MAGIC);
        put(&mut self.bytes, 8, &body.to_be_bytes());
        put(&mut self.bytes, 12, &self.count.to_be_bytes());
        put(&mut self.bytes, 16, &self.first.0.to_be_bytes());
        let sum = checksum(of, self.bytes.get(8..).unwrap_or_default());
        put(&mut self.bytes, 4, &sum.to_be_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGN), 0);
        self.bytes
    }
}

impl<'b> Record<'b> {
    /// The record that `bytes` begin with, if it is whole.
    pub(super) fn read(bytes: &'b [u8], of: Identity) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let &[m0, m1, m2, m3, s0, s1, s2, s3, l0, l1, l2, l3, c0, c1, c2, c3, ref first @ ..] = header;
        let (body, count) = (u32::from_be_bytes([l0, l1, l2, l3]) as usize, u32::from_be_bytes([c0, c1, c2, c3]));
        let first = Seq(u64::from_be_bytes(*first.first_chunk()?));
        if [m0, m1, m2, m3] != *MAGIC || body > rest.len() || count == 0 {
            return None;
        }
        let whole = bytes.get(8..HEADER + body)?;
        let right = checksum(of, whole) == u32::from_be_bytes([s0, s1, s2, s3]);
        let length = (HEADER + body).next_multiple_of(ALIGN);
        right.then_some(Self { first, count, body: rest.get(..body)?, length })
    }

    /// The last commit.
    pub(super) fn last(&self) -> Seq {
        Seq(self.first.0 + u64::from(self.count) - 1)
    }

    /// Calls `each` with every write and the commit it belongs to.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Corrupt`] for a body that no builder made.
    pub(super) fn visit(&self, mut each: impl FnMut(Seq, Write<'b>)) -> Result<()> {
        let mut rest = self.body;
        for number in 0..u64::from(self.count) {
            let writes = u32::from_be_bytes(*take_chunk(&mut rest)?);
            for _ in 0..writes {
                let key = u16::from_be_bytes(*take_chunk(&mut rest)?);
                let value = u32::from_be_bytes(*take_chunk(&mut rest)?);
                let key = take(&mut rest, key.into())?;
                let value = value.checked_sub(1).map(|length| take(&mut rest, length as usize)).transpose()?;
                each(Seq(self.first.0 + number), (key, value));
            }
        }
        if rest.is_empty() { Ok(()) } else { Err(misshapen()) }
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(length).ok_or_else(misshapen)?;
    *rest = left;
    Ok(taken)
}

fn take_chunk<'b, const N: usize>(rest: &mut &'b [u8]) -> Result<&'b [u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or_else(misshapen)?;
    *rest = left;
    Ok(taken)
}

fn misshapen() -> Error {
    corrupt("a record of the journal is whole but has no known shape; it may be of a newer version")
}

fn checksum(of: Identity, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&of.uuid);
    hasher.update(&of.number.to_be_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: Identity = Identity { uuid: [7; 16], number: 3 };

    type Writes = Vec<(u64, Vec<u8>, Option<Vec<u8>>)>;

    fn sample() -> (Vec<u8>, Writes) {
        let mut builder = Builder::new(Seq(41));
        builder.begin();
        builder.write(b"a", Some(b"1"));
        builder.write(b"b", None);
        builder.begin();
        builder.write(b"c", Some(b""));
        builder.write(&[9; 1024], Some(&[8; 700]));
        let owned = |seq, key: &[u8], value: Option<&[u8]>| (seq, key.to_vec(), value.map(<[u8]>::to_vec));
        let writes = vec![
            owned(41, b"a", Some(b"1")),
            owned(41, b"b", None),
            owned(42, b"c", Some(b"")),
            owned(42, &[9; 1024], Some(&[8; 700])),
        ];
        (builder.finish(OF), writes)
    }

    #[test]
    fn a_record_survives_its_bytes() {
        let (bytes, expect) = sample();
        assert_eq!(bytes.len(), 2048);
        let record = Record::read(&bytes, OF).unwrap();
        assert_eq!((record.first, record.last(), record.length), (Seq(41), Seq(42), bytes.len()));
        let mut found = Writes::new();
        let keep = |seq: Seq, (key, value): Write<'_>| found.push((seq.0, key.to_vec(), value.map(<[u8]>::to_vec)));
        record.visit(keep).unwrap();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_changed_short_or_foreign_record_is_none() {
        let (bytes, _) = sample();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        for at in 0..used {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(Record::read(&changed, OF).is_none(), "byte {at}, bit {bit}");
            }
            assert!(Record::read(&bytes[..at], OF).is_none(), "cut to {at}");
        }
        assert!(Record::read(&bytes, Identity { number: 4, ..OF }).is_none());
        assert!(Record::read(&bytes, Identity { uuid: [8; 16], ..OF }).is_none());
        assert!(Record::read(&[0; 4096], OF).is_none());
    }
}
