//! The provider's side of a webhook: a delivery from the fixtures, signed as the manifest says
//! with the sample's secret.

use gatehouse_broker::{CredentialContext, Credentials, RootKey, SignAs, TenantKeyRef, Vault};
use gatehouse_domain::id::Id;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use serde_json::Value;

use super::sample::Sample;
use crate::sandbox::fixture::Case;

/// A delivery as a provider sends it.
pub(super) struct Signed {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Signs a fixture's delivery.
pub(super) fn sign(rules: &WebhookRules, url: &str, sample: &Sample, case: &Case) -> Result<Signed> {
    let body = case.record.input.get("body").and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec();
    // The secret takes the same way as any other: sealed, and opened by the broker alone.
    let vault = Vault::new(RootKey::from_bytes([7; 32]), "tour".to_owned());
    let (tenant, integration) = (Id::unguessable([1; 16]), Id::unguessable([2; 16]));
    let key = TenantKeyRef { tenant, version: 1, wrapped: vault.new_tenant_key(tenant, 1)? };
    let context = CredentialContext { tenant, integration, version: 1 };
    let pairs = sample.credentials.iter().map(|(name, value)| (name.clone(), value.clone()));
    let sealed = vault.seal(&key, &context, &Credentials::from_pairs(pairs))?;
    let mut headers = plain_headers(&case.record.input);
    let by = SignAs { key: &key, context: &context, sealed: &sealed, rules, url };
    let signed = vault.sign_webhook(by, &headers, &body, Timestamp::now())?;
    headers.extend(signed);
    Ok(Signed { headers, body })
}

/// The same delivery with one byte changed under the old signature.
pub(super) fn forged(signed: &Signed) -> Result<Signed> {
    let mut body = signed.body.clone();
    let last = body.last_mut().ok_or_else(|| Error::internal("the delivery is empty"))?;
    *last = b' ';
    body.push(b'}');
    Ok(Signed { headers: signed.headers.clone(), body })
}

fn plain_headers(input: &Value) -> Vec<(String, String)> {
    let pairs = input.get("headers").and_then(Value::as_array).into_iter().flatten();
    let text = |pair: &Value, at: usize| pair.get(at).and_then(Value::as_str).map(str::to_owned);
    pairs.filter_map(|pair| Some((text(pair, 0)?, text(pair, 1)?))).collect()
}
