//! Seals and opens credentials: root keys, one data key a tenant, one use of a key a record.
//! Plaintext leaves it only as a [`Secret`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::id::{ExecutionId, IntegrationId, KeyId, TenantId};
use gatehouse_domain::{Error, ErrorKind, Result};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::bounded::Bounded;
use crate::credentials::Credentials;
use crate::secret::Secret;

mod audit;
mod kept;
mod named;
mod own_keys;
mod record;
mod root_key;
mod root_keys;
pub mod signing;
mod tenant_key;

use own_keys::OwnKeys;

pub use audit::AuditSeals;
pub use named::{Owner, Place};
pub use own_keys::SealedKeys;
pub use root_key::RootKey;
pub use root_keys::RootKeys;
pub use tenant_key::sealed_under;

/// How many secrets of an endpoint are kept at a time.
const SECRETS_BESIDE: usize = 4;

/// Thirty-two bytes of key.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// How many tenants' keys are held open, and for how long.
const OPEN_KEYS: usize = 1_000;
const OPEN_FOR: Duration = Duration::from_secs(300);

/// A tenant's data key as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantKeyRef {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which of the tenant's keys it is.
    pub version: u32,
    /// The key, sealed under a root key: the id of that one, a full stop, and base64.
    pub wrapped: String,
}

/// What a sealed credential is bound to: it opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialContext {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which integration it belongs to.
    pub integration: IntegrationId,
    /// Which generation of the integration's credential it is.
    pub version: u32,
}

/// The version of the subkey that seals answers.
const ANSWERS: u32 = 1;

/// The keys of one deployment.
pub struct Vault {
    deployment: String,
    roots: RootKeys,
    own: OwnKeys,
    api_keys: hmac::Key,
    audit: AuditSeals,
    random: SystemRandom,
    open: Bounded<(TenantId, u32), Arc<OpenKey>>,
}

/// An unwrapped tenant key beside what it was unwrapped from.
struct OpenKey {
    wrapped: String,
    key: Key,
}

impl Vault {
    /// A vault under one root key, with own keys that are derived from it. What it seals opens
    /// only in a vault of the same `deployment`. A deployment that is stored keeps own keys that
    /// outlive their root key: see [`Vault::begin`].
    pub fn new(root: RootKey, deployment: String) -> Self {
        let own = OwnKeys::derived(&root);
        Self::of(RootKeys::new(root, Vec::new()), own, deployment)
    }

    /// The vault of a deployment that begins: with new own keys.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where the system gives no randomness.
    pub fn begin(roots: RootKeys, deployment: String) -> Result<Self> {
        let random = SystemRandom::new();
        Ok(Self::of(roots, OwnKeys::random(|| random_bytes(&random))?, deployment))
    }

    /// The vault of a deployment whose own keys are stored. The flag says whether some of them are
    /// new and have to be stored.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where the root key that seals them was not given,
    /// [`ErrorKind::Corrupt`] where they do not open.
    pub fn resume(roots: RootKeys, deployment: String, sealed: &SealedKeys) -> Result<(Self, bool)> {
        let random = SystemRandom::new();
        let root = roots.root(&sealed.root)?;
        let (own, lacking) = OwnKeys::open(root, &deployment, sealed, || random_bytes(&random))?;
        Ok((Self::of(roots, own, deployment), lacking))
    }

    /// The vault of a deployment from before it had own keys: the ones that its root key gave.
    /// Answers the id of that root key too, the first one, the current before all others, whose
    /// vault `fits` finds good.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where none is good.
    pub fn adopt(roots: RootKeys, deployment: String, fits: impl Fn(&Self) -> bool) -> Result<(Self, String)> {
        let mut ids: Vec<String> = roots.ids().map(str::to_owned).collect();
        ids.sort_by_key(|id| id != roots.current());
        let own = OwnKeys::derived(roots.root(roots.current())?);
        let mut vault = Self::of(roots, own, deployment);
        for id in ids {
            let own = OwnKeys::derived(vault.roots.root(&id)?);
            vault = Self::of(vault.roots, own, vault.deployment);
            if fits(&vault) {
                return Ok((vault, id));
            }
        }
        let message = "none of the root keys that were given is the one that this store was made with; start with the \
                       root key file that it was made with";
        Err(Error::invalid(message))
    }

