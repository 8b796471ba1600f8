//! What proves the audit trail: seals of entries under a key of their own, and signatures of
//! checkpoints whose public half anybody may have.

use gatehouse_domain::{Error, ErrorKind, Result};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::Vault;

/// What makes and checks seals: HMAC-SHA-256. It can be given to a thread of its own.
#[derive(Clone)]
pub struct AuditSeals(hmac::Key);

impl AuditSeals {
    pub(super) fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// Seals what an entry, or the floor of a chain, says.
    pub fn seal(&self, said: &[u8]) -> [u8; 32] {
        let mut seal = [0; 32];
        let tag = hmac::sign(&self.0, said);
        seal.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        seal
    }

    /// Whether [`AuditSeals::seal`] made `seal` of this. Compares in constant time.
    pub fn holds(&self, said: &[u8], seal: &[u8]) -> bool {
        hmac::verify(&self.0, said, seal).is_ok()
    }
}

impl Vault {
    /// What seals the audit trail.
    pub fn audit_seals(&self) -> AuditSeals {
        self.audit.clone()
    }

    /// Seals an entry of the audit trail.
    pub fn seal_audit(&self, entry: &[u8]) -> [u8; 32] {
        self.audit.seal(entry)
    }

    /// Whether [`Vault::seal_audit`] made `seal` for `entry`.
    pub fn audit_seal_holds(&self, entry: &[u8], seal: &[u8]) -> bool {
        self.audit.holds(entry, seal)
    }

    /// Signs a checkpoint's text: Ed25519.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for a key that is none.
    pub fn sign_checkpoint(&self, text: &[u8]) -> Result<Vec<u8>> {
        Ok(self.checkpoint_pair()?.sign(text).as_ref().to_vec())
    }

    /// The public key of [`Vault::sign_checkpoint`], 32 bytes.
    ///
    /// # Errors
    /// As [`Vault::sign_checkpoint`].
    pub fn checkpoint_key(&self) -> Result<Vec<u8>> {
        Ok(self.checkpoint_pair()?.public_key().as_ref().to_vec())
    }

    fn checkpoint_pair(&self) -> Result<Ed25519KeyPair> {
        Ed25519KeyPair::from_seed_unchecked(self.own.checkpoints.as_slice())
            .map_err(|_| Error::new(ErrorKind::Corrupt, "the key of audit checkpoints is none; restore a backup"))
    }
}
