//! The provider's side of a webhook's signature: made as the manifest says that it is checked.

use std::collections::BTreeMap;

use gatehouse_broker::{CredentialContext, Credentials, RootKey, SignAs, TenantKeyRef, Vault};
use gatehouse_domain::Result;
use gatehouse_domain::id::Id;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::time::Timestamp;

/// The headers of a delivery with its signature, by the secrets among a credential's fields.
pub(crate) fn sign(
    rules: &WebhookRules,
    url: &str,
    credentials: &BTreeMap<String, String>,
    mut headers: Vec<(String, String)>,
    body: &[u8],
) -> Result<Vec<(String, String)>> {
    // The secret takes the same way as any other: sealed, and opened by the broker alone.
    let vault = Vault::new(RootKey::from_bytes([7; 32]), "sandbox".to_owned());
    let (tenant, integration) = (Id::unguessable([1; 16]), Id::unguessable([2; 16]));
    let key = TenantKeyRef { tenant, version: 1, wrapped: vault.new_tenant_key(tenant, 1)? };
    let context = CredentialContext { tenant, integration, version: 1 };
    let pairs = credentials.iter().map(|(name, value)| (name.clone(), value.clone()));
    let sealed = vault.seal(&key, &context, &Credentials::from_pairs(pairs))?;
    let by = SignAs { key: &key, context: &context, sealed: &sealed, rules, url };
    let signed = vault.sign_webhook(by, &headers, body, Timestamp::now())?;
    headers.extend(signed);
    Ok(headers)
}