    fn of(roots: RootKeys, own: OwnKeys, deployment: String) -> Self {
        let mac = |key: &Key| hmac::Key::new(hmac::HMAC_SHA256, key.as_slice());
        let (api_keys, audit) = (mac(&own.api_keys), AuditSeals::new(mac(&own.audit)));
        let (random, open) = (SystemRandom::new(), Bounded::new(OPEN_KEYS, OPEN_FOR));
        Self { deployment, roots, own, api_keys, audit, random, open }
    }

    /// The root keys that it was given.
    pub fn roots(&self) -> &RootKeys {
        &self.roots
    }

    /// The deployment's own keys, sealed under the root key of this id.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] for a root key that was not given.
    pub fn seal_own_keys(&self, root: &str) -> Result<SealedKeys> {
        self.own.seal(self.roots.root(root)?, &self.deployment, || self.random_bytes())
    }

    /// Seals each field of a credential by itself, in base64.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the tenant's key does not open.
    pub fn seal(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        credentials: &Credentials,
    ) -> Result<BTreeMap<String, String>> {
        self.seal_as(key, context, credentials, "")
    }

    /// Seals the secrets of an endpoint, as [`Vault::seal`] does: each under a name that no field
    /// of a credential has, [`Vault::ENDPOINT`] and then its own.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal_endpoint(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        secrets: &Credentials,
    ) -> Result<BTreeMap<String, String>> {
        self.seal_as(key, context, secrets, Self::ENDPOINT)
    }

    /// As [`Vault::seal_endpoint`], with the secrets that are kept behind the new ones, one a line: a
    /// delivery may still be signed with those.
    ///
    /// # Errors
    /// As [`Vault::seal_endpoint`]; [`ErrorKind::Corrupt`] where one that is kept does not open.
    pub fn seal_endpoint_beside(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        kept: &BTreeMap<String, String>,
        secrets: &Credentials,
    ) -> Result<BTreeMap<String, String>> {
        let mut joined = BTreeMap::new();
        for (field, secret) in secrets.iter() {
            let name = [Self::ENDPOINT, field].concat();
            let old = self.open(key, context, kept, &name)?;
            let old = old.as_ref().map(Secret::expose).unwrap_or_default();
            let old = old.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let new = secret.expose().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let mut lines: Vec<&[u8]> = Vec::new();
            for line in new.chain(old) {
                if !lines.contains(&line) && lines.len() < SECRETS_BESIDE {
                    lines.push(line);
                }
            }
            joined.insert(field.to_owned(), Secret::new(lines.join(&b'\n')));
        }
        self.seal_as(key, context, &Credentials::of(joined), Self::ENDPOINT)
    }

    /// What stands before the name of an endpoint's secret where it was sealed.
    pub const ENDPOINT: &'static str = "endpoint.";

    fn seal_as(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        credentials: &Credentials,
        prefix: &str,
    ) -> Result<BTreeMap<String, String>> {
        let open = self.unwrap(key)?;
        let seal = |(field, secret): (&str, &Secret)| {
            let name = [prefix, field].concat();
            let aad = self.aad(key, context, &name);
            let sealed = record::seal(&open.key, key.version, &self.random_bytes()?, &aad, secret.expose())?;
            Ok((name, sealed))
        };
        credentials.iter().map(seal).collect()
    }

    /// The key of the compile cache's MAC.
    pub fn cwasm_key(&self) -> [u8; 32] {
        *self.own.compiled
    }

    /// What is stored of an API key in place of its secret: HMAC-SHA-256 under a subkey, so that
    /// a stolen store can not be searched for guesses, of the key's id and the secret, so that
    /// no key's digest stands for another's. The secret is 256 random bits and needs no slow hash.
    pub fn digest_api_key(&self, id: KeyId, secret: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.api_keys, &digested(id, secret));
        let mut digest = [0; 32];
        digest.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    /// Seals an answer that is kept under `id`, in base64: it may hold a key that is shown once.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where the system gives no randomness.
    pub fn seal_answer(&self, id: &[u8; 32], answer: &[u8]) -> Result<String> {
        record::seal(&self.own.answers, ANSWERS, &self.random_bytes()?, id, answer)
    }

    /// Opens what [`Vault::seal_answer`] sealed under the same `id`.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for anything else.
    pub fn open_answer(&self, id: &[u8; 32], sealed: &str) -> Result<Vec<u8>> {
        let plain = record::open(&self.own.answers, ANSWERS, id, sealed).map(|plain| plain.to_vec());
        plain.ok_or_else(|| Error::new(ErrorKind::Corrupt, "a kept answer does not open under this root key"))
    }

    /// Seals what a call that is made later carries, under the tenant's key, in base64.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the tenant's key does not open.
    pub fn seal_call(&self, key: &TenantKeyRef, execution: ExecutionId, call: &[u8]) -> Result<String> {
        let open = self.unwrap(key)?;
        record::seal(&open.key, key.version, &self.random_bytes()?, &self.call_aad(key, execution), call)
    }

    /// Opens what [`Vault::seal_call`] sealed for the same call.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for anything else.
    pub fn open_call(&self, key: &TenantKeyRef, execution: ExecutionId, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        let open = self.unwrap(key)?;
        let plain = record::open(&open.key, key.version, &self.call_aad(key, execution), sealed);
        plain.map(Zeroizing::new).ok_or_else(|| {
            let message = "a queued call does not open: it was changed, moved, or sealed by another deployment";
            Error::new(ErrorKind::Corrupt, message).with("execution", execution)
        })
    }

    /// Whether `digest` is of this key and this secret, compared in constant time. Without a
    /// digest the same work is done, and the answer is no.
    pub fn verify_api_key(&self, id: KeyId, secret: &str, digest: Option<&[u8; 32]>) -> bool {
        let fits = hmac::verify(&self.api_keys, &digested(id, secret), digest.unwrap_or(&[0; 32])).is_ok();
        fits && digest.is_some()
    }

    /// Forgets a tenant's open keys, once they are destroyed.
    pub fn forget_tenant(&self, tenant: TenantId) {
        self.open.retain(|(of, _)| *of != tenant);
    }

    /// Checks a sealed credential against another JSON Schema than it was sealed under. Nothing of
    /// it leaves.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`], where each problem names the field and the rule
    /// and never the value; [`gatehouse_domain::ErrorKind::Corrupt`] where it does not open.
    pub fn check_sealed(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        sealed: &BTreeMap<String, String>,
        schema: &serde_json::Value,
    ) -> Result<()> {
        let mut fields = BTreeMap::new();
        for name in sealed.keys() {
            fields.extend(self.open(key, context, sealed, name)?.map(|secret| (name.clone(), secret)));
        }
        Credentials::of(fields).check(schema)
    }

    /// Opens one field of a credential; none where it has no such field.
    pub(crate) fn open(
        &self,
        key: &TenantKeyRef,
        context: &CredentialContext,
        sealed: &BTreeMap<String, String>,
        field: &str,
    ) -> Result<Option<Secret>> {
        let Some(record) = sealed.get(field) else { return Ok(None) };
        let open = self.unwrap(key)?;
        let plain = record::open(&open.key, key.version, &self.aad(key, context, field), record);
        plain.map(|plain| Some(Secret::new(plain))).ok_or_else(|| does_not_open(context, field))
    }

    fn aad(&self, key: &TenantKeyRef, context: &CredentialContext, field: &str) -> Vec<u8> {
        record::aad(&[
            b"gatehouse/secret",
            self.deployment.as_bytes(),
            &context.tenant.to_bytes(),
            &context.integration.to_bytes(),
            field.as_bytes(),
            b"credential",
            &context.version.to_be_bytes(),
            // A key of another tenant never fits, even where a caller mixes them up.
            &key.tenant.to_bytes(),
            &key.version.to_be_bytes(),
        ])
    }

    fn call_aad(&self, key: &TenantKeyRef, execution: ExecutionId) -> Vec<u8> {
        record::aad(&[
            b"gatehouse/queued-call",
            self.deployment.as_bytes(),
            &execution.to_bytes(),
            &key.tenant.to_bytes(),
            &key.version.to_be_bytes(),
        ])
    }

    fn random_bytes(&self) -> Result<[u8; 32]> {
        random_bytes(&self.random)
    }
}

fn random_bytes(random: &SystemRandom) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(bytes)
}

fn does_not_open(context: &CredentialContext, field: &str) -> Error {
    let message = "a sealed credential does not open: it was changed, moved, or sealed by another deployment; \
                   restore it from a backup or connect the integration again";
    Error::new(ErrorKind::Corrupt, message).with("integration", context.integration).with("field", field)
}

/// The id has a fixed length, so nothing of it can be taken for the secret.
fn digested(id: KeyId, secret: &str) -> Vec<u8> {
    [&id.to_bytes()[..], secret.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
