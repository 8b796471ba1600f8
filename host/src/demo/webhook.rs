//! The provider's side of a webhook: a delivery from the fixtures, signed as the manifest says
//! with the sample's secret.

use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::{Error, Result};
use serde_json::Value;

use super::sample::Sample;
use crate::sandbox::fixture::Case;
use crate::sandbox::{headers_of, sign as signed_headers};

/// A delivery as a provider sends it.
pub(super) struct Signed {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Signs a fixture's delivery.
pub(super) fn sign(rules: &WebhookRules, url: &str, sample: &Sample, case: &Case) -> Result<Signed> {
    let body = case.record.input.get("body").and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec();
    let headers = signed_headers(rules, url, &sample.credentials, headers_of(case), &body)?;
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
