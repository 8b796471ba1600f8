//! Circuly's API as this gateway uses it: one place that sends, pages, and what all of its records have in common.
//!
//! Circuly publishes no description. What public programs were seen to send and read is all that is relied on, so that
//! numbers may be texts, and days may be written in either order.

use gatehouse_sdk::commerce::Address;
use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::{self, Fields, Mismatch, Value};
use gatehouse_sdk::{Error, Money, Result, context, money, paging, time};

/// What Circuly puts on a page, which is also the most.
const PAGE: u32 = 100;

/// A path below the API's version.
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    Ok(format!("/api/2025-01{}", http::path(segments)?))
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.header("accept", "application/json").send()?;
    if response.is_success() {
        return Ok(response);
    }
    let said = response.read(|body| body.text_some("message")).ok().flatten();
    Err(response.error(said.unwrap_or_else(|| format!("circuly answered with status {}", response.status()))))
}

/// Reads one record by its id, which may stand in `data` or alone.
#[inline(never)]
pub(crate) fn one(list: &str, id: &str) -> Result<Value> {
    let response = send(Request::get(path(&[list, id])?))?;
    let mut answer = document(&response)?;
    match answer.get_mut("data").map(Value::take) {
        Some(Value::Object(found)) => Ok(Value::Object(found)),
        Some(_) => Err(response.senseless("the provider's answer is no single record")),
        None => Ok(answer),
    }
}

fn document(response: &Response) -> Result<Value> {
    json::document(response.bytes()).map_err(|problem| {
        response.senseless(format!("the provider's answer does not have the expected shape: {problem}"))
    })
}

/// A page of records.
pub(crate) struct Page {
    /// The records as they are.
    pub(crate) found: Vec<Value>,
    /// The cursor of the next page; none at the end.
    pub(crate) next: Option<String>,
    /// How many records there are over all pages.
    pub(crate) total: Option<u64>,
}

/// Reads a page by its number, the oldest record first.
#[inline(never)]
pub(crate) fn page(list: &str, only: &[(&str, &str)], cursor: Option<&str>, limit: Option<u32>) -> Result<Page> {
    let (number, size) = (paging::number(cursor, 1)?.max(1), paging::limit(limit, PAGE, PAGE)?);
    let mut request = Request::get(path(&[list])?)
        .query("page", number)
        .query("per_page", size)
        .query("sort", "created_at")
        .query("desc", "false");
    for (name, value) in only {
        request = request.query(*name, *value);
    }
    let response = send(request)?;
    let mut answer = document(&response)?;
    let count = |name: &str| answer.get("meta").and_then(|meta| meta.get(name)).and_then(Value::as_u64);
    let (last, total) = (count("last_page"), count("total"));
    let Some(Value::Array(found)) = answer.get_mut("data").map(Value::take) else {
        return Err(response.senseless("the provider's answer has no list `data`"));
    };
    let next = match last {
        Some(last) => paging::after_page(number, last),
        None => paging::after_full_page(number, found.len(), size),
    };
    Ok(Page { found, next, total })
}

/// Reads the records of a page, and leaves out what was changed before a moment.
pub(crate) fn all<T>(
    found: &[Value],
    since_ms: Option<u64>,
    read: impl Fn(&Value) -> core::result::Result<T, Mismatch>,
) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for record in found {
        let changed = json::read_value(record, |record| moment(record, "updated_at")).ok().flatten();
        if since_ms.is_none_or(|since| changed.is_none_or(|changed| changed >= since)) {
            all.push(read(record).map_err(|problem| odd(&problem))?);
        }
    }
    Ok(all)
}

#[cold]
#[inline(never)]
pub(crate) fn odd(problem: &Mismatch) -> Error {
    Error::provider(format!("a record of the provider does not have the expected shape: {problem}"))
}

/// What the settings say about the shop.
pub(crate) struct Shop {
    /// The currency of prices that name none.
    pub(crate) currency: Option<String>,
    statuses: Option<Value>,
}

impl Shop {
    /// Reads the settings; `statuses` is the one with further states.
    #[inline(never)]
    pub(crate) fn read(statuses: &str) -> Result<Self> {
        context::read_settings(|settings| Self {
            currency: settings.text_some("currency"),
            statuses: settings.get(statuses).cloned(),
        })
    }

    /// Whether the settings name further states.
    pub(crate) fn has_statuses(&self) -> bool {
        self.statuses.is_some()
    }

    /// Our word for a state that is not known otherwise, as the settings name it.
    pub(crate) fn status(&self, theirs: &str) -> Option<&str> {
        self.statuses.as_ref()?.get(theirs)?.as_str()
    }
}

/// A text or a number, as text; an empty one is none.
#[inline(never)]
pub(crate) fn text(record: &Fields<'_>, name: &str) -> Option<String> {
    match record.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        number @ Value::Number(_) => Some(json::text(number)),
        _ => {
            record.wrong(name, "this is neither a text nor a number");
            None
        }
    }
}

/// The first of these names that has a text, which has to be there.
#[inline(never)]
pub(crate) fn needed(record: &Fields<'_>, names: &[&str]) -> String {
    names.iter().find_map(|name| text(record, name)).unwrap_or_else(|| {
        record.wrong(names.first().copied().unwrap_or_default(), "is missing");
        String::new()
    })
}

/// An amount in a currency; absent where it is not there or finer than the minor unit.
#[inline(never)]
pub(crate) fn price(record: &Fields<'_>, name: &str, currency: &str) -> Option<Money> {
    match record.get(name)? {
        Value::String(text) => money::from_decimal(text, currency).ok(),
        value => value.as_f64().and_then(|number| money::from_number(number, currency).ok()),
    }
}

/// A moment: RFC 3339, the same without a zone or with a blank, or a day in either order. What names no zone is in UTC.
#[inline(never)]
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    let given = record.str_some(name).filter(|text| !text.is_empty())?;
    let joined = given.replacen(' ', "T", 1);
    let moment =
        time::parse_utc(&joined).or_else(|| time::parse_date(given)).or_else(|| time::parse_date(&turned(given)));
    if moment.is_none() {
        record.wrong(name, "this is no moment");
    }
    moment
}

/// `31-12-2026` as `2026-12-31`.
fn turned(day: &str) -> String {
    let mut parts: Vec<&str> = day.split('-').collect();
    parts.reverse();
    parts.join("-")
}

/// An address, where it has anything.
#[inline(never)]
pub(crate) fn address(address: &Fields<'_>) -> Option<Address> {
    let mut name = text(address, "first_name").unwrap_or_default();
    if let Some(last) = text(address, "last_name") {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&last);
    }
    let mut lines = Vec::new();
    lines.extend(text(address, "street"));
    lines.extend(text(address, "address_addition"));
    let code = text(address, "alpha2").or_else(|| text(address, "country")).map(|code| code.to_ascii_uppercase());
    let is_code = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let address = Address {
        name: Some(name).filter(|name| !name.is_empty()),
        company: text(address, "company"),
        lines,
        city: text(address, "city"),
        region: text(address, "region"),
        postal_code: text(address, "postal_code"),
        country: code.filter(is_code),
        phone: text(address, "phone"),
    };
    Some(address).filter(|address| !address.lines.is_empty() || address.city.is_some() || address.postal_code.is_some())
}
