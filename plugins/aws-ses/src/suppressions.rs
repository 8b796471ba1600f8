//! The account's list of addresses that SES sends nothing to: `/v2/email/suppression/addresses`.

use gatehouse_sdk::email::suppressions::{
    LiftedSuppression, Suppression, SuppressionReason, SuppressionRequest, SuppressionsPage, SuppressionsRequest,
};
use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, ErrorKind, Result, mime, paging, time};

use crate::api;

const PATH: &str = "/v2/email/suppression/addresses";
/// The most that is asked for at once; SES does not publish its own bound.
const LARGEST_PAGE: u32 = 100;

/// Reads a page of the list, for both reasons where none is given.
pub(crate) fn list(request: &SuppressionsRequest) -> Result<SuppressionsPage> {
    let reason = request.reason.map(word).transpose()?;
    let get = Request::get(PATH)
        .query("PageSize", paging::limit(request.limit, LARGEST_PAGE, LARGEST_PAGE)?)
        .query_some("Reason", reason)
        .query_some("StartDate", request.created_from_ms.map(whole_second))
        .query_some("NextToken", request.cursor.as_deref());
    api::send(get)?.read(|page| {
        if page.get("SuppressedDestinationSummaries").is_none() {
            page.wrong("SuppressedDestinationSummaries", "is missing");
        }
        let items = page.each("SuppressedDestinationSummaries", suppression);
        SuppressionsPage { items, next: paging::token(page.str_some("NextToken")) }
    })
}

/// The second in which a moment is: none of those asked for is left out.
fn whole_second(ms: u64) -> String {
    time::format_rfc3339(ms - ms % 1000).replace(".000Z", "Z")
}

fn suppression(entry: &Fields<'_>) -> Suppression {
    let reason = match entry.str_some("Reason") {
        Some("BOUNCE") => SuppressionReason::Bounce,
        Some("COMPLAINT") => SuppressionReason::Complaint,
        _ => SuppressionReason::Other,
    };
    Suppression {
        email: entry.text("EmailAddress"),
        reason,
        detail: None,
        created_at_ms: api::moment(entry, "LastUpdateTime"),
    }
}

fn word(reason: SuppressionReason) -> Result<&'static str> {
    match reason {
        SuppressionReason::Bounce => Ok("BOUNCE"),
        SuppressionReason::Complaint => Ok("COMPLAINT"),
        _ => Err(Error::invalid_input("ses knows the reasons bounce and complaint alone; give one of them or none")),
    }
}

/// Makes SES send nothing more to an address.
pub(crate) fn add(request: &SuppressionRequest) -> Result<Suppression> {
    let reason = request.reason.unwrap_or(SuppressionReason::Bounce);
    let email = mime::address(&request.email)?;
    let body = Object::new().set("EmailAddress", email).set("Reason", word(reason)?);
    api::send(Request::put(PATH).json(&body))?;
    Ok(Suppression { email: email.to_owned(), reason, detail: None, created_at_ms: None })
}

/// Takes an address off the list. Not being on it is no error: a repeat has to come to the same.
pub(crate) fn remove(email: String) -> Result<LiftedSuppression> {
    let path = http::path(&["v2", "email", "suppression", "addresses", mime::address(&email)?])?;
    match api::send(Request::delete(path)) {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(LiftedSuppression { email }),
    }
}
