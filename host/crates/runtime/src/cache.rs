//! Compiled code on disk. It is native code, so it is believed only under our own MAC;
//! whatever does not fit is deleted and made again.

use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{ErrorKind as IoErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use gatehouse_domain::error::{Error, ErrorKind, Result};
use ring::{digest, hmac};
use wasmtime::Engine;

use crate::engine;
use crate::inspect::hex;

/// The beginning of every file; the number changes with the layout.
const MAGIC: &[u8; 8] = b"GHcwasm1";
const MAC_BYTES: usize = 32;

/// The folder of compiled code.
pub(crate) struct Cache {
    folder: PathBuf,
    key: hmac::Key,
    /// Which engine the code is for: flags, tunables and the full version.
    engine: [u8; 32],
}

impl Cache {
    /// Opens the folder, and creates it where it is missing.
    ///
    /// # Errors
    /// Where the folder can not be made, is a link, or is open to other users.
    pub(crate) fn open(folder: &Path, key: &[u8; 32], engine: &Engine) -> Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, error))?;
        let found = fs::symlink_metadata(folder).map_err(|error| failed(folder, error))?;
        if !found.is_dir() {
            return Err(Error::invalid(format!(
                "the cache folder {} is not a folder: name a real one",
                folder.display()
            )));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(Error::invalid(format!("the cache folder {} belongs to another user", folder.display())));
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|error| failed(folder, error))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Ok(Self { folder: folder.to_owned(), key, engine: engine_hash(engine) })
    }

    /// What was kept for a component; nothing where there is none or it can not be believed.
    pub(crate) fn read(&self, digest: &str) -> Option<Vec<u8>> {
        let path = self.path(digest);
        match self.read_checked(&path, digest) {
            Ok(payload) => payload,
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "compiled code was not as we left it; compiling again");
                self.forget(digest);
                None
            }
        }
    }

    /// Keeps `payload` for a component: on disk, whole, before this returns.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub(crate) fn write(&self, digest: &str, payload: &[u8]) -> Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let path = self.path(digest);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join(format!(".{}-{number}.tmp", std::process::id()));
        let written = self.write_file(&temporary, digest, payload).and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written.and_then(|()| File::open(&self.folder)?.sync_all()).map_err(|error| failed(&path, error))
    }

    /// Deletes what was kept for a component.
    pub(crate) fn forget(&self, digest: &str) {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != IoErrorKind::NotFound => {
                tracing::error!(path = %path.display(), %error, "compiled code can not be deleted");
            }
            _ => {}
        }
    }

    fn read_checked(&self, path: &Path, digest: &str) -> Result<Option<Vec<u8>>, String> {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let found = file.metadata().map_err(|error| error.to_string())?;
        if !found.is_file() || found.mode() & 0o077 != 0 {
            return Err("it is open to other users".to_owned());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let Some((mac, payload)) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_at_checked(MAC_BYTES)) else {
            return Err("it does not begin as our files do".to_owned());
        };
        hmac::verify(&self.key, &self.authenticated(digest, payload), mac)
            .map_err(|_| "its MAC is wrong".to_owned())?;
        let begin = bytes.len() - payload.len();
        bytes.drain(..begin);
        Ok(Some(bytes))
    }

    fn write_file(&self, path: &Path, digest: &str, payload: &[u8]) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(MAGIC)?;
        file.write_all(hmac::sign(&self.key, &self.authenticated(digest, payload)).as_ref())?;
        file.write_all(payload)?;
        file.sync_all()
    }

    /// Everything that must not change between writing and reading.
    fn authenticated(&self, digest: &str, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(payload.len() + 128);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.engine);
        bytes.extend_from_slice(&(digest.len() as u64).to_le_bytes());
        bytes.extend_from_slice(digest.as_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    fn path(&self, digest: &str) -> PathBuf {
        let mut name = digest::Context::new(&digest::SHA256);
        name.update(digest.as_bytes());
        name.update(&self.engine);
        self.folder.join(format!("{}.cwasm", hex(name.finish().as_ref())))
    }
}

fn engine_hash(engine: &Engine) -> [u8; 32] {
    let mut hasher = Sha256(digest::Context::new(&digest::SHA256));
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.write(engine::version().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(hasher.0.finish().as_ref());
    hash
}

/// Takes every byte that is hashed, so that the digest outlives this process.
struct Sha256(digest::Context);

impl Hasher for Sha256 {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    let kind = if error.kind() == IoErrorKind::StorageFull { ErrorKind::StorageFull } else { ErrorKind::Internal };
    Error::new(kind, format!("the code cache at {} can not be used", path.display())).caused_by(error)
}
