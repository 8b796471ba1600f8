//! Secrets that our own requests to host apps are signed with (Standard Webhooks 1.0): made and
//! sealed here, shown once where the other side needs them, and opened for a signature only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_domain::id::{SubscriptionId, TenantId};
use gatehouse_domain::subscription::SignatureKind;
use gatehouse_domain::{Error, ErrorKind, Result};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::{TenantKeyRef, Vault, record};

/// How many characters at the end of a secret are kept as a hint.
const HINT: usize = 4;

/// What a sealed signing secret is bound to: it opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningContext {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which subscription it belongs to.
    pub subscription: SubscriptionId,
    /// Its generation.
    pub version: u32,
    /// What it signs with.
    pub kind: SignatureKind,
}

/// A signing secret as the store keeps it.
pub struct SealedSecret {
    /// The tenant's data key that it is sealed under.
    pub key: TenantKeyRef,
    /// What it is bound to.
    pub context: SigningContext,
    /// The sealed bytes, in base64.
    pub sealed: String,
}

/// A signing secret that was just made.
pub struct NewSigning {
    /// For `v1`, the secret for the other side, to be shown this once.
    pub secret: Option<Zeroizing<String>>,
    /// For `v1`, what may be shown of it later.
    pub hint: Option<String>,
    /// For `v1a`, the public key.
    pub public_key: Option<String>,
    /// What is kept.
    pub sealed: String,
}

/// An open signing secret.
pub(crate) struct Signer {
    kind: SignatureKind,
    bytes: Zeroizing<Vec<u8>>,
}

impl Vault {
    /// Makes a signing secret of 32 random bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where the system gives no randomness; [`ErrorKind::Corrupt`] where
    /// the tenant's key does not open.
    pub fn new_signing(&self, key: &TenantKeyRef, context: &SigningContext) -> Result<NewSigning> {
        let bytes = Zeroizing::new(self.random_bytes()?);
        let open = self.unwrap(key)?;
        let aad = self.signing_aad(key, context);
        let sealed = record::seal(&open.key, key.version, &self.random_bytes()?, &aad, bytes.as_slice())?;
        Ok(match context.kind {
            SignatureKind::V1 => {
                let secret = Zeroizing::new(shown(bytes.as_slice()));
                let end = secret.get(secret.len() - HINT..).unwrap_or_default();
                NewSigning { hint: Some(format!("whsec_…{end}")), secret: Some(secret), public_key: None, sealed }
            }
            SignatureKind::V1a => {
                let public = STANDARD.encode(pair(bytes.as_slice())?.public_key().as_ref());
                NewSigning { secret: None, hint: None, public_key: Some(format!("whpk_{public}")), sealed }
            }
        })
    }

    /// The same signing secret, sealed with another of its tenant's keys.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where it or a key does not open.
    pub fn reseal_signing(&self, secret: &SealedSecret, to: &TenantKeyRef) -> Result<String> {
        let plain = self.open_signing(secret)?;
        let open = self.unwrap(to)?;
        record::seal(&open.key, to.version, &self.random_bytes()?, &self.signing_aad(to, &secret.context), &plain.bytes)
    }

    /// Opens a signing secret.
    pub(crate) fn open_signing(&self, secret: &SealedSecret) -> Result<Signer> {
        let open = self.unwrap(&secret.key)?;
        let aad = self.signing_aad(&secret.key, &secret.context);
        let plain = record::open(&open.key, secret.key.version, &aad, &secret.sealed);
        let bytes = plain.map(Zeroizing::new).ok_or_else(|| {
            let message = "a subscription's signing secret does not open: it was changed, moved, or sealed by another \
                           deployment; restore it from a backup or rotate it";
            Error::new(ErrorKind::Corrupt, message).with("subscription", secret.context.subscription)
        })?;
        Ok(Signer { kind: secret.context.kind, bytes })
    }

    fn signing_aad(&self, key: &TenantKeyRef, context: &SigningContext) -> Vec<u8> {
        let kind: &[u8] = match context.kind {
            SignatureKind::V1 => b"v1",
            SignatureKind::V1a => b"v1a",
        };
        record::aad(&[
            b"gatehouse/signing",
            self.deployment.as_bytes(),
            &context.tenant.to_bytes(),
            &context.subscription.to_bytes(),
            kind,
            &context.version.to_be_bytes(),
            &key.tenant.to_bytes(),
            &key.version.to_be_bytes(),
        ])
    }
}

