//! Envelopes as Docusign has them: `/envelopes`.

use gatehouse_sdk::documents::envelopes::{EnvelopesPage, EnvelopesRequest};
use gatehouse_sdk::documents::{Envelope, EnvelopeStatus, Signer, SignerStatus};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Error, Result, paging, time};

use crate::api;

const USUAL_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 100;
/// The custom field of an envelope that keeps the caller's reference.
pub(crate) const REFERENCE: &str = "gatehouse_reference";
/// What is read beside an envelope.
const INCLUDE: &str = "recipients,custom_fields";

/// An envelope, and whether it was deleted.
pub(crate) struct Found {
    pub(crate) envelope: Envelope,
    pub(crate) deleted: bool,
}

/// Reads an envelope with its signers.
#[inline(never)]
pub(crate) fn get(id: &str) -> Result<Envelope> {
    let request = Request::get(api::path(&["envelopes", id])?).query("include", INCLUDE);
    api::send(request)?.read(envelope).map(|found| found.envelope)
}

/// Reads a page of envelopes, oldest change first.
pub(crate) fn list(request: &EnvelopesRequest) -> Result<EnvelopesPage> {
    let status = match request.status {
        None => None,
        Some(EnvelopeStatus::Draft) => Some("created"),
        Some(EnvelopeStatus::Sent) => Some("sent,delivered,signed,processing"),
        Some(EnvelopeStatus::Completed) => Some("completed"),
        Some(EnvelopeStatus::Declined) => Some("declined"),
        Some(EnvelopeStatus::Voided) => Some("voided,timedout,deleted"),
        Some(EnvelopeStatus::Failed) => {
            return Err(Error::invalid_input("docusign knows no envelope whose `status` is failed; leave it out"));
        }
    };
    let offset = paging::number(request.cursor.as_deref(), 0)?;
    let (found, next) = page(request.changed_from_ms.unwrap_or_default(), offset, request.limit, status)?;
    let mut items = Vec::new();
    for one in found {
        items.push(one.envelope);
    }
    Ok(EnvelopesPage { items, next })
}

/// Reads a page of what changed its status since a moment, and the offset of the next one.
#[inline(never)]
pub(crate) fn page(
    since_ms: u64,
    offset: u64,
    limit: Option<u32>,
    status: Option<&str>,
) -> Result<(Vec<Found>, Option<String>)> {
    let request = Request::get(api::path(&["envelopes"])?)
        .query("from_date", time::format_rfc3339(since_ms))
        .query("order_by", "status_changed")
        .query("order", "asc")
        .query("include", INCLUDE)
        .query("start_position", offset)
        .query("count", paging::limit(limit, USUAL_PAGE, LARGEST_PAGE)?)
        .query_some("status", status);
    api::page(&api::send(request)?, "envelopes", offset, envelope)
}

/// Reads an envelope.
#[inline(never)]
pub(crate) fn envelope(record: &Fields<'_>) -> Found {
    let (signers, declined) = record.inner("recipients", signers).unwrap_or_default();
    let status = record.text("status");
    let envelope = Envelope {
        id: record.text("envelopeId"),
        status: match status.as_str() {
            "created" => EnvelopeStatus::Draft,
            // Delivered means that all have looked at it.
            "sent" | "delivered" | "signed" | "processing" => EnvelopeStatus::Sent,
            "completed" => EnvelopeStatus::Completed,
            "declined" => EnvelopeStatus::Declined,
            "voided" | "timedout" | "deleted" => EnvelopeStatus::Voided,
            _ => {
                record.wrong("status", "is not one that we know");
                EnvelopeStatus::Failed
            }
        },
        subject: api::some(record, "emailSubject"),
        reference: record.inner("customFields", reference).flatten(),
        signers,
        reason: api::some(record, "voidedReason").or(declined),
        created_at_ms: api::moment(record, "createdDateTime"),
        completed_at_ms: api::moment(record, "completedDateTime"),
        updated_at_ms: api::moment(record, "statusChangedDateTime"),
    };
    Found { envelope, deleted: status == "deleted" }
}

/// The caller's reference.
#[inline(never)]
pub(crate) fn reference(fields: &Fields<'_>) -> Option<String> {
    let value = |field: &Fields<'_>| (field.str_some("name") == Some(REFERENCE)).then(|| api::some(field, "value"));
    fields.each("textCustomFields", value).into_iter().flatten().flatten().next()
}

/// The signers, and why the first that declined did.
fn signers(recipients: &Fields<'_>) -> (Vec<Signer>, Option<String>) {
    let mut reason = None;
    let signers = recipients.each("signers", |signer| {
        reason = reason.take().or_else(|| api::some(signer, "declinedReason"));
        Signer {
            id: signer.text("recipientId"),
            name: signer.text_some("name").unwrap_or_default(),
            email: signer.text_some("email").unwrap_or_default(),
            order: api::number(signer, "routingOrder").and_then(|order| u32::try_from(order).ok()),
            status: match signer.str_some("status") {
                None | Some("created") => SignerStatus::Waiting,
                Some("sent" | "faxpending") => SignerStatus::Sent,
                Some("delivered") => SignerStatus::Viewed,
                Some("signed" | "completed") => SignerStatus::Signed,
                Some("declined") => SignerStatus::Declined,
                Some("autoresponded") => SignerStatus::Failed,
                Some(_) => {
                    signer.wrong("status", "is not one that we know");
                    SignerStatus::Waiting
                }
            },
            signed_at_ms: api::moment(signer, "signedDateTime"),
        }
    });
    (signers, reason)
}
