//! Content-addressed files, such as components: each is named by its SHA-256, so a file is
//! never changed and never trusted without reading it through.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use gatehouse_domain::{Error, ErrorKind, Result};
use ring::digest::{SHA256, digest};

use crate::files::{io_error, make, names, replace};
use crate::storage::too_large;

/// A folder of artefacts. Cloning it is cheap. Its methods use the blocking pool.
#[derive(Debug, Clone)]
pub struct Artefacts {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    max_bytes: usize,
}

impl Artefacts {
    /// Opens the folder, creates it where it is missing, and clears what interrupted writes
    /// left. No artefact may be larger than `max_bytes`. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the folder can not be used.
    pub fn open(dir: impl Into<PathBuf>, max_bytes: usize) -> Result<Self> {
        let dir = dir.into();
        make(&dir)?;
        for name in names(&dir)?.iter().filter(|name| name.ends_with(".tmp")) {
            let path = dir.join(name);
            fs::remove_file(&path).map_err(|error| io_error("delete", &path, error))?;
        }
        Ok(Self { inner: Arc::new(Inner { dir, max_bytes }) })
    }

    /// Stores bytes and returns their digest: 64 hexadecimal digits in lower case. When this
    /// returns, the file is on the disk. Storing the same bytes again is no error.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`], [`ErrorKind::StorageFull`] or [`ErrorKind::Unavailable`].
    pub async fn put(&self, bytes: impl Into<Vec<u8>>) -> Result<String> {
        let bytes = bytes.into();
        self.blocking(move |inner| inner.put(&bytes)).await
    }

    /// Reads an artefact and checks it against its digest.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Corrupt`] with the file's path when its bytes do
    /// not have that digest; [`ErrorKind::Invalid`] for what is no digest.
    pub async fn get(&self, digest: &str) -> Result<Vec<u8>> {
        let digest = digest.to_owned();
        self.blocking(move |inner| inner.get(&digest)).await
    }

    /// As [`Artefacts::get`], on the caller's own thread. Blocks.
    ///
    /// # Errors
    /// As [`Artefacts::get`].
    pub fn read(&self, digest: &str) -> Result<Vec<u8>> {
        self.inner.get(digest)
    }

    /// Whether there is an artefact of that name. It may still be damaged.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what is no digest.
    pub async fn exists(&self, digest: &str) -> Result<bool> {
        let digest = digest.to_owned();
        self.blocking(move |inner| Ok(inner.path(&digest)?.exists())).await
    }

    /// Deletes an artefact, if it is there.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the folder can not be written; [`ErrorKind::Invalid`] for
    /// what is no digest.
    pub async fn remove(&self, digest: &str) -> Result<()> {
        let digest = digest.to_owned();
        self.blocking(move |inner| {
            let path = inner.path(&digest)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("delete", &path, error)),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The digests of all artefacts, sorted.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the folder can not be read.
    pub async fn list(&self) -> Result<Vec<String>> {
        self.blocking(|inner| {
            let mut found = names(&inner.dir)?;
            found.retain(|name| is_digest(name));
            found.sort();
            Ok(found)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Inner) -> Result<T> + Send + 'static) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.unwrap_or_else(|error| Err(Error::internal("work on an artefact ended early").caused_by(error)))
    }
}

impl Inner {
    fn put(&self, bytes: &[u8]) -> Result<String> {
        if bytes.len() > self.max_bytes {
            return Err(too_large("an artefact", bytes.len(), self.max_bytes));
        }
        let name = digest_of(bytes);
        let path = self.path(&name)?;
        // A damaged file of that name is replaced rather than kept.
        if self.get(&name).is_err() {
            replace(&path, bytes)?;
        }
        Ok(name)
    }

    fn get(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name)?;
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::not_found("artefact", name),
            _ => io_error("read", &path, error),
        })?;
        if digest_of(&bytes) == name {
            return Ok(bytes);
        }
        let message = format!(
            "the artefact `{}` is damaged: its bytes do not have the digest in its name; store it again",
            path.display()
        );
        Err(Error::new(ErrorKind::Corrupt, message))
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        if is_digest(name) {
            return Ok(self.dir.join(name));
        }
        Err(Error::invalid("the name of an artefact is 64 hexadecimal digits in lower case"))
    }
}

fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn digest_of(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_stored_is_what_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path().join("artefacts"), 1000).unwrap();
        let digest = artefacts.put("hello").await.unwrap();
        assert_eq!(digest, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assert_eq!(artefacts.put("hello").await.unwrap(), digest);
        assert_eq!(artefacts.get(&digest).await.unwrap(), b"hello");
        assert_eq!(artefacts.list().await.unwrap(), std::slice::from_ref(&digest));
        assert!(artefacts.exists(&digest).await.unwrap());
        assert!(!artefacts.exists(&"0".repeat(64)).await.unwrap());
        assert_eq!(artefacts.put(vec![0; 1001]).await.unwrap_err().kind, ErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn a_changed_file_is_refused_and_can_be_stored_again() {
        let dir = tempfile::tempdir().unwrap();
        let artefacts = Artefacts::open(dir.path(), 1000).unwrap();
        let digest = artefacts.put("hello").await.unwrap();
        for damage in ["hellp", "hell", "", "hello "] {
            fs::write(dir.path().join(&digest), damage).unwrap();
            let error = artefacts.get(&digest).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt);
            assert!(error.message.contains(&digest), "{error}");
        }
        artefacts.put("hello").await.unwrap();
        assert_eq!(artefacts.get(&digest).await.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn names_that_are_no_digests_reach_no_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("left.tmp"), "half").unwrap();
        let artefacts = Artefacts::open(dir.path(), 1000).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        for name in ["", "..", "../secret", &"A".repeat(64), &"g".repeat(64), &"0".repeat(63)] {
            assert_eq!(artefacts.get(name).await.unwrap_err().kind, ErrorKind::Invalid, "{name}");
        }
        assert_eq!(artefacts.get(&"0".repeat(64)).await.unwrap_err().kind, ErrorKind::NotFound);
    }
}
