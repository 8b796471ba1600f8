//! The lists of addresses that `SendGrid` sends nothing to, one for each reason. Only the one of those who want no more
//! can be added to.

use gatehouse_sdk::email::suppressions::{
    LiftedSuppression, Suppression, SuppressionReason, SuppressionRequest, SuppressionsPage, SuppressionsRequest,
};
use gatehouse_sdk::http::{self, Method};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, ErrorKind, Result, mime, paging, time};

use crate::api;

/// The most that a page has, which is `SendGrid`'s own size of one.
const LARGEST_PAGE: u32 = 500;
/// The list of those who want no more.
pub(crate) const UNSUBSCRIBES: &str = "unsubscribes";
/// Each list with what an address is on it for.
const LISTS: [(&str, SuppressionReason); 5] = [
    ("bounces", SuppressionReason::Bounce),
    ("blocks", SuppressionReason::Other),
    ("spam_reports", SuppressionReason::Complaint),
    ("invalid_emails", SuppressionReason::Invalid),
    (UNSUBSCRIBES, SuppressionReason::Unsubscribe),
];

/// Reads a page of one list; of bounces where nothing is said. The cursor is how many were read.
pub(crate) fn list(request: &SuppressionsRequest) -> Result<SuppressionsPage> {
    let reason = request.reason.unwrap_or(SuppressionReason::Bounce);
    let list = LISTS.iter().find(|(_, of)| *of == reason).map_or(UNSUBSCRIBES, |(list, _)| list);
    let (items, next) = page(list, reason, request.cursor.as_deref(), request.limit, request.created_from_ms)?;
    Ok(SuppressionsPage { items, next })
}

/// What an address is on this list for.
pub(crate) fn reason_of(list: &str) -> Option<SuppressionReason> {
    LISTS.iter().find(|(known, _)| *known == list).map(|(_, reason)| *reason)
}

/// Reads a page of a list, with the cursor of the next one.
pub(crate) fn page(
    list: &str,
    reason: SuppressionReason,
    cursor: Option<&str>,
    limit: Option<u32>,
    from_ms: Option<u64>,
) -> Result<(Vec<Suppression>, Option<String>)> {
    let count = paging::limit(limit, LARGEST_PAGE, LARGEST_PAGE)?;
    let offset = paging::number(cursor, 0)?;
    let get = api::get(&format!("/v3/suppression/{list}"))?
        .query("limit", count)
        .query("offset", offset)
        .query_some("start_time", from_ms.map(time::to_seconds));
    let items = api::each(&api::send(get)?, |entry| suppression(entry, reason))?;
    let next = paging::after_offset(offset, items.len(), count, None);
    Ok((items, next))
}

fn suppression(entry: &Fields<'_>, reason: SuppressionReason) -> Suppression {
    Suppression {
        email: entry.text("email"),
        reason,
        detail: entry.text_some("reason").filter(|detail| !detail.is_empty()),
        created_at_ms: entry.count_some("created").map(time::from_seconds),
    }
}

/// Makes `SendGrid` send nothing more to an address, in whatever group of mail.
pub(crate) fn add(request: &SuppressionRequest) -> Result<Suppression> {
    let reason = request.reason.unwrap_or(SuppressionReason::Unsubscribe);
    if reason != SuppressionReason::Unsubscribe {
        return Err(Error::invalid_input(
            "sendgrid fills the lists of all other reasons by itself; leave `reason` out or give unsubscribe",
        ));
    }
    let email = mime::address(&request.email)?;
    let body = Object::new().set("recipient_emails", vec![email]);
    let path = "/v3/asm/suppressions/global";
    let added = api::send(api::request(Method::Post, path)?.json(&body))?
        .read(|answer| answer.items("recipient_emails").iter().any(|added| is(added.as_str(), email)))?;
    if !added {
        return Err(Error::invalid_input(format!("sendgrid does not take `{email}` for an address; give another")));
    }
    Ok(Suppression { email: email.to_owned(), reason, detail: None, created_at_ms: None })
}

fn is(found: Option<&str>, wanted: &str) -> bool {
    found.is_some_and(|found| found.eq_ignore_ascii_case(wanted))
}

/// Takes an address off every list. Being on none already is no error: a repeat has to come to the same.
pub(crate) fn remove(email: String) -> Result<LiftedSuppression> {
    for (list, _) in &LISTS {
        take_off(list, &email)?;
    }
    Ok(LiftedSuppression { email })
}

/// Takes an address off one list.
pub(crate) fn take_off(list: &str, email: &str) -> Result<()> {
    let email = mime::address(email)?;
    let path = match list {
        UNSUBSCRIBES => http::path(&["v3", "asm", "suppressions", "global", email]),
        _ => http::path(&["v3", "suppression", list, email]),
    };
    match api::send(api::request(Method::Delete, &path?)?) {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
