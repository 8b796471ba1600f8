//! The page on which one signer signs, and what was signed.

use gatehouse_sdk::documents::signed_documents::SignedDocument;
use gatehouse_sdk::documents::signing_links::{SigningLink, SigningLinkRequest};
use gatehouse_sdk::http::{Method, Request};
use gatehouse_sdk::json::Object;
use gatehouse_sdk::{Result, time};

use crate::api;

/// How long a link works, in milliseconds.
const LIFETIME_MS: u64 = 300_000;

/// Makes the page for a signer who was named as one who signs on a page of ours.
pub(crate) fn link(request: &SigningLinkRequest) -> Result<SigningLink> {
    let body = Object::new()
        .set("clientUserId", request.embedded_as.as_str())
        .set("userName", request.name.as_str())
        .set("email", request.email.as_str())
        .set("returnUrl", request.return_url.as_str())
        .set("authenticationMethod", "None");
    let response = api::write(Method::Post, &["envelopes", &request.envelope, "views", "recipient"], body)?;
    let url = response.read(|view| view.text("url"))?;
    let made = response.header("date").and_then(time::parse_http_date);
    Ok(SigningLink { url, expires_at_ms: made.map(|made| made.saturating_add(LIFETIME_MS)) })
}

/// Reads all documents of an envelope as one PDF.
pub(crate) fn document(id: &str) -> Result<SignedDocument> {
    let response = api::send(Request::get(api::path(&["envelopes", id, "documents", "combined"])?))?;
    if !response.bytes().starts_with(b"%PDF-") {
        return Err(response.senseless("docusign's answer is no PDF"));
    }
    Ok(SignedDocument { content_type: "application/pdf".to_owned(), content: response.bytes().to_vec() })
}
