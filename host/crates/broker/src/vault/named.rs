//! Secrets that are no fields of a credential: an app's, a token, a verifier. Each is sealed under
//! its owner's key, bound to its kind, its record and its version, and opens nowhere else.

use gatehouse_domain::{Error, ErrorKind, Result};

use super::{TenantKeyRef, Vault, record};
use crate::credentials::Credentials;
use crate::secret::Secret;

/// The version of the deployment's key.
const VERSION: u32 = 1;

/// Whose a secret is, which says what seals it. One of a tenant's opens for no other, and for
/// nobody once the tenant's key is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'k> {
    /// The deployment's, under a key of its own.
    Deployment,
    /// A tenant's, under this key of it.
    Tenant(&'k TenantKeyRef),
}

/// The one place where a secret belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// What kind of secret it is, such as `oauth-token`.
    pub kind: &'static str,
    /// Which record it is part of.
    pub record: &'p str,
    /// Which field of that.
    pub field: &'p str,
    /// Which version of that.
    pub version: u32,
}

impl Vault {
    /// Seals a secret for its place, in base64.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the tenant's key does not open, [`ErrorKind::Internal`] where
    /// the system gives no randomness.
    pub fn seal_at(&self, owner: Owner<'_>, place: &Place<'_>, secret: &Secret) -> Result<String> {
        let (salt, aad) = (self.random_bytes()?, self.named_aad(owner, place));
        match owner {
            Owner::Deployment => record::seal(&self.own.named, VERSION, &salt, &aad, secret.expose()),
            Owner::Tenant(key) => record::seal(&self.unwrap(key)?.key, key.version, &salt, &aad, secret.expose()),
        }
    }

    /// As [`Vault::seal_at`], for one of the fields that a caller gave; none where it gave no such.
    ///
    /// # Errors
    /// As [`Vault::seal_at`].
    pub fn seal_field(&self, owner: Owner<'_>, place: &Place<'_>, given: &Credentials) -> Result<Option<String>> {
        let field = given.iter().find(|(name, _)| *name == place.field);
        field.map(|(_, secret)| self.seal_at(owner, place, secret)).transpose()
    }

    /// Opens what [`Vault::seal_at`] sealed for the same owner and place.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for anything else.
    pub fn open_at(&self, owner: Owner<'_>, place: &Place<'_>, sealed: &str) -> Result<Secret> {
        let aad = self.named_aad(owner, place);
        let plain = match owner {
            Owner::Deployment => record::open(&self.own.named, VERSION, &aad, sealed),
            Owner::Tenant(key) => record::open(&self.unwrap(key)?.key, key.version, &aad, sealed),
        };
        plain.map(Secret::new).ok_or_else(|| {
            let message = "a sealed secret does not open: it was changed, moved, or sealed by another deployment; \
                           restore it from a backup or set it again";
            Error::new(ErrorKind::Corrupt, message).with("kind", place.kind).with("field", place.field)
        })
    }

    /// The same secret for the same place, sealed with another of its tenant's keys.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it or a key does not open.
    pub fn reseal_at(&self, from: &TenantKeyRef, to: &TenantKeyRef, place: &Place<'_>, sealed: &str) -> Result<String> {
        let secret = self.open_at(Owner::Tenant(from), place, sealed)?;
        self.seal_at(Owner::Tenant(to), place, &secret)
    }

    fn named_aad(&self, owner: Owner<'_>, place: &Place<'_>) -> Vec<u8> {
        let owner = match owner {
            Owner::Deployment => Vec::new(),
            Owner::Tenant(key) => [&key.tenant.to_bytes()[..], &key.version.to_be_bytes()].concat(),
        };
        record::aad(&[
            b"gatehouse/named",
            self.deployment.as_bytes(),
            &owner,
            place.kind.as_bytes(),
            place.record.as_bytes(),
            place.field.as_bytes(),
            &place.version.to_be_bytes(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::TenantId;

    use super::*;
    use crate::RootKey;

    fn vault(key: u8, deployment: &str) -> Vault {
        Vault::new(RootKey::from_bytes([key; 32]), deployment.to_owned())
    }

    fn key(vault: &Vault, tenant: u8, version: u32) -> TenantKeyRef {
        let tenant = TenantId::from_bytes([tenant; 16]);
        TenantKeyRef { tenant, version, wrapped: vault.new_tenant_key(tenant, version).unwrap() }
    }

    const PLACE: Place<'static> = Place { kind: "token", record: "r1", field: "access", version: 3 };

    #[test]
    fn a_secret_opens_in_its_own_place_alone() {
        let here = vault(1, "here");
        let (one, next, other) = (key(&here, 1, 1), key(&here, 1, 2), key(&here, 2, 1));
        // The same generation of the same tenant, and another key.
        let twin = key(&here, 1, 1);
        for owner in [Owner::Tenant(&one), Owner::Deployment] {
            let sealed = here.seal_at(owner, &PLACE, &Secret::from("hush".to_owned())).unwrap();
            assert_eq!(here.open_at(owner, &PLACE, &sealed).unwrap().expose(), b"hush");
            let foreign = if owner == Owner::Deployment { Owner::Tenant(&one) } else { Owner::Deployment };
            for (vault, owner, place) in [
                (&vault(1, "there"), owner, PLACE),
                (&here, Owner::Tenant(&other), PLACE),
                (&here, Owner::Tenant(&next), PLACE),
                (&here, Owner::Tenant(&twin), PLACE),
                (&here, foreign, PLACE),
                (&here, owner, Place { kind: "app", ..PLACE }),
                (&here, owner, Place { record: "r2", ..PLACE }),
                (&here, owner, Place { field: "refresh", ..PLACE }),
                (&here, owner, Place { version: 4, ..PLACE }),
            ] {
                let error = vault.open_at(owner, &place, &sealed).unwrap_err();
                assert_eq!(error.kind, ErrorKind::Corrupt, "{owner:?} {place:?}");
            }
            assert!(vault(2, "here").open_at(owner, &PLACE, &sealed).is_err());
        }
    }

    #[test]
    fn a_secret_that_is_sealed_again_opens_under_the_new_key_alone() {
        let vault = vault(1, "here");
        let (old, new) = (key(&vault, 1, 1), key(&vault, 1, 2));
        let sealed = vault.seal_at(Owner::Tenant(&old), &PLACE, &Secret::from("hush".to_owned())).unwrap();
        let again = vault.reseal_at(&old, &new, &PLACE, &sealed).unwrap();
        assert_eq!(vault.open_at(Owner::Tenant(&new), &PLACE, &again).unwrap().expose(), b"hush");
        assert!(vault.open_at(Owner::Tenant(&old), &PLACE, &again).is_err());
        let moved = Place { record: "r2", ..PLACE };
        assert_eq!(vault.reseal_at(&old, &new, &moved, &sealed).unwrap_err().kind, ErrorKind::Corrupt);
    }
}
