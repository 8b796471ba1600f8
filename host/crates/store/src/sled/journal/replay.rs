//! Reads a journal back. It takes whole records in an unbroken row and nothing else: what
//! may be a torn last record is the end, everything that can not be is damage.

use std::fs;
use std::path::Path;

use gatehouse_domain::{Error, Result};

use super::super::cell::corrupt;
use super::file::{Header, SPARE, name};
use super::record::{ALIGN, Identity, Record, Write};
use crate::files::{io_error, names};
use crate::storage::Seq;

/// What a journal holds.
#[derive(Debug)]
pub(super) struct Replayed {
    /// The files, oldest first, each with its last commit.
    pub(super) files: Vec<ReadFile>,
    /// The newest commit.
    pub(super) last: Seq,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct ReadFile {
    pub(super) number: u64,
    pub(super) bytes: u64,
    /// Its newest commit, or the one before it where it has none.
    pub(super) last: Seq,
    /// Where its last whole record ends; `None` for one whose creation was interrupted.
    pub(super) end: Option<u64>,
}

/// Reads the journal in `dir`, which must reach from the commit `after` on, and calls `each`
/// with the writes of every later commit.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Corrupt`] for a journal that lacks something.
pub(super) fn replay(dir: &Path, uuid: [u8; 16], after: Seq, mut each: impl FnMut(Seq, Write<'_>)) -> Result<Replayed> {
    let numbers = numbers(dir)?;
    let newest = numbers.last().copied();
    let mut replayed = Replayed { files: Vec::new(), last: after };
    let mut expected: Option<(u64, Seq)> = None;
    for number in numbers {
        let path = dir.join(name(number));
        let bytes = fs::read(&path).map_err(|error| io_error("read", &path, error))?;
        let reading = Reading { bytes: &bytes, of: Identity { uuid, number }, is_newest: newest == Some(number) };
        let file = reading.file(expected, after, &mut each)?;
        expected = Some((number, file.last));
        replayed.last = replayed.last.max(file.last);
        replayed.files.push(file);
    }
    Ok(replayed)
}

/// The numbers of the files in `dir`, in order.
pub(super) fn numbers(dir: &Path) -> Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for found in names(dir)?.into_iter().filter(|name| !name.ends_with(SPARE)) {
        match found.parse::<u64>() {
            Ok(number) if name(number) == found => numbers.push(number),
            _ => return Err(corrupt(&format!("`{}` is no file of the journal", dir.join(found).display()))),
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// One file while it is read.
struct Reading<'b> {
    bytes: &'b [u8],
    of: Identity,
    is_newest: bool,
}

impl<'b> Reading<'b> {
    /// Reads a file that follows the one with the number and last commit `before`.
    fn file(&self, before: Option<(u64, Seq)>, after: Seq, each: &mut impl FnMut(Seq, Write<'_>)) -> Result<ReadFile> {
        let header = Header::decode(self.bytes).filter(|header| header.identity == self.of);
        let gap = before.is_some_and(|(number, _)| number + 1 != self.of.number);
        // Of several files that were put away at once, a power cut may bring any one back.
        if gap && header.is_none_or(|header| header.after > after) {
            return Err(self.damaged("the file before is missing"));
        }
        let Some(header) = header else {
            return self.unborn(before, after);
        };
        // A gap is no loss where sled has what would be in it.
        let known = before.map_or(after, |(_, last)| last.max(after));
        if header.after > known || before.is_some_and(|(_, last)| last > header.after) {
            let (begins, ends) = (header.after.0, known.0);
            return Err(self.damaged(&format!("it begins after commit {begins}, and what is before ends with {ends}")));
        }
        let (mut end, mut last) = (ALIGN, header.after);
        while let Some(record) = self.at(end) {
            if record.first.0 != last.0 + 1 {
                return Err(self.damaged(&format!("commit {} follows {}", record.first.0, last.0)));
            }
            last = record.last();
            end += record.length;
            record.visit(|seq, write| {
                if seq > after {
                    each(seq, write);
                }
            })?;
        }
        if self.is_newest {
            self.nothing_from(end)?;
        }
        Ok(ReadFile { number: self.of.number, bytes: self.bytes.len() as u64, last, end: Some(end as u64) })
    }

    /// A file without a header of its own: its creation was interrupted, so that nothing was ever
    /// acknowledged from it. It may have the header of the file whose place it takes.
    fn unborn(&self, before: Option<(u64, Seq)>, after: Seq) -> Result<ReadFile> {
        if !self.is_newest {
            return Err(self.damaged("its header is not whole"));
        }
        if Header::decode(self.bytes).is_some_and(|header| header.identity.uuid != self.of.uuid) {
            return Err(self.damaged("it belongs to another database"));
        }
        self.nothing_from(0)?;
        let last = before.map_or(after, |(_, last)| last);
        Ok(ReadFile { number: self.of.number, bytes: self.bytes.len() as u64, last, end: None })
    }

    fn at(&self, place: usize) -> Option<Record<'b>> {
        Record::read(self.bytes.get(place..)?, self.of)
    }

    /// A record is written only after all before it were synced, so nothing whole can follow a torn one.
    fn nothing_from(&self, end: usize) -> Result<()> {
        let follows = (end..self.bytes.len()).step_by(ALIGN).find(|place| self.at(*place).is_some());
        match follows {
            None => Ok(()),
            Some(place) => Err(self.damaged(&format!("the record at byte {end} is not whole, and one at {place} is"))),
        }
    }

    fn damaged(&self, what: &str) -> Error {
        corrupt(&format!("file {} of its journal: {what}", name(self.of.number)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use gatehouse_domain::ErrorKind;
    use tempfile::TempDir;

    use super::super::file::JournalFile;
    use super::super::record::Builder;
    use super::*;

    const UUID: [u8; 16] = [7; 16];
    const SIZES: [usize; 3] = [3, 700, 90];

    type Writes = Vec<(u64, Vec<u8>, Option<Vec<u8>>)>;

    /// Files with the numbers 4, 5 and 6 after commit 10: three records each, of two commits.
    fn journal() -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut last = 10;
        for number in 4..7 {
            let header = Header { identity: Identity { uuid: UUID, number }, after: Seq(last) };
            let mut file = JournalFile::create(dir.path(), header, None).unwrap();
            for size in SIZES {
                let mut record = Builder::new(Seq(last + 1));
                for seq in last + 1..last + 3 {
                    record.begin();
                    record.write(&seq.to_be_bytes(), Some(&vec![seq as u8; size]));
                    record.write(b"gone", None);
                }
                file.append(&record.finish(header.identity), 0).unwrap();
                last += 2;
            }
        }
        dir
    }

    fn read(dir: &Path, after: u64) -> Result<(Writes, Replayed)> {
        let mut writes = Writes::new();
        let replayed = replay(dir, UUID, Seq(after), |seq, (key, value)| {
            writes.push((seq.0, key.to_vec(), value.map(<[u8]>::to_vec)));
        })?;
        Ok((writes, replayed))
    }

    fn up_to(writes: &Writes, last: u64) -> Writes {
        writes.iter().filter(|(seq, ..)| *seq <= last).cloned().collect()
    }

    #[test]
    fn it_gives_every_commit_after_the_one_it_is_asked_for() {
        let dir = journal();
        let (all, replayed) = read(dir.path(), 10).unwrap();
        assert_eq!((all.len(), replayed.last), (36, Seq(28)));
        let files: Vec<_> = replayed.files.iter().map(|file| (file.number, file.last.0)).collect();
        assert_eq!(files, [(4, 16), (5, 22), (6, 28)]);
        for after in 11..30 {
            let (writes, replayed) = read(dir.path(), after).unwrap();
            assert_eq!(writes, all.iter().filter(|(seq, ..)| *seq > after).cloned().collect::<Writes>());
            assert_eq!(replayed.last.0, after.max(28));
        }
        for after in [0, 9] {
            assert_eq!(read(dir.path(), after).unwrap_err().kind, ErrorKind::Corrupt);
        }
        assert_eq!(replay(dir.path(), [8; 16], Seq(10), |_, _| {}).unwrap_err().kind, ErrorKind::Corrupt);
    }

    /// The disk may leave any part of the last record; what was there before is not touched.
    #[test]
    fn a_last_record_torn_at_any_byte_is_the_end() {
        let dir = journal();
        let (all, _) = read(dir.path(), 10).unwrap();
        let path = dir.path().join(name(6));
        let whole = fs::read(&path).unwrap();
        let begin = whole.len() - ALIGN;
        let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        for at in begin..used {
            let mut zeroed = whole.clone();
            zeroed[at..].fill(0);
            let mut garbled = whole.clone();
            garbled[at..].iter_mut().for_each(|byte| *byte ^= 0x5a);
            for torn in [&whole[..at], &zeroed, &garbled] {
                fs::write(&path, torn).unwrap();
                let (writes, replayed) = read(dir.path(), 10).unwrap();
                assert_eq!(writes, up_to(&all, 26), "torn at {at}");
                assert_eq!(replayed.files.last().unwrap().end, Some(begin as u64));
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed_or_harmless() {
        let dir = journal();
        let (all, _) = read(dir.path(), 10).unwrap();
        let (mut noticed, mut harmless, mut torn) = (0, 0, 0);
        for number in 4..7 {
            let path = dir.path().join(name(number));
            let whole = fs::read(&path).unwrap();
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << (at % 8);
                fs::write(&path, &flipped).unwrap();
                match read(dir.path(), 10) {
                    Ok((writes, _)) if writes == all => harmless += 1,
                    // As a torn record: whether it was acknowledged is for `COMMITTED` to say.
                    Ok((writes, _)) => {
                        assert!(number == 6 && at >= whole.len() - ALIGN, "file {number}, byte {at}");
                        assert_eq!(writes, up_to(&all, 26));
                        torn += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.kind, ErrorKind::Corrupt);
                        assert!(error.message.contains(&name(number)) || error.message.contains("journal"), "{error}");
                        noticed += 1;
                    }
                }
            }
            fs::write(&path, &whole).unwrap();
        }
        assert!(noticed > 5000 && torn > 200 && harmless > 2000, "{noticed} {torn} {harmless}");
    }

    #[test]
    fn a_file_that_is_missing_short_or_strange_is_damage() {
        for damage in [
            |dir: &Path| fs::remove_file(dir.join(name(4))).unwrap(),
            |dir: &Path| fs::remove_file(dir.join(name(5))).unwrap(),
            |dir: &Path| fs::write(dir.join(name(4)), "").unwrap(),
            |dir: &Path| fs::copy(dir.join(name(4)), dir.join(name(5))).map(drop).unwrap(),
            |dir: &Path| fs::rename(dir.join(name(6)), dir.join(name(7))).unwrap(),
            |dir: &Path| fs::rename(dir.join(name(6)), dir.join("6")).unwrap(),
            |dir: &Path| OpenOptions::new().write(true).open(dir.join(name(5))).unwrap().set_len(1024).unwrap(),
        ] {
            let dir = journal();
            damage(dir.path());
            assert_eq!(read(dir.path(), 10).unwrap_err().kind, ErrorKind::Corrupt);
        }
        // The newest one without its header was never used; what sled has may be missing here.
        for (damage, after) in [
            (Box::new(|dir: &Path| fs::write(dir.join(name(7)), [1; 40]).unwrap()) as Box<dyn Fn(&Path)>, 10),
            (Box::new(|dir: &Path| fs::write(dir.join(name(7)), "").unwrap()), 10),
            (Box::new(|dir: &Path| fs::copy(dir.join(name(4)), dir.join(name(7))).map(drop).unwrap()), 10),
            (Box::new(|dir: &Path| fs::write(dir.join("0000000003.old"), "any").unwrap()), 10),
            (Box::new(|dir: &Path| fs::remove_file(dir.join(name(4))).unwrap()), 16),
            (Box::new(|dir: &Path| fs::remove_file(dir.join(name(5))).unwrap()), 22),
            (
                Box::new(|dir: &Path| {
                    OpenOptions::new().write(true).open(dir.join(name(5))).unwrap().set_len(1024).unwrap();
                }),
                22,
            ),
        ] {
            let dir = journal();
            damage(dir.path());
            assert_eq!(read(dir.path(), after).unwrap().1.last, Seq(28));
        }
    }

    /// A file in the place of an old one, whose records are all still there.
    #[test]
    fn records_of_the_file_before_are_not_taken_for_its_own() {
        let dir = journal();
        fs::rename(dir.path().join(name(4)), dir.path().join("0000000004.old")).unwrap();
        let header = Header { identity: Identity { uuid: UUID, number: 7 }, after: Seq(28) };
        let mut file = JournalFile::create(dir.path(), header, Some(&dir.path().join("0000000004.old"))).unwrap();
        for last in 28..31 {
            let (writes, replayed) = read(dir.path(), 16).unwrap();
            assert_eq!((replayed.last.0, writes.len()), (last, 24 + (last - 28) as usize));
            let mut record = Builder::new(Seq(last + 1));
            record.begin();
            record.write(b"new", Some(b"1"));
            file.append(&record.finish(header.identity), 1 << 20).unwrap();
        }
    }
}
