//! Sending documents to be signed: `POST /envelopes`. Our key goes with it as `transactionId`, by which an envelope is
//! found again for seven days.

use gatehouse_sdk::documents::Envelope;
use gatehouse_sdk::documents::envelopes::{DocumentFile, EnvelopeRequest, NewSigner, PlaceKind, SigningPlace};
use gatehouse_sdk::http::Method;
use gatehouse_sdk::json::Object;
use gatehouse_sdk::{Error, Result, base64, context};

use crate::{api, envelopes};

/// How long a subject and a custom field may be, in characters.
const SUBJECT: usize = 100;
const VALUE: usize = 100;

/// Sends documents.
pub(crate) fn send(request: &EnvelopeRequest) -> Result<Envelope> {
    if request.documents.is_empty() || request.signers.is_empty() {
        return Err(Error::invalid_input("`documents` and `signers` need one entry each"));
    }
    if request.subject.chars().count() > SUBJECT {
        return Err(Error::invalid_input(format!("`subject` is longer than {SUBJECT} characters; shorten it")));
    }
    let mut documents = Vec::new();
    for (at, file) in request.documents.iter().enumerate() {
        documents.push(document(at, file)?);
    }
    let mut signers = Vec::new();
    for (at, one) in request.signers.iter().enumerate() {
        signers.push(signer(at, one, request.documents.len())?);
    }
    let mut copies = Vec::new();
    let behind = request.signers.iter().filter_map(|signer| signer.order).max().unwrap_or(1);
    for (at, (name, email)) in request.copies.iter().flatten().enumerate() {
        copies.push(
            recipient(request.signers.len().saturating_add(at), name, email).set("routingOrder", behind.to_string()),
        );
    }
    let recipients =
        Object::new().set_some("signers", api::list_of(signers)).set_some("carbonCopies", api::list_of(copies));
    let definition = Object::new()
        .set("emailSubject", request.subject.as_str())
        .set_some("emailBlurb", request.message.as_deref())
        .set_some("documents", api::list_of(documents))
        .set("recipients", recipients)
        .set_some("notification", request.expires_in_days.map(expiry));
    make(definition, request.reference.as_deref())
}

/// Sends an envelope that is described so far, and reads what was made of it. What goes wrong while it is read does
/// not undo it.
#[inline(never)]
pub(crate) fn make(definition: Object, reference: Option<&str>) -> Result<Envelope> {
    if reference.is_some_and(|reference| reference.chars().count() > VALUE) {
        return Err(Error::invalid_input(format!("`reference` is longer than {VALUE} characters; shorten it")));
    }
    let field = |reference: &str| {
        let field = Object::new()
            .set("name", envelopes::REFERENCE)
            .set("value", reference)
            .set("show", "false")
            .set("required", "false");
        Object::new().set_some("textCustomFields", api::list_of(vec![field]))
    };
    let body = definition
        .set("status", "sent")
        .set("transactionId", context::idempotency_key_for("send"))
        .set_some("customFields", reference.map(field));
    let id = api::write(Method::Post, &["envelopes"], body)?.read(|made| made.text("envelopeId"))?;
    envelopes::get(&id).map_err(|error| {
        Error::unknown_outcome(format!("the envelope `{id}` was sent; reading it failed: {}", error.message))
    })
}

fn document(at: usize, file: &DocumentFile) -> Result<Object> {
    let Some((_, ending)) = file.name.rsplit_once('.').filter(|(_, ending)| !ending.is_empty()) else {
        return Err(Error::invalid_input(format!("the document `{}` needs an ending, such as .pdf", file.name)));
    };
    Ok(Object::new()
        .set("documentId", numbered(at))
        .set("name", file.name.as_str())
        .set("fileExtension", ending)
        .set("documentBase64", base64::encode(&file.content)))
}

fn signer(at: usize, signer: &NewSigner, documents: usize) -> Result<Object> {
    let mut tabs = Object::new();
    for (kind, list) in [
        (PlaceKind::Signature, "signHereTabs"),
        (PlaceKind::Initials, "initialHereTabs"),
        (PlaceKind::DateSigned, "dateSignedTabs"),
    ] {
        let mut places = Vec::new();
        for place in signer.places.iter().flatten().filter(|place| place.kind == kind) {
            places.push(tab(place, documents)?);
        }
        tabs = tabs.set_some(list, api::list_of(places));
    }
    Ok(recipient(at, &signer.name, &signer.email)
        .set("routingOrder", signer.order.unwrap_or(1).to_string())
        .set_some("clientUserId", signer.embedded_as.as_deref())
        .set_some("tabs", Some(tabs).filter(|tabs| !tabs.is_empty())))
}

fn tab(place: &SigningPlace, documents: usize) -> Result<Object> {
    let document = usize::try_from(place.document).unwrap_or(usize::MAX);
    if document >= documents || place.page == 0 {
        return Err(Error::invalid_input(format!(
            "there is no page {} of a document {}; pages count from 1, documents from 0",
            place.page, place.document
        )));
    }
    Ok(Object::new()
        .set("documentId", numbered(document))
        .set("pageNumber", place.page.to_string())
        .set("xPosition", place.x.to_string())
        .set("yPosition", place.y.to_string()))
}

#[inline(never)]
fn recipient(at: usize, name: &str, email: &str) -> Object {
    Object::new().set("recipientId", numbered(at)).set("name", name).set("email", email)
}

/// Documents and recipients are numbered from 1.
fn numbered(at: usize) -> String {
    at.saturating_add(1).to_string()
}

fn expiry(days: u32) -> Object {
    let expirations =
        Object::new().set("expireEnabled", "true").set("expireAfter", days.to_string()).set("expireWarn", "0");
    Object::new().set("useAccountDefaults", "false").set("expirations", expirations)
}
