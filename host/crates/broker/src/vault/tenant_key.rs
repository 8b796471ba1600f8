//! A tenant's data key as it is stored: `<id of the root key>.<sealed key>`, and every change of
//! what seals what. No key and no plaintext leaves this module.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use super::{CredentialContext, Key, OpenKey, TenantKeyRef, Vault, record};

/// What stands between the id of the root key and what it sealed; base64 has none.
const BETWEEN: char = '.';

/// The id of the root key that seals a tenant's key; none for one from before there were ids.
pub fn sealed_under(wrapped: &str) -> Option<&str> {
    wrapped.split_once(BETWEEN).map(|(id, _)| id)
}

impl Vault {
    /// A new random data key for a tenant, sealed under the current root key.
    ///
    /// # Errors
    /// As [`Vault::new_tenant_key_under`].
    pub fn new_tenant_key(&self, tenant: TenantId, version: u32) -> Result<String> {
        self.new_tenant_key_under(self.roots.current(), tenant, version)
    }

    /// A new random data key for a tenant, sealed under the root key of this id.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] for a root key that was not given, [`ErrorKind::Internal`] where
    /// the system gives no randomness.
    pub fn new_tenant_key_under(&self, root: &str, tenant: TenantId, version: u32) -> Result<String> {
        let key = Zeroizing::new(self.random_bytes()?);
        self.wrap(root, tenant, version, &key)
    }

    /// The same data key, sealed under the root key of this id.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it does not open; otherwise as [`Vault::new_tenant_key_under`].
    pub fn rewrap_tenant_key(&self, key: &TenantKeyRef, root: &str) -> Result<String> {
        // Past the cache: going through every tenant must not throw out those that work.
        let open = self.open_wrapped(key)?;
        self.wrap(root, key.tenant, key.version, &open)
    }

    /// The fields of a credential, opened with one of its tenant's keys and sealed with another,
    /// each for the very place that it was sealed for.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where a field or a key does not open.
    pub fn reseal(
        &self,
        from: &TenantKeyRef,
        to: &TenantKeyRef,
        context: &CredentialContext,
        sealed: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let (old, new) = (self.unwrap(from)?, self.unwrap(to)?);
        let again = |(field, record): (&String, &String)| {
            let plain = record::open(&old.key, from.version, &self.aad(from, context, field), record);
            let plain = plain.map(Zeroizing::new).ok_or_else(|| super::does_not_open(context, field))?;
            let sealed =
                record::seal(&new.key, to.version, &self.random_bytes()?, &self.aad(to, context, field), &plain)?;
            Ok((field.clone(), sealed))
        };
        sealed.iter().map(again).collect()
    }

    pub(super) fn unwrap(&self, key: &TenantKeyRef) -> Result<Arc<OpenKey>> {
        let name = (key.tenant, key.version);
        if let Some(open) = self.open.get(&name).filter(|open| open.wrapped == key.wrapped) {
            return Ok(open);
        }
        let open = Arc::new(OpenKey { wrapped: key.wrapped.clone(), key: self.open_wrapped(key)? });
        self.open.insert(name, open.clone());
        Ok(open)
    }

    fn wrap(&self, root: &str, tenant: TenantId, version: u32, key: &Key) -> Result<String> {
        let aad = self.wrap_aad(tenant, version);
        let sealed = record::seal(self.roots.wrap(root)?, version, &self.random_bytes()?, &aad, key.as_slice())?;
        Ok(format!("{root}{BETWEEN}{sealed}"))
    }

    fn open_wrapped(&self, key: &TenantKeyRef) -> Result<Key> {
        let aad = self.wrap_aad(key.tenant, key.version);
        let open = |wrap: &Key, sealed: &str| record::open(wrap, key.version, &aad, sealed).map(Zeroizing::new);
        let plain = match key.wrapped.split_once(BETWEEN) {
            Some((root, sealed)) => {
                let wrap = self.roots.wrap(root);
                open(wrap.map_err(|error| error.with("tenant", key.tenant))?, sealed)
            }
            None => self.roots.wraps().find_map(|wrap| open(wrap, &key.wrapped)),
        };
        let bytes = plain.and_then(|plain| <[u8; 32]>::try_from(plain.as_slice()).ok()).map(Zeroizing::new);
        bytes.ok_or_else(|| {
            let message = "a tenant's key does not open: the root key is another one, or the store was changed; \
                           start with the root key file that this store was made with";
            Error::new(ErrorKind::Corrupt, message).with("tenant", key.tenant).with("key_version", key.version)
        })
    }

    fn wrap_aad(&self, tenant: TenantId, version: u32) -> Vec<u8> {
        let (tenant, version) = (tenant.to_bytes(), version.to_be_bytes());
        record::aad(&[b"gatehouse/tenant-key", self.deployment.as_bytes(), &tenant, &version])
    }
}
