//! What a disk may hold after the power went at some moment of a trace: all that was synced, and of
//! the rest whatever the law allows. Every choice comes from the dice, so that an image can be made again.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::dice::Dice;
use super::trace::{Change, Entry, FileId, FolderId, Node, Nodes, Operation, Place, TOP, Told, Trace};

/// What a file system promises of names that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Law {
    /// Names change in order, and the sync of any folder or new file has all that came before: a file
    /// system with a journal.
    Ordered,
    /// Each name is there or not, by itself, until its folder was synced: all that POSIX says.
    Posix,
}

/// A barrier that can be taken away, to see that it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barrier {
    Journal,
    Database,
    Folders,
    Mark,
    Artefacts,
    /// The sync of the database's folder behind each new snapshot of sled.
    Snapshots,
}

/// The files of an image, and its folders as `None`.
pub(crate) type Image = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// The disk after some operations.
pub(crate) struct Disk<'t> {
    law: Law,
    removed: Option<Barrier>,
    nodes: Nodes,
    contents: BTreeMap<FileId, Vec<u8>>,
    /// What was not synced yet.
    entries: Vec<&'t Entry>,
    changes: BTreeMap<FileId, Vec<&'t Change>>,
    /// What was said so far.
    pub(crate) told: Vec<&'t Told>,
}

