//! Where the author's machine keeps compiled components, and the key that shows that it was this user who wrote them.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use gatehouse_domain::{Error, Result};
use ring::rand::{SecureRandom as _, SystemRandom};

/// The folder and the key; both are made where they are not there.
///
/// # Errors
/// Where the folder can not be used.
pub(crate) fn open() -> Result<(PathBuf, [u8; 32])> {
    let folder = folder();
    let unusable =
        |error| Error::unavailable(format!("the cache {} can not be used", folder.display())).caused_by(error);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(unusable)?;
    let key = key(&folder.join("key")).map_err(unusable)?;
    Ok((folder.join("compiled"), key))
}

/// As the XDG Base Directory Specification has it.
fn folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("gatehouse").join("author")
}

/// Reads the key, or writes a new one where there is none or one that is none. Two programs that do so at once end
/// with one file, and at worst one of them compiles again.
fn key(path: &Path) -> std::io::Result<[u8; 32]> {
    match fs::read(path) {
        Ok(bytes) => {
            if let Ok(key) = <[u8; 32]>::try_from(bytes) {
                return Ok(key);
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| std::io::Error::other("the system's random source failed"))?;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_and_a_damaged_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = key(&path).unwrap();
        assert_eq!(key(&path).unwrap(), first);
        fs::write(&path, "short").unwrap();
        assert_ne!(key(&path).unwrap(), first);
    }
}
