//! Calling envelopes back, and mailing their signers once more: `PUT /envelopes/{id}`.

use gatehouse_sdk::documents::envelope_changes::{EnvelopeVoiding, ReminderRequest};
use gatehouse_sdk::documents::{Envelope, EnvelopeStatus, Signer, SignerStatus};
use gatehouse_sdk::http::{Method, Request};
use gatehouse_sdk::json::{Object, Value};
use gatehouse_sdk::{Error, Result};

use crate::{api, envelopes};

/// Calls an envelope back, and reads it.
pub(crate) fn void(request: &EnvelopeVoiding) -> Result<Envelope> {
    let body = Object::new().set("status", "voided").set("voidedReason", request.reason.as_str());
    api::write(Method::Put, &["envelopes", &request.id], body)?.read(|changed| changed.text("envelopeId"))?;
    envelopes::get(&request.id).map_err(|error| {
        Error::unknown_outcome(format!("the envelope was called back; reading it failed: {}", error.message))
    })
}

/// Mails those whose turn it is, or one of them, once more. It changes nothing, so the envelope is as it was before.
pub(crate) fn remind(request: &ReminderRequest) -> Result<Envelope> {
    let envelope = envelopes::get(&request.id)?;
    if !matches!(envelope.status, EnvelopeStatus::Sent) {
        return Err(Error::conflict(format!("nobody is asked to sign `{}` now", request.id)));
    }
    let (segments, body) = match &request.email {
        None => (vec!["envelopes", request.id.as_str()], Object::new()),
        Some(email) => {
            let mut signers = Vec::new();
            for signer in envelope.signers.iter().filter(|signer| signer.email.eq_ignore_ascii_case(email)) {
                signers.push(again(signer)?);
            }
            if signers.is_empty() {
                return Err(Error::not_found(format!("`{}` has no signer `{email}`", request.id)));
            }
            let body = Object::new().set_some("signers", api::list_of(signers));
            (vec!["envelopes", request.id.as_str(), "recipients"], body)
        }
    };
    let request = Request::put(api::path(&segments)?).query("resend_envelope", true).json(&Value::from(body));
    api::send(request)?.read(|_| ())?;
    Ok(envelope)
}

fn again(signer: &Signer) -> Result<Object> {
    if !matches!(signer.status, SignerStatus::Sent | SignerStatus::Viewed | SignerStatus::Failed) {
        return Err(Error::conflict(format!("it is not the turn of `{}`", signer.email)));
    }
    Ok(Object::new()
        .set("recipientId", signer.id.as_str())
        .set("name", signer.name.as_str())
        .set("email", signer.email.as_str()))
}