impl<'t> Disk<'t> {
    /// The disk before the first operation.
    pub(crate) fn before(trace: &'t Trace, law: Law, removed: Option<Barrier>) -> Self {
        Self {
            law,
            removed,
            nodes: trace.nodes.clone(),
            contents: trace.contents.iter().cloned().enumerate().collect(),
            entries: Vec::new(),
            changes: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// The next operation.
    pub(crate) fn step(&mut self, operation: &'t Operation) {
        match operation {
            Operation::Entry(entry) => self.entries.push(entry),
            Operation::Change(file, change) => self.changes.entry(*file).or_default().push(change),
            Operation::SyncFile(file, path) => {
                if self.removed == Some(Barrier::of(path)) {
                    return;
                }
                for change in self.changes.remove(file).unwrap_or_default() {
                    apply(self.contents.entry(*file).or_default(), change);
                }
                let is_new = |entry: &&Entry| matches!(entry, Entry::Make(_, Node::File(made)) if made == file);
                if self.law == Law::Ordered && self.entries.iter().any(is_new) {
                    self.sync_entries(|_| true);
                }
            }
            Operation::SyncFolder(folder) => {
                let ordered = self.law == Law::Ordered;
                let behind = match self.entries.last() {
                    Some(Entry::Rename(_, (within, name), _)) if within == folder && name.starts_with("snap.") => {
                        Barrier::Snapshots
                    }
                    _ => Barrier::Folders,
                };
                if self.removed != Some(behind) {
                    self.sync_entries(|within| ordered || within == *folder);
                }
            }
            Operation::Told(told) => self.told.push(told),
        }
    }

    fn sync_entries(&mut self, which: impl Fn(FolderId) -> bool) {
        let (synced, left) = std::mem::take(&mut self.entries).into_iter().partition(|entry| which(entry.folder()));
        self.entries = left;
        let synced: Vec<&Entry> = synced;
        synced.into_iter().for_each(|entry| change(&mut self.nodes, entry));
    }

    /// One of the images that the power cut may leave.
    pub(crate) fn image(&self, dice: &mut Dice) -> Image {
        let mut nodes = self.nodes.clone();
        let kept = self.entries.len().min(dice.below(self.entries.len() + 1) + dice.below(2) * self.entries.len());
        let share = dice.share();
        for (number, entry) in self.entries.iter().enumerate() {
            let keep = match self.law {
                Law::Ordered => number < kept,
                Law::Posix => dice.chance(share),
            };
            if keep {
                change(&mut nodes, entry);
            }
        }
        let mut image = Image::new();
        let share = dice.share();
        self.fill(&mut image, &nodes, (TOP, Path::new("")), share, dice);
        image
    }

    fn fill(&self, image: &mut Image, nodes: &Nodes, (folder, path): (FolderId, &Path), share: u64, dice: &mut Dice) {
        for ((_, name), node) in nodes.iter().filter(|((within, _), _)| *within == folder) {
            let path = path.join(name);
            match node {
                Node::File(file) => drop(image.insert(path, Some(self.content(*file, share, dice)))),
                Node::Folder(folder) => {
                    image.insert(path.clone(), None);
                    self.fill(image, nodes, (*folder, &path), share, dice);
                }
            }
        }
    }

    fn content(&self, file: FileId, share: u64, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.contents.get(&file).cloned().unwrap_or_default();
        for change in self.changes.get(&file).into_iter().flatten() {
            match change {
                Change::Write { at, bytes } if dice.below(3) == 0 => tear(&mut content, *at, bytes, share, dice),
                change if dice.chance(share) => apply(&mut content, change),
                // The new length may be on the disk without what was written there.
                Change::Write { at, bytes } if dice.below(4) == 0 => grow(&mut content, at + bytes.len()),
                _ => {}
            }
        }
        content
    }
}

impl Barrier {
    /// Which of them a sync of this file is.
    fn of(path: &Path) -> Self {
        match path.iter().next().and_then(|name| name.to_str()).unwrap_or_default() {
            "journal" => Self::Journal,
            "artefacts" => Self::Artefacts,
            name if name.starts_with("db-") => Self::Database,
            _ => Self::Mark,
        }
    }
}

impl Entry {
    fn folder(&self) -> FolderId {
        match self {
            Self::Make((folder, _), _) | Self::Rename(_, (folder, _), _) | Self::Remove((folder, _), _) => *folder,
        }
    }
}

/// Writes an image into an empty directory.
pub(crate) fn write(image: &Image, dir: &Path) {
    const PART: usize = 16 << 10;
    let zeros = vec![0; PART];
    for (path, content) in image {
        let path = dir.join(path);
        let Some(content) = content else {
            std::fs::create_dir(&path).unwrap();
            continue;
        };
        let file = File::create(&path).unwrap();
        file.set_len(content.len() as u64).unwrap();
        for (number, part) in content.chunks(PART).enumerate().filter(|(_, part)| zeros[..part.len()] != **part) {
            file.write_all_at(part, (number * PART) as u64).unwrap();
        }
    }
}

fn change(nodes: &mut Nodes, entry: &Entry) {
    match entry {
        Entry::Make(place, node) => drop(nodes.insert(place.clone(), *node)),
        Entry::Remove(place, node) => take(nodes, place, node),
        Entry::Rename(from, to, node) => {
            take(nodes, from, node);
            nodes.insert(to.clone(), *node);
        }
    }
}

fn take(nodes: &mut Nodes, place: &Place, node: &Node) {
    if nodes.get(place) == Some(node) {
        nodes.remove(place);
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Resize(length) => content.resize(*length, 0),
        Change::Write { at, bytes } => {
            grow(content, at + bytes.len());
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// Parts of a write: pages, sectors, or its first bytes up to any place.
fn tear(content: &mut Vec<u8>, at: usize, bytes: &[u8], share: u64, dice: &mut Dice) {
    let unit = match dice.below(3) {
        0 => 4096,
        1 => 512,
        _ => {
            let cut = dice.below(bytes.len() + 1);
            return apply(content, &Change::Write { at, bytes: bytes[..cut].to_vec() });
        }
    };
    let mut begin = 0;
    while begin < bytes.len() {
        let end = bytes.len().min((at + begin + 1).next_multiple_of(unit) - at);
        if dice.chance(share) {
            apply(content, &Change::Write { at: at + begin, bytes: bytes[begin..end].to_vec() });
        }
        begin = end;
    }
}

fn grow(content: &mut Vec<u8>, length: usize) {
    if content.len() < length {
        content.resize(length, 0);
    }
}
