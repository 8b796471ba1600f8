//! Xero's Accounting API as this gateway uses it: one place that sends, and what all of its records have in common.

use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::records::{self, Read};
use gatehouse_sdk::{Error, Result, context, paging, time};

use crate::error;

/// What Xero puts on a page, which is also the most that its description promises.
pub(crate) const PAGE: u32 = 100;
/// Amounts of one thing have four decimals where we say so, and two else.
pub(crate) const DECIMALS: (&str, &str) = ("unitdp", "4");
/// Where a record says when it was last changed.
const CHANGED: &str = "UpdatedDateUTC";

/// The organisation that is meant: one token reaches several.
#[inline(never)]
pub(crate) fn organisation() -> Result<String> {
    let named = context::read_settings(|settings| {
        settings.text_some("organisation").or_else(|| settings.text_some("connected_to"))
    })?;
    named.ok_or_else(|| {
        Error::invalid_input("no organisation is connected; agree to one, or name it in the setting `organisation`")
    })
}

/// Sends a request and keeps only a success. Without `accept` Xero answers in XML.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.header("xero-tenant-id", organisation()?).header("accept", "application/json").send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// A path below the API's version.
#[inline(never)]
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    Ok(format!("/api.xro/2.0{}", http::path(segments)?))
}

/// A body with one record: every request and answer is a list.
#[inline(never)]
pub(crate) fn body(list: &str, record: Object) -> Value {
    Object::new().set(list, vec![Value::from(record)]).into()
}

/// Creates one record; Xero knows a repeated request by the call's key.
#[inline(never)]
pub(crate) fn create(list: &str, record: Object) -> Result<Response> {
    let decimals = matches!(list, "Invoices" | "Items").then_some(DECIMALS.1);
    let request = Request::put(path(&[list])?).query_some(DECIMALS.0, decimals).json(&body(list, record));
    send(request.idempotency_key(context::idempotency_key_for("create")))
}

/// Reads what stands at a path below the version.
#[inline(never)]
pub(crate) fn get(segments: &[&str]) -> Result<Response> {
    send(Request::get(path(segments)?))
}

/// Reads the one record of an answer.
pub(crate) fn one<T>(response: &Response, list: &str, read: Read<T>) -> Result<T> {
    records::one(response, &first(response, list)?, read)
}

/// The one record of an answer as it is. One that Xero did not take is answered with a 200 as well, and says why.
#[inline(never)]
pub(crate) fn first(response: &Response, list: &str) -> Result<Value> {
    let (found, _) = listed_in(response, list)?;
    let none = || response.senseless(format!("the provider's answer has no record in `{list}`"));
    let record = found.into_iter().next().ok_or_else(none)?;
    match error::refused(&record) {
        Some(error) => Err(error.with_status(response.status())),
        None => Ok(record),
    }
}

/// The records of an answer, and how many pages there are.
#[inline(never)]
fn listed_in(response: &Response, list: &str) -> Result<(Vec<Value>, Option<u64>)> {
    let answer = json::document(response.bytes()).map_err(|problem| records::misshaped(response, &problem))?;
    let count = answer.get("pagination").and_then(|pages| pages.get("pageCount")).and_then(Value::as_u64);
    let mut found = None;
    if let Value::Object(fields) = answer {
        for (name, value) in fields {
            if let (true, Value::Array(records)) = (name == list, value) {
                found = Some(records);
            }
        }
    }
    let none = || response.senseless(format!("the provider's answer has no list `{list}`"));
    Ok((found.ok_or_else(none)?, count))
}

/// Which records of a list to read.
pub(crate) struct Wanted<'a> {
    /// The name of the list, in paths and answers.
    pub(crate) list: &'a str,
    /// Only those changed at or after this moment.
    pub(crate) since_ms: Option<u64>,
    /// A condition.
    pub(crate) only: Option<String>,
    /// Further parameters.
    pub(crate) more: Vec<(&'a str, String)>,
    /// Whether the oldest change comes first.
    pub(crate) by_change: bool,
}

impl<'a> Wanted<'a> {
    /// All of a list's.
    pub(crate) fn all(list: &'a str) -> Self {
        Self { list, since_ms: None, only: None, more: Vec::new(), by_change: false }
    }

    /// With a further parameter.
    #[inline(never)]
    pub(crate) fn with(mut self, name: &'a str, value: &str) -> Self {
        self.more.push((name, value.to_owned()));
        self
    }
}

