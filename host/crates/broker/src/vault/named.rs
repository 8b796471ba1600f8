//! Secrets that are no fields of a credential: an app's, a token, a verifier. Each is bound to
//! its owner, its kind, its record and its version, and opens nowhere else.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::{Error, ErrorKind, Result};

use super::{Vault, record};
use crate::credentials::Credentials;
use crate::secret::Secret;

/// The version of the key.
const VERSION: u32 = 1;

/// Whose a secret is. One of a tenant's opens for no other. All of them are sealed under a key of
/// the deployment's own, so the exchange of a tenant's keys does not concern them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The deployment's.
    Deployment,
    /// A tenant's.
    Tenant(TenantId),
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
    /// [`ErrorKind::Internal`] where the system gives no randomness.
    pub fn seal_at(&self, owner: Owner, place: &Place<'_>, secret: &Secret) -> Result<String> {
        let (salt, aad) = (self.random_bytes()?, self.named_aad(owner, place));
        record::seal(&self.own.named, VERSION, &salt, &aad, secret.expose())
    }

    /// As [`Vault::seal_at`], for one of the fields that a caller gave; none where it gave no such.
    ///
    /// # Errors
    /// As [`Vault::seal_at`].
    pub fn seal_field(&self, owner: Owner, place: &Place<'_>, given: &Credentials) -> Result<Option<String>> {
        let field = given.iter().find(|(name, _)| *name == place.field);
        field.map(|(_, secret)| self.seal_at(owner, place, secret)).transpose()
    }

    /// Opens what [`Vault::seal_at`] sealed for the same owner and place.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] for anything else.
    pub fn open_at(&self, owner: Owner, place: &Place<'_>, sealed: &str) -> Result<Secret> {
        let aad = self.named_aad(owner, place);
        let plain = record::open(&self.own.named, VERSION, &aad, sealed);
        plain.map(Secret::new).ok_or_else(|| {
            let message = "a sealed secret does not open: it was changed, moved, or sealed by another deployment; \
                           restore it from a backup or set it again";
            Error::new(ErrorKind::Corrupt, message).with("kind", place.kind).with("field", place.field)
        })
    }

    fn named_aad(&self, owner: Owner, place: &Place<'_>) -> Vec<u8> {
        let owner = match owner {
            Owner::Deployment => Vec::new(),
            Owner::Tenant(tenant) => tenant.to_bytes().to_vec(),
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
    use super::*;
    use crate::RootKey;

    #[test]
    fn a_secret_opens_in_its_own_place_alone() {
        let vault = |key: u8, deployment: &str| Vault::new(RootKey::from_bytes([key; 32]), deployment.to_owned());
        let (one, other) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
        let (here, owner) = (vault(1, "here"), Owner::Tenant(one));
        let place = Place { kind: "token", record: "r1", field: "access", version: 3 };
        let sealed = here.seal_at(owner, &place, &Secret::from("hush".to_owned())).unwrap();
        assert_eq!(here.open_at(owner, &place, &sealed).unwrap().expose(), b"hush");
        for (vault, owner, place) in [
            (&vault(1, "there"), owner, place),
            (&vault(2, "here"), owner, place),
            (&here, Owner::Tenant(other), place),
            (&here, Owner::Deployment, place),
            (&here, owner, Place { kind: "app", ..place }),
            (&here, owner, Place { record: "r2", ..place }),
            (&here, owner, Place { field: "refresh", ..place }),
            (&here, owner, Place { version: 4, ..place }),
        ] {
            let error = vault.open_at(owner, &place, &sealed).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Corrupt, "{owner:?} {place:?}");
        }
    }
}
