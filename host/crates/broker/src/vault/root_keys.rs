//! The root keys that a server was started with: the one that new things are to be sealed under,
//! and those that older things may still be sealed under. A key is named by an id that tells
//! nothing of it.

use std::collections::BTreeMap;

use gatehouse_domain::{Error, ErrorKind, Result};
use ring::digest::{SHA256, digest};

use super::{Key, RootKey, record};

/// How many bytes of a digest make an id.
const ID_BYTES: usize = 8;

/// The root keys, by id.
pub struct RootKeys {
    current: String,
    known: BTreeMap<String, Known>,
}

/// A root key with what is derived from it over and over.
struct Known {
    root: RootKey,
    wrap: Key,
}

impl RootKey {
    /// Its id: the first 8 bytes of SHA-256 over an HKDF output of its own, in hexadecimal.
    pub fn id(&self) -> String {
        let named = record::subkey(self.bytes(), "gh/v1/root-id");
        let digest = digest(&SHA256, named.as_slice());
        digest.as_ref().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl RootKeys {
    /// The key that new things are to be sealed under, and older ones.
    pub fn new(current: RootKey, previous: Vec<RootKey>) -> Self {
        let id = current.id();
        let keys = previous.into_iter().chain([current]);
        let known = keys.map(|root| (root.id(), Known { wrap: record::subkey(root.bytes(), "gh/v1/wrap"), root }));
        Self { known: known.collect(), current: id }
    }

    /// The id of the key that new things are to be sealed under.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The ids of all of them.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// Whether the key of this id is among them.
    pub fn has(&self, id: &str) -> bool {
        self.known.contains_key(id)
    }

    pub(super) fn root(&self, id: &str) -> Result<&RootKey> {
        self.known.get(id).map(|known| &known.root).ok_or_else(|| missing(id))
    }

    pub(super) fn wrap(&self, id: &str) -> Result<&Key> {
        self.known.get(id).map(|known| &known.wrap).ok_or_else(|| missing(id))
    }

    /// The keys that may have sealed something that does not say which one did.
    pub(super) fn wraps(&self) -> impl Iterator<Item = &Key> {
        self.known.values().map(|known| &known.wrap)
    }
}

fn missing(id: &str) -> Error {
    let message = format!(
        "the root key `{id}` is needed and was not given; name its file in `root_key_file` or `previous_root_key_files`"
    );
    Error::new(ErrorKind::Unavailable, message)
}
