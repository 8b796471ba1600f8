//! The eSignature REST API v2.1 as this gateway uses it: one place that sends, and how Docusign writes numbers and
//! moments.

use gatehouse_sdk::http::{self, Method, Request, Response};
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Result, context, paging, time};

use crate::error;

/// The account and the name of its server, as they were kept when it was connected.
pub(crate) struct Connected {
    pub(crate) account: String,
    pub(crate) server: String,
}

/// What is kept of the account.
#[inline(never)]
pub(crate) fn connected() -> Result<Connected> {
    context::read_settings(|settings| Connected { account: settings.text("account"), server: settings.text("server") })
}

/// A path below the account.
#[inline(never)]
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    let account = connected()?.account;
    http::path(&[&["restapi", "v2.1", "accounts", account.as_str()], segments].concat())
}

/// Sends a request and keeps only a success. The host attaches the token.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// Sends a body without a query below the account.
#[inline(never)]
pub(crate) fn write(method: Method, segments: &[&str], body: Object) -> Result<Response> {
    send(Request::new(method, path(segments)?).json(&Value::from(body)))
}

/// What `with` reads of each record of a page under `name`, and the offset of the next page. Docusign leaves the list
/// out where it is empty.
pub(crate) fn page<T>(
    response: &Response,
    name: &str,
    offset: u64,
    mut with: impl FnMut(&Fields<'_>) -> T,
) -> Result<(Vec<T>, Option<String>)> {
    response.read(|list| {
        let total = number(list, "totalSetSize");
        if total.is_none() {
            list.wrong("totalSetSize", "is no number");
        }
        let found = list.each(name, &mut with);
        let next = paging::after_offset(offset, found.len(), 0, total);
        (found, next)
    })
}

/// A number, which Docusign writes as text.
#[inline(never)]
pub(crate) fn number(record: &Fields<'_>, name: &str) -> Option<u64> {
    record.str_some(name)?.parse().ok()
}

/// A moment that may be absent. It has seven decimals, and is in UTC where it names no zone.
#[inline(never)]
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    let text = record.str_some(name).filter(|text| !text.is_empty())?;
    let moment = time::parse_utc(text);
    if moment.is_none() {
        record.wrong(name, "is no moment");
    }
    moment
}

/// A text that is not empty.
#[inline(never)]
pub(crate) fn some(record: &Fields<'_>, name: &str) -> Option<String> {
    record.text_some(name).filter(|text| !text.is_empty())
}

/// A list of objects.
#[inline(never)]
pub(crate) fn list_of(objects: Vec<Object>) -> Option<Vec<Value>> {
    let mut list = Vec::new();
    for object in objects {
        list.push(Value::from(object));
    }
    Some(list).filter(|list| !list.is_empty())
}
