//! What is kept of calls, sealed under the tenant's own key: no secret of a provider, but the
//! tenant's own matter. Each seal is bound to its kind and its record, and opens nowhere else.

use gatehouse_domain::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use super::{TenantKeyRef, Vault, record};

impl Vault {
    /// Seals bytes of a record for its tenant, in base64. `kind` says what they are, such as `cassette`.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the tenant's key does not open.
    pub fn seal_kept(&self, key: &TenantKeyRef, kind: &'static str, id: &[u8], plain: &[u8]) -> Result<String> {
        let open = self.unwrap(key)?;
        record::seal(&open.key, key.version, &self.random_bytes()?, &self.kept_aad(key, kind, id), plain)
    }

    /// Opens what [`Vault::seal_kept`] sealed for the same record.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for anything else.
    pub fn open_kept(
        &self,
        key: &TenantKeyRef,
        kind: &'static str,
        id: &[u8],
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let open = self.unwrap(key)?;
        let plain = record::open(&open.key, key.version, &self.kept_aad(key, kind, id), sealed);
        plain.map(Zeroizing::new).ok_or_else(|| {
            let message = format!("a {kind} does not open: it was changed, moved, or sealed by another deployment");
            Error::new(ErrorKind::Corrupt, message)
        })
    }

    fn kept_aad(&self, key: &TenantKeyRef, kind: &'static str, id: &[u8]) -> Vec<u8> {
        record::aad(&[
            b"gatehouse/kept",
            self.deployment.as_bytes(),
            kind.as_bytes(),
            id,
            &key.tenant.to_bytes(),
            &key.version.to_be_bytes(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::TenantId;

    use super::*;
    use crate::RootKey;

    #[test]
    fn what_is_kept_opens_in_its_own_place_alone() {
        let vault = Vault::new(RootKey::from_bytes([1; 32]), "here".to_owned());
        let key = |tenant: u8, version| {
            let tenant = TenantId::from_bytes([tenant; 16]);
            TenantKeyRef { tenant, version, wrapped: vault.new_tenant_key(tenant, version).unwrap() }
        };
        let own = key(1, 1);
        let sealed = vault.seal_kept(&own, "cassette", b"id", b"content").unwrap();
        assert_eq!(vault.open_kept(&own, "cassette", b"id", &sealed).unwrap().as_slice(), b"content");
        assert!(!sealed.contains("content"));
        for (key, kind, id) in [
            (&key(2, 1), "cassette", b"id".as_slice()),
            (&key(1, 2), "cassette", b"id"),
            (&own, "other", b"id"),
            (&own, "cassette", b"di"),
        ] {
            assert_eq!(vault.open_kept(key, kind, id, &sealed).unwrap_err().kind, ErrorKind::Corrupt);
        }
    }
}
