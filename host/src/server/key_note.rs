//! A note beside the store of which root keys the data needs, by their ids. It is written for
//! `gatehouse doctor`, which can not look into the store of a server that runs; nothing else
//! depends on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use gatehouse_store::Store;
use gatehouse_store::records::Deployment;
use serde::{Deserialize, Serialize};
use tokio::sync::watch::Receiver;

/// The root keys that the data needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyNote {
    /// The id of the one that seals what is new.
    pub(crate) in_use: String,
    /// The ids of those that something may still be sealed under.
    pub(crate) older: BTreeSet<String>,
}

impl KeyNote {
    /// What was written last; none where there is no such note, or none that reads.
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(place(data_dir)).ok()?).ok()
    }

    /// Every id.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.in_use).chain(&self.older).map(String::as_str)
    }

    /// Writes beside the place and moves into it, so that nobody reads a half.
    fn write(&self, data_dir: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::internal("the note of root keys has no JSON form").caused_by(error))?;
        let (place, beside) = (place(data_dir), data_dir.join("root-keys.json.new"));
        let written = fs::write(&beside, format!("{text}\n")).and_then(|()| fs::rename(&beside, &place));
        written
            .map_err(|error| Error::unavailable(format!("`{}` can not be written", place.display())).caused_by(error))
    }
}

/// Keeps the note as the store is, until `stop` says so.
pub(super) async fn keep(store: Store, data_dir: PathBuf, mut stop: Receiver<bool>) {
    let mut told = store.admin().watch::<Deployment>();
    loop {
        if let Err(error) = note(&store, &data_dir).await {
            tracing::warn!(%error, "`gatehouse doctor` can not tell which root keys are needed");
        }
        tokio::select! {
            () = told.changed() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn note(store: &Store, data_dir: &Path) -> Result<()> {
    let deployment = store.admin().get::<Deployment>(&()).await?;
    let Some(own) = deployment.and_then(|stored| stored.record.own_keys) else { return Ok(()) };
    let note = KeyNote { in_use: own.root, older: own.older.into_iter().collect() };
    if KeyNote::read(data_dir).as_ref() == Some(&note) { Ok(()) } else { note.write(data_dir) }
}

fn place(data_dir: &Path) -> PathBuf {
    data_dir.join("root-keys.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(KeyNote::read(folder.path()), None);
        let note = KeyNote { in_use: "aa".to_owned(), older: BTreeSet::from(["bb".to_owned()]) };
        note.write(folder.path()).unwrap();
        assert_eq!(KeyNote::read(folder.path()).as_ref(), Some(&note));
        assert_eq!(note.needed().collect::<Vec<_>>(), ["aa", "bb"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(place(folder.path()), "{").unwrap();
        assert_eq!(KeyNote::read(folder.path()), None);
    }
}
