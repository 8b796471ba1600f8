//! A plugin author's signing key: an Ed25519 key (RFC 8032) in a PKCS#8 file (RFC 8410) that only
//! its owner can read. It never goes to a server; what does is the public key beside it.

use std::fs::OpenOptions;
use std::io::{ErrorKind as IoKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::trust::document::{self, Signable};
use gatehouse_domain::trust::hexadecimal;
use gatehouse_domain::{Error, Result};
use gatehouse_engine::trust::ed25519::key_id;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// What stands before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410 §7).
const PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// No key file is larger than this.
const MAX_BYTES: u64 = 4 << 10;

/// A key to sign with.
pub(crate) struct AuthorKey(Ed25519KeyPair);

impl AuthorKey {
    /// Makes a key in a file that must not exist.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        SystemRandom::new().fill(seed.as_mut()).map_err(|_| Error::internal("the system's random source failed"))?;
        let der = Zeroizing::new([PREFIX.as_slice(), seed.as_slice()].concat());
        let text = Zeroizing::new(format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(&*der)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = file.map_err(|error| match error.kind() {
            IoKind::AlreadyExists => Error::conflict(format!(
                "there is a file `{}` already, which is left as it is; name another with --out",
                path.display()
            )),
            _ => unusable("written", path, error),
        })?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|error| unusable("written", path, error))?;
        Self::parse(&text, path)
    }

    /// Reads a key.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let found = std::fs::metadata(path).map_err(|error| unusable("read", path, error))?;
        if found.permissions().mode() & 0o077 != 0 {
            let shown = path.display();
            return Err(Error::invalid(format!("others can read the key `{shown}`; run `chmod 600 {shown}`")));
        }
        if found.len() > MAX_BYTES {
            return Err(no_key(path));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unusable("read", path, error))?;
        Self::parse(&Zeroizing::new(text), path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let body: Option<String> = body.map(|body| body.chars().filter(|c| !c.is_whitespace()).collect());
        let der = body.map(Zeroizing::new).and_then(|body| STANDARD.decode(body.as_bytes()).ok()).map(Zeroizing::new);
        let der = der.ok_or_else(|| no_key(path))?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Self).map_err(|_| no_key(path))
    }

    /// The public key, 64 hexadecimal digits.
    pub(crate) fn public_key(&self) -> String {
        hexadecimal::write(self.0.public_key().as_ref())
    }

    /// The id of the public key.
    pub(crate) fn id(&self) -> Result<String> {
        key_id(&self.public_key())
    }

    /// Signs a statement: the whole document.
    pub(crate) fn sign<S: Signable>(&self, statement: &S) -> Result<String> {
        let message = document::message(statement)?;
        let signature = self.0.sign(message.as_bytes());
        Ok(document::write(&message, &self.id()?, signature.as_ref()))
    }
}

/// Reads a public key from the file that was made with it.
pub(crate) fn read_public(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|error| unusable("read", path, error))?;
    let key = text.trim();
    if hexadecimal::read::<32>(key).is_some() {
        return Ok(key.to_owned());
    }
    let message =
        format!("`{}` holds no public key: 64 hexadecimal digits, as `gatehouse plugin keygen` writes", path.display());
    Err(Error::invalid(message))
}

fn no_key(path: &Path) -> Error {
    Error::invalid(format!(
        "`{}` holds no Ed25519 private key; make one with `gatehouse plugin keygen`",
        path.display()
    ))
}

fn unusable(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("the key `{}` can not be {what}", path.display())).caused_by(error)
}
