//! The deployment's own keys: random, one a purpose, made once and kept sealed under the root key,
//! so that another root key can take its place while everything they made stays good.

use std::collections::BTreeMap;

use gatehouse_domain::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use super::{Key, RootKey, record};

/// The version of the sealed form.
const SEALED: u32 = 1;

/// The purposes, by the names that are part of the stored form. One that is added here gets its
/// key at the next start.
const API_KEYS: &str = "apikey";
const AUDIT: &str = "audit-mac";
const CHECKPOINTS: &str = "audit-sign";
const ANSWERS: &str = "answer";
const COMPILED: &str = "cwasm-mac";
const NAMED: &str = "named";

/// A deployment's own keys as the store keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKeys {
    /// The id of the root key that seals them.
    pub root: String,
    /// Each purpose with its key, sealed, in base64.
    pub keys: BTreeMap<String, String>,
}

/// A deployment's own keys.
pub(super) struct OwnKeys {
    /// For digests of API keys.
    pub(super) api_keys: Key,
    /// For seals of the audit trail.
    pub(super) audit: Key,
    /// The seed that checkpoints of the audit trail are signed with.
    pub(super) checkpoints: Key,
    /// For answers that are kept.
    pub(super) answers: Key,
    /// For the MAC of the compile cache.
    pub(super) compiled: Key,
    /// For secrets that are no fields of a credential.
    pub(super) named: Key,
}

impl OwnKeys {
    /// New ones.
    pub(super) fn random(mut random: impl FnMut() -> Result<[u8; 32]>) -> Result<Self> {
        Self::made(|_| random().map(Zeroizing::new))
    }

    /// Those of a deployment that had none of its own: derived from its root key.
    pub(super) fn derived(root: &RootKey) -> Self {
        let derive = |purpose| record::subkey(root.bytes(), &format!("gh/v1/{purpose}"));
        Self {
            api_keys: derive(API_KEYS),
            audit: derive(AUDIT),
            checkpoints: derive(CHECKPOINTS),
            answers: derive(ANSWERS),
            compiled: derive(COMPILED),
            named: derive(NAMED),
        }
    }

    /// Opens stored ones. A purpose that is newer than the store gets a new key; the flag says
    /// whether there was one.
    pub(super) fn open(
        root: &RootKey,
        deployment: &str,
        sealed: &SealedKeys,
        mut random: impl FnMut() -> Result<[u8; 32]>,
    ) -> Result<(Self, bool)> {
        let (sealing, mut lacking) = (sealing(root), false);
        let own = Self::made(|purpose| match sealed.keys.get(purpose) {
            Some(record) => open_one(&sealing, &aad(deployment, purpose), record)
                .ok_or_else(|| Error::new(ErrorKind::Corrupt, does_not_open(purpose, &sealed.root))),
            None => {
                lacking = true;
                random().map(Zeroizing::new)
            }
        })?;
        Ok((own, lacking))
    }

    /// Seals them under a root key.
    pub(super) fn seal(
        &self,
        root: &RootKey,
        deployment: &str,
        mut random: impl FnMut() -> Result<[u8; 32]>,
    ) -> Result<SealedKeys> {
        let sealing = sealing(root);
        let mut keys = BTreeMap::new();
        for (purpose, key) in self.named() {
            let sealed = record::seal(&sealing, SEALED, &random()?, &aad(deployment, purpose), key.as_slice())?;
            keys.insert(purpose.to_owned(), sealed);
        }
        Ok(SealedKeys { root: root.id(), keys })
    }

    fn made(mut key: impl FnMut(&'static str) -> Result<Key>) -> Result<Self> {
        Ok(Self {
            api_keys: key(API_KEYS)?,
            audit: key(AUDIT)?,
            checkpoints: key(CHECKPOINTS)?,
            answers: key(ANSWERS)?,
            compiled: key(COMPILED)?,
            named: key(NAMED)?,
        })
    }

    fn named(&self) -> [(&'static str, &Key); 6] {
        [
            (API_KEYS, &self.api_keys),
            (AUDIT, &self.audit),
            (CHECKPOINTS, &self.checkpoints),
            (ANSWERS, &self.answers),
            (COMPILED, &self.compiled),
            (NAMED, &self.named),
        ]
    }
}

fn open_one(sealing: &Key, aad: &[u8], record: &str) -> Option<Key> {
    let plain = record::open(sealing, SEALED, aad, record).map(Zeroizing::new)?;
    <[u8; 32]>::try_from(plain.as_slice()).ok().map(Zeroizing::new)
}

fn does_not_open(purpose: &str, root: &str) -> String {
    format!(
        "the deployment's own key `{purpose}` does not open under the root key `{root}`: the store was changed; \
         restore it from a backup"
    )
}

fn sealing(root: &RootKey) -> Key {
    record::subkey(root.bytes(), "gh/v1/own-keys")
}

fn aad(deployment: &str, purpose: &str) -> Vec<u8> {
    record::aad(&[b"gatehouse/own-key", deployment.as_bytes(), purpose.as_bytes()])
}
