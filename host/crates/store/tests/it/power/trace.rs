//! What a store did to its directory, operation by operation, with what its callers were told in
//! between. It keeps the order and knows nothing of crashes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file, whatever its name is at the time.
pub(crate) type FileId = usize;
/// A folder, which another of the same name may follow.
pub(crate) type FolderId = usize;

/// The directory itself.
pub(crate) const TOP: FolderId = 0;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    File(FileId),
    Folder(FolderId),
}

/// A name in its folder.
pub(crate) type Place = (FolderId, String);
/// What the names stand for.
pub(crate) type Nodes = BTreeMap<Place, Node>;

/// A change to what names there are.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Make(Place, Node),
    Rename(Place, Place, Node),
    Remove(Place, Node),
}

/// A change to what a file holds.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

/// What a caller was promised, or asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// A writer has asked for its commit of this number.
    Begun(usize, u64),
    /// A writer was told that its commit of this number is stored.
    Acked(usize, u64),
    /// Somebody was told that the artefact of this digest is stored.
    Kept(String),
}

/// One operation.
#[derive(Debug)]
pub(crate) enum Operation {
    Entry(Entry),
    Change(FileId, Change),
    SyncFile(FileId, PathBuf),
    SyncFolder(FolderId),
    Told(Told),
}

/// Everything that happened, and what was there before.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// What there was before, by name, and what the files held.
    pub(crate) nodes: Nodes,
    pub(crate) contents: Vec<Vec<u8>>,
    pub(crate) operations: Vec<Operation>,
    /// What the paths stand for now.
    paths: BTreeMap<PathBuf, Node>,
    files: usize,
    folders: usize,
}

impl Trace {
    /// Begins with what a directory holds.
    pub(crate) fn of(dir: &Path) -> Self {
        let mut trace = Self { folders: TOP + 1, ..Self::default() };
        trace.paths.insert(PathBuf::new(), Node::Folder(TOP));
        trace.read(dir, Path::new(""));
        trace.files = trace.contents.len();
        trace
    }

    fn read(&mut self, root: &Path, within: &Path) {
        for entry in std::fs::read_dir(root.join(within)).unwrap() {
            let path = within.join(entry.unwrap().file_name());
            let full = root.join(&path);
            let node = if full.is_dir() { self.next_folder() } else { Node::File(self.contents.len()) };
            self.paths.insert(path.clone(), node);
            let place = self.place(&path);
            self.nodes.insert(place, node);
            if full.is_dir() {
                self.read(root, &path);
            } else {
                self.contents.push(std::fs::read(full).unwrap());
            }
        }
    }

    /// A file was opened in a way that makes it.
    pub(crate) fn opened(&mut self, path: &Path, truncated: bool) {
        match self.paths.get(path) {
            Some(Node::File(file)) if truncated => self.operations.push(Operation::Change(*file, Change::Resize(0))),
            Some(_) => {}
            None => {
                self.make(path, Node::File(self.files));
                self.files += 1;
            }
        }
    }

    pub(crate) fn make_folder(&mut self, path: &Path) {
        let node = self.next_folder();
        self.make(path, node);
    }

    fn next_folder(&mut self) -> Node {
        self.folders += 1;
        Node::Folder(self.folders - 1)
    }

    fn make(&mut self, path: &Path, node: Node) {
        let place = self.place(path);
        self.paths.insert(path.to_owned(), node);
        self.operations.push(Operation::Entry(Entry::Make(place, node)));
    }

    fn place(&self, path: &Path) -> Place {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match self.paths.get(path.parent().unwrap()) {
            Some(Node::Folder(folder)) => (*folder, name),
            _ => panic!("`{}` is in no folder that was seen", path.display()),
        }
    }

    pub(crate) fn write(&mut self, path: &Path, at: u64, bytes: &[u8]) {
        let at = usize::try_from(at).unwrap();
        self.change(path, Change::Write { at, bytes: bytes.to_vec() });
    }

    pub(crate) fn resize(&mut self, path: &Path, length: u64) {
        self.change(path, Change::Resize(usize::try_from(length).unwrap()));
    }

    fn change(&mut self, path: &Path, change: Change) {
        // A file without a name is lost in any crash.
        if let Some(Node::File(file)) = self.paths.get(path) {
            self.operations.push(Operation::Change(*file, change));
        }
    }

    pub(crate) fn sync(&mut self, path: &Path) {
        match self.paths.get(path) {
            Some(Node::File(file)) => self.operations.push(Operation::SyncFile(*file, path.to_owned())),
            Some(Node::Folder(folder)) => self.operations.push(Operation::SyncFolder(*folder)),
            None => {}
        }
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) {
        if let Some(node) = self.paths.remove(from) {
            assert!(matches!(node, Node::File(_)), "the store renames no folders");
            self.paths.insert(to.to_owned(), node);
            let entry = Entry::Rename(self.place(from), self.place(to), node);
            self.operations.push(Operation::Entry(entry));
        }
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        if let Some(node) = self.paths.remove(path) {
            self.operations.push(Operation::Entry(Entry::Remove(self.place(path), node)));
        }
    }

    pub(crate) fn told(&mut self, told: Told) {
        self.operations.push(Operation::Told(told));
    }
}
