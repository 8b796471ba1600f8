//! The credential fields that a verification needs, opened for as long as it takes.

use std::collections::BTreeMap;

use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::{CLIENT_SECRET, TextEncoding};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;

use super::{Refusal, RefusalReason, refuse, signature};
use crate::oauth::APP;
use crate::secret::Secret;
use crate::vault::{CredentialContext, Owner, Place, TenantKeyRef, Vault};

/// More secrets than this are never rolled at a time, and each costs a hash of the body.
const MAX_SECRETS: usize = 8;

/// One sealed credential, or the secrets of one endpoint.
#[derive(Clone, Copy)]
pub struct Sealed<'a> {
    /// The tenant's data key.
    pub key: &'a TenantKeyRef,
    /// What it is bound to.
    pub context: &'a CredentialContext,
    /// The sealed fields.
    pub fields: &'a BTreeMap<String, String>,
    /// What stands before a field's name where it was sealed.
    pub prefix: &'a str,
}

/// The sealed client secret of an app: the one in use, or the one before it.
#[derive(Clone, Copy)]
pub struct SealedApp<'a> {
    /// Whose the app is.
    pub owner: Owner<'a>,
    /// The provider that it is registered with.
    pub provider: &'a str,
    /// The version of the app that the secret is part of.
    pub version: u32,
    /// The sealed secret.
    pub sealed: &'a str,
}

/// Everything sealed that a verification may need.
#[derive(Clone, Copy, Default)]
pub struct Secrets<'a> {
    /// Credentials and secrets of endpoints; the first that has a field gives it.
    pub credentials: &'a [Sealed<'a>],
    /// What [`CLIENT_SECRET`] stands for, where none of those has it. Each of them counts.
    pub apps: &'a [SealedApp<'a>],
}

/// Opened fields. Their bytes are wiped when this is dropped.
pub(crate) struct Fields<'a> {
    secrets: BTreeMap<&'a str, Secret>,
}

impl<'a> Fields<'a> {
    /// Opens what the rules name: each field from the first of `sealed` that has it.
    pub(crate) fn open(vault: &Vault, from: Secrets<'_>, rules: &'a WebhookRules) -> Result<Self, Refusal> {
        let mut secrets = BTreeMap::new();
        for field in rules.fields() {
            let opened = match of_credentials(vault, from.credentials, field)? {
                None if field == CLIENT_SECRET => of_apps(vault, from.apps)?,
                found => found,
            };
            secrets.extend(opened.map(|secret| (field, secret)));
        }
        Ok(Self { secrets })
    }

    #[cfg(test)]
    pub(super) fn of(pairs: &[(&'a str, &str)]) -> Self {
        let secret = |text: &str| Secret::from(text.to_owned());
        Self { secrets: pairs.iter().map(|(name, text)| (*name, secret(text))).collect() }
    }

    /// The secrets in a field, one a line: at least one.
    pub(super) fn lines(&self, field: &str) -> Result<Vec<&[u8]>, Refusal> {
        let lines = self.secrets.get(field).into_iter().flat_map(|secret| secret.expose().split(|byte| *byte == b'\n'));
        let lines = lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).take(MAX_SECRETS);
        let lines: Vec<&[u8]> = lines.collect();
        if lines.is_empty() { Err(no_secret(field)) } else { Ok(lines) }
    }

    /// The first of the secrets in a field.
    pub(super) fn first(&self, field: &str) -> Result<&[u8], Refusal> {
        self.lines(field)?.first().copied().ok_or_else(|| no_secret(field))
    }

    /// The whole field.
    pub(super) fn whole(&self, field: &str) -> Result<&[u8], Refusal> {
        self.secrets.get(field).map(Secret::expose).ok_or_else(|| no_secret(field))
    }

    /// Whether `given` is one of the secrets in a field, compared in constant time.
    pub(super) fn holds(&self, field: &str, given: &[u8]) -> Result<bool, Refusal> {
        // Every line is compared, so that time does not tell which one it was.
        Ok(self.lines(field)?.iter().fold(false, |any, line| any | is_same(line, given)))
    }
}

fn of_credentials(vault: &Vault, sealed: &[Sealed<'_>], field: &str) -> Result<Option<Secret>, Refusal> {
    for from in sealed {
        let name = [from.prefix, field].concat();
        let opened = vault.open(from.key, from.context, from.fields, &name).map_err(closed)?;
        if opened.is_some() {
            return Ok(opened);
        }
    }
    Ok(None)
}

/// The secrets of apps, one a line, as a field holds several.
fn of_apps(vault: &Vault, apps: &[SealedApp<'_>]) -> Result<Option<Secret>, Refusal> {
    // Long enough for all of them, so that nothing is left behind in a shorter buffer.
    let mut lines = Vec::with_capacity(apps.iter().map(|app| app.sealed.len() + 1).sum());
    for SealedApp { owner, provider, version, sealed } in apps {
        let place = Place { kind: APP, record: provider, field: "client_secret", version: *version };
        let secret = vault.open_at(*owner, &place, sealed).map_err(closed)?;
        lines.extend_from_slice(secret.expose());
        lines.push(b'\n');
    }
    Ok((!lines.is_empty()).then(|| Secret::new(lines)))
}

fn closed(error: gatehouse_domain::Error) -> Refusal {
    refuse(RefusalReason::NoSecret, error.message)
}

/// A key as its field has it written. One that is written wrongly is the tenant's mistake.
pub(super) fn key(line: &[u8], encoding: TextEncoding, field: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, Refusal> {
    let key = signature::key(line, encoding).filter(|key| !key.is_empty());
    key.map(zeroize::Zeroizing::new).ok_or_else(|| {
        let text = format!("the credential field `{field}` is not encoded as the manifest says");
        refuse(RefusalReason::NoSecret, text)
    })
}

pub(super) fn no_secret(field: &str) -> Refusal {
    let text = match field {
        CLIENT_SECRET => {
            "the OAuth app that the integration uses has no client secret; register the app with it".to_owned()
        }
        _ => format!("the integration has no webhook secret; set the credential field `{field}`"),
    };
    refuse(RefusalReason::NoSecret, text)
}

/// Whether two texts are equal; their length is nobody's business either.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    digest(&SHA256, one).as_ref().ct_eq(digest(&SHA256, other).as_ref()).into()
}
