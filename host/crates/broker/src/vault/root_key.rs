//! The root key: thirty-two random bytes in a file that only its owner can read, outside the
//! data directory.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind as IoKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::{Error, Result};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::Key;

/// No root key file is larger than this.
const MAX_FILE: u64 = 256;

/// The key above all others. Whoever has it and the data directory has every secret.
pub struct RootKey(Key);

impl RootKey {
    /// Reads the key from `path`, or makes one there; the flag says whether it was made.
    /// The file holds 64 hexadecimal digits or the base64 of 32 bytes.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where others than the owner may read the file
    /// or where it holds something else; [`gatehouse_domain::ErrorKind::Unavailable`] where it
    /// can not be read or made.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<(Self, bool)> {
        let path = path.as_ref();
        match File::open(path) {
            Ok(file) => Ok((load(path, file)?, false)),
            Err(error) if error.kind() == IoKind::NotFound => create(path),
            Err(error) => Err(failed("read", path, error)),
        }
    }

    /// Reads the key from `path`, where one has to be.
    ///
    /// # Errors
    /// As [`RootKey::load_or_create`]; [`gatehouse_domain::ErrorKind::NotFound`] where there is no
    /// such file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match File::open(path) {
            Ok(file) => load(path, file),
            Err(error) if error.kind() == IoKind::NotFound => {
                let message = format!("there is no root key file `{}`", path.display());
                Err(Error::new(gatehouse_domain::ErrorKind::NotFound, message))
            }
            Err(error) => Err(failed("read", path, error)),
        }
    }

    /// Makes a new key in the file `path`, which must not exist.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where there is such a file; otherwise as
    /// [`RootKey::load_or_create`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match create(path)? {
            (key, true) => Ok(key),
            (_, false) => {
                let message =
                    format!("there is a key in `{}` already, which is left as it is; name a new file", path.display());
                Err(Error::conflict(message))
            }
        }
    }

    /// A key from bytes that the caller has made or fetched.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootKey([redacted])")
    }
}

fn load(path: &Path, file: File) -> Result<RootKey> {
    let shown = path.display();
    let about = file.metadata().map_err(|error| failed("read", path, error))?;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!(
            "the root key file `{shown}` can be read by others than its owner (mode {mode:04o}); run `chmod 600 {shown}`"
        );
        return Err(Error::invalid(message));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| failed("read", path, error))?;
    parse(text.trim()).ok_or_else(|| {
        Error::invalid(format!(
            "the root key file `{shown}` does not hold 32 bytes as 64 hexadecimal digits or as base64; \
             restore the file, or remove it to have a new key made for an empty data directory"
        ))
    })
}

fn parse(text: &str) -> Option<RootKey> {
    let decoded = match text.len() {
        64 => unhex(text)?,
        _ => STANDARD.decode(text).ok()?,
    };
    let decoded = Zeroizing::new(decoded);
    <[u8; 32]>::try_from(decoded.as_slice()).ok().map(RootKey::from_bytes)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibbles = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    let nibbles: Zeroizing<Vec<u8>> = Zeroizing::new(nibbles.collect::<Option<_>>()?);
    Some(nibbles.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect())
}

/// Writes beside the place and links into it, so that a crash leaves no half of a key and two
/// starters agree on one.
fn create(path: &Path) -> Result<(RootKey, bool)> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make(directory).map_err(|error| failed("make", directory, error))?;
    let beside = path_beside(path);
    let key = random()?;
    let linked = write_new(&beside, &key).and_then(|()| std::fs::hard_link(&beside, path));
    let removed = std::fs::remove_file(&beside);
    match linked.and(removed).and_then(|()| File::open(directory)?.sync_all()) {
        Ok(()) => Ok((key, true)),
        Err(error) if error.kind() == IoKind::AlreadyExists => {
            let file = File::open(path).map_err(|error| failed("read", path, error))?;
            Ok((load(path, file)?, false))
        }
        Err(error) => Err(failed("make", path, error)),
    }
}

/// Makes a directory, with those above it, and their names durably: without them a power cut takes
/// the key, and with it all that was sealed.
fn make(directory: &Path) -> std::io::Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = directory.ancestors().take_while(is_missing).collect();
    std::fs::create_dir_all(directory)?;
    for path in missing.into_iter().rev() {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        File::open(above.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn path_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{:?}.new", std::process::id(), std::thread::current().id()));
    PathBuf::from(name)
}

fn write_new(path: &Path, key: &RootKey) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let digits: Zeroizing<String> = Zeroizing::new(key.bytes().iter().map(|byte| format!("{byte:02x}")).collect());
    file.write_all(digits.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn random() -> Result<RootKey> {
    let mut bytes = Zeroizing::new([0; 32]);
    let filled = SystemRandom::new().fill(bytes.as_mut_slice());
    filled.map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(RootKey(bytes))
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    let message =
        format!("could not {what} `{}`; `root_key_file` must name a place the server may use", path.display());
    Error::unavailable(message).caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_only() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("keys/root");
        let (made, created) = RootKey::load_or_create(&path).unwrap();
        let (read, created_again) = RootKey::load_or_create(&path).unwrap();
        assert!(created && !created_again);
        assert_eq!(made.bytes(), read.bytes());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn starters_at_the_same_time_agree_on_one_key() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("root");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starters: Vec<_> = (0..8).map(|_| scope.spawn(|| RootKey::load_or_create(&path).unwrap())).collect();
            starters.into_iter().map(|starter| starter.join().unwrap()).collect()
        });
        assert_eq!(keys.iter().filter(|(_, created)| *created).count(), 1);
        assert!(keys.iter().all(|(key, _)| key.bytes() == keys[0].0.bytes()));
    }

    fn check(text: &str, mode: u32, expect: Result<[u8; 32], &str>) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("root");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        match (RootKey::load_or_create(&path), expect) {
            (Ok((key, false)), Ok(bytes)) => assert_eq!(key.bytes(), &bytes),
            (Err(error), Err(part)) => assert!(error.message.contains(part), "{error}"),
            (other, _) => panic!("{text:?} {mode:o}: {other:?}"),
        }
    }

    #[test]
    fn both_spellings_are_read_and_everything_else_is_refused_with_the_fix() {
        let hex = "AB".repeat(32);
        check(&hex, 0o600, Ok([0xab; 32]));
        check(&format!("{}\n", STANDARD.encode([7; 32])), 0o400, Ok([7; 32]));
        check(&hex, 0o640, Err("chmod 600"));
        check(&hex, 0o604, Err("mode 0604"));
        check("", 0o600, Err("restore the file"));
        check(&hex[2..], 0o600, Err("64 hexadecimal digits"));
        check(&STANDARD.encode([7; 33]), 0o600, Err("does not hold 32 bytes"));
        check(&"zz".repeat(32), 0o600, Err("does not hold 32 bytes"));
    }
}