/// A page of records.
pub(crate) struct Page {
    /// The records as they are.
    pub(crate) found: Vec<Value>,
    /// Where the next ones begin; none at the end.
    pub(crate) next: Option<String>,
}

impl Page {
    /// The records in our words.
    pub(crate) fn items<T>(&self, read: Read<T>) -> Result<Vec<T>> {
        records::all(&self.found, read)
    }
}

/// Reads the page that a cursor stands for: its number.
#[inline(never)]
pub(crate) fn list(wanted: Wanted<'_>, cursor: Option<&str>, limit: Option<u32>) -> Result<Page> {
    page(wanted, paging::number(cursor, 1)?.max(1), limit)
}

/// Reads a page by its number.
#[inline(never)]
pub(crate) fn page(wanted: Wanted<'_>, page: u64, limit: Option<u32>) -> Result<Page> {
    let (list, since_ms) = (wanted.list, wanted.since_ms);
    let size = paging::limit(limit, PAGE, PAGE)?;
    let (found, pages) = listed_in(&listed(wanted, Some((page, size)))?, list)?;
    let next = match pages {
        Some(last) => paging::after_page(page, last),
        None => paging::after_full_page(page, found.len(), size),
    };
    Ok(Page { found: changed(found, since_ms), next })
}

/// Reads a list that Xero does not cut into pages, and cuts it: the cursor is how many were read.
#[inline(never)]
pub(crate) fn whole(wanted: Wanted<'_>, cursor: Option<&str>, limit: Option<u32>) -> Result<Page> {
    let (list, since_ms) = (wanted.list, wanted.since_ms);
    let offset = paging::number(cursor, 0)?;
    let size = paging::limit(limit, u32::MAX, u32::MAX)?;
    let (all, _) = listed_in(&listed(wanted, None)?, list)?;
    let all = changed(all, since_ms);
    let total = all.len() as u64;
    let mut found = Vec::new();
    for (place, record) in all.into_iter().enumerate() {
        if place as u64 >= offset && found.len() < size as usize {
            found.push(record);
        }
    }
    let next = paging::after_offset(offset, found.len(), size, Some(total));
    Ok(Page { found, next })
}

#[inline(never)]
fn listed(wanted: Wanted<'_>, page: Option<(u64, u32)>) -> Result<Response> {
    let mut request = Request::get(path(&[wanted.list])?)
        .header_some("if-modified-since", wanted.since_ms.map(second_before))
        .query_some("where", wanted.only)
        .query_some("order", wanted.by_change.then_some("UpdatedDateUTC ASC"));
    for (name, value) in wanted.more {
        request = request.query(name, value);
    }
    if let Some((page, size)) = page {
        request = request.query("page", page).query("pageSize", size);
    }
    send(request)
}

/// Xero counts in seconds, and leaves the moment itself out.
fn second_before(ms: u64) -> String {
    time::format_rfc3339((ms / 1000).saturating_sub(1).saturating_mul(1000))
}

/// Leaves out what came with the second before.
#[inline(never)]
fn changed(found: Vec<Value>, since_ms: Option<u64>) -> Vec<Value> {
    let Some(since) = since_ms else { return found };
    let mut kept = Vec::new();
    for record in found {
        let moment = record.get(CHANGED).and_then(Value::as_str).and_then(parsed);
        if moment.is_none_or(|moment| moment >= since) {
            kept.push(record);
        }
    }
    kept
}

#[inline(never)]
fn parsed(text: &str) -> Option<u64> {
    time::parse_dotnet(text).or_else(|| time::parse_utc(text))
}

/// A moment: `/Date(1552432238623+0000)/`, seldom ISO 8601 in UTC.
#[inline(never)]
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    record.moment(name, parsed)
}

/// When a record was last changed.
pub(crate) fn changed_at(record: &Fields<'_>) -> Option<u64> {
    moment(record, CHANGED)
}

/// A day, which is written as its midnight in UTC whatever the organisation's zone.
#[inline(never)]
pub(crate) fn day(record: &Fields<'_>, name: &str) -> Option<String> {
    moment(record, name).map(time::format_date)
}

/// Whether a record is in use, where it has a status at all.
#[inline(never)]
pub(crate) fn is_active(record: &Fields<'_>, name: &str) -> bool {
    record.str_some(name).is_none_or(|status| status == "ACTIVE")
}
