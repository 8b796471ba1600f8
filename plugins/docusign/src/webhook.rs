//! Docusign's events in our words, as Connect sends them in JSON, one in each delivery. The host has verified it.
//!
//! Nothing is lost: an event that is not ours is passed on as `provider.event` with what Docusign sent.

use gatehouse_sdk::json::{self, Fields, Object, read_value};
use gatehouse_sdk::webhook::{Delivery, Event};
use gatehouse_sdk::{Error, Result};

use crate::{api, envelopes};

/// Docusign's names and ours.
const EVENTS: &[(&str, &str)] = &[
    ("envelope-created", "envelope.created"),
    ("envelope-sent", "envelope.sent"),
    ("envelope-resent", "envelope.resent"),
    ("envelope-corrected", "envelope.corrected"),
    ("envelope-delivered", "envelope.viewed"),
    ("envelope-completed", "envelope.completed"),
    ("envelope-declined", "envelope.declined"),
    ("envelope-voided", "envelope.voided"),
    ("envelope-deleted", "envelope.deleted"),
    ("recipient-sent", "signer.asked"),
    ("recipient-resent", "signer.reminded"),
    ("recipient-delivered", "signer.viewed"),
    ("recipient-completed", "signer.signed"),
    ("recipient-declined", "signer.declined"),
    ("recipient-autoresponded", "signer.not_reached"),
];

/// Reads the event of a delivery. One of another account is left out.
pub(crate) fn parse(delivery: &Delivery) -> Result<Vec<Event>> {
    let wrong = |problem| Error::invalid_input(format!("the delivery is no event of docusign's: {problem}"));
    let document = json::document(&delivery.body).map_err(wrong)?;
    let read = read_value(&document, |body| {
        let about = body.inner("data", |data| {
            let summary = data.inner("envelopeSummary", summary).unwrap_or_default();
            (data.text_some("accountId"), data.text_some("envelopeId"), data.text_some("recipientId"), summary)
        });
        (body.text("event"), api::moment(body, "generatedDateTime"), about)
    });
    let (provider_kind, occurred_at_ms, about) = read.map_err(wrong)?;
    let (account, envelope, signer, data) = about.unwrap_or_default();
    let ours = api::connected().ok().map(|connected| connected.account);
    if account.is_some()
        && ours.is_some()
        && !ours.unwrap_or_default().eq_ignore_ascii_case(&account.unwrap_or_default())
    {
        return Ok(Vec::new());
    }
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let occurred_at_ms = occurred_at_ms.unwrap_or_default();
    // A repeat has the same moment and another count of attempts.
    let id = format!("{}:{provider_kind}:{}:{occurred_at_ms}", part(&envelope), part(&signer));
    let known = EVENTS.iter().find(|(theirs, _)| *theirs == provider_kind);
    let (kind, data) = match known {
        Some((_, kind)) => {
            (*kind, data.set_some("id", envelope.as_deref()).set_some("signer", signer.as_deref()).to_string())
        }
        None => ("provider.event", json::text(&document)),
    };
    Ok(vec![Event { id, kind: kind.to_owned(), provider_kind, occurred_at_ms, subject: envelope, data }])
}

/// What is kept of an envelope that comes with its event.
fn summary(envelope: &Fields<'_>) -> Object {
    Object::new()
        .set_some("status", api::some(envelope, "status"))
        .set_some("subject", api::some(envelope, "emailSubject"))
        .set_some("reason", api::some(envelope, "voidedReason"))
        .set_some("reference", envelope.inner("customFields", envelopes::reference).flatten())
}