impl Signer {
    /// One entry of the signature header, over `{id}.{timestamp}.{body}`.
    pub(crate) fn sign(&self, content: &[u8]) -> Result<String> {
        Ok(match self.kind {
            SignatureKind::V1 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes);
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, content).as_ref()))
            }
            SignatureKind::V1a => format!("v1a,{}", STANDARD.encode(pair(&self.bytes)?.sign(content).as_ref())),
        })
    }

    /// The secret as it is written down, and its bytes, for finding them in an answer.
    pub(crate) fn forms(&self) -> [Zeroizing<Vec<u8>>; 2] {
        [Zeroizing::new(shown(&self.bytes).into_bytes()), self.bytes.clone()]
    }
}

fn shown(bytes: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(bytes))
}

fn pair(seed: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Error::internal("a signing key has not 32 bytes"))
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::Id;
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::super::RootKey;
    use super::*;

    fn world(kind: SignatureKind) -> (Vault, SealedSecret, NewSigning) {
        let vault = Vault::new(RootKey::from_bytes([7; 32]), "dep".to_owned());
        let tenant = Id::new(1, [1; 10]);
        let key = TenantKeyRef { tenant, version: 1, wrapped: vault.new_tenant_key(tenant, 1).unwrap() };
        let context = SigningContext { tenant, subscription: Id::new(1, [2; 10]), version: 1, kind };
        let new = vault.new_signing(&key, &context).unwrap();
        let sealed = SealedSecret { key, context, sealed: new.sealed.clone() };
        (vault, sealed, new)
    }

    #[test]
    fn what_is_shown_verifies_what_is_signed() {
        let (vault, sealed, new) = world(SignatureKind::V1);
        let secret = new.secret.unwrap();
        let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(bytes.len(), 32);
        let signature = vault.open_signing(&sealed).unwrap().sign(b"id.1.{}").unwrap();
        let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), b"id.1.{}", &tag).unwrap();
        assert!(new.hint.unwrap().ends_with(&secret[secret.len() - 4..]) && new.public_key.is_none());

        let (vault, sealed, new) = world(SignatureKind::V1a);
        assert!(new.secret.is_none() && new.hint.is_none());
        let public = STANDARD.decode(new.public_key.unwrap().strip_prefix("whpk_").unwrap()).unwrap();
        let signature = vault.open_signing(&sealed).unwrap().sign(b"id.1.{}").unwrap();
        let bytes = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(b"id.1.{}", &bytes).unwrap();
    }

    #[test]
    fn a_secret_that_is_sealed_again_signs_as_before_and_under_the_new_key_alone() {
        let (vault, sealed, _) = world(SignatureKind::V1a);
        let tenant = sealed.key.tenant;
        let key = TenantKeyRef { tenant, version: 2, wrapped: vault.new_tenant_key(tenant, 2).unwrap() };
        let again = vault.reseal_signing(&sealed, &key).unwrap();
        let moved = SealedSecret { key, context: sealed.context, sealed: again.clone() };
        let sign = |secret: &SealedSecret| vault.open_signing(secret).map(|signer| signer.sign(b"x").unwrap());
        assert_eq!(sign(&moved).unwrap(), sign(&sealed).unwrap());
        let old = SealedSecret { key: sealed.key.clone(), context: sealed.context, sealed: again };
        assert!(sign(&old).is_err());
    }

    #[test]
    fn a_secret_opens_in_its_own_place_only() {
        let (vault, sealed, _) = world(SignatureKind::V1);
        let other = |change: &dyn Fn(&mut SigningContext)| {
            let mut context = sealed.context;
            change(&mut context);
            let moved = SealedSecret { key: sealed.key.clone(), context, sealed: sealed.sealed.clone() };
            vault.open_signing(&moved).is_err()
        };
        assert!(vault.open_signing(&sealed).is_ok());
        assert!(other(&|context| context.subscription = Id::new(9, [9; 10])));
        assert!(other(&|context| context.tenant = Id::new(9, [9; 10])));
        assert!(other(&|context| context.version = 2));
        assert!(other(&|context| context.kind = SignatureKind::V1a));
    }
}
