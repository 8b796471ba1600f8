//! `PayPal`'s API as this gateway uses it: one place that sends, and what several of its records have in common.

mod amount;
mod order;
mod settings;

use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, Money, Result, context, time};

pub(crate) use amount::{checked, money};
pub(crate) use order::{Order, Unit, authorized, captured, order, order_body, page};
pub(crate) use settings::Settings;

use crate::error;

/// How long a request id may be.
const REQUEST_ID: usize = 108;
/// How long a `custom_id` may be, which keeps our reference.
const REFERENCE: usize = 127;

/// Reads a record by its path.
pub(crate) fn get(path: String) -> Result<Response> {
    send(Request::get(path))
}

/// Sends a write that `PayPal` recognises when it is sent again. The label tells apart the writes of one call.
pub(crate) fn post(path: String, label: &str, body: &Object) -> Result<Response> {
    let key = context::idempotency_key_for(label);
    let key = key.get(key.len().saturating_sub(REQUEST_ID)..).unwrap_or(&key);
    send(written(Request::post(path).json(body)).idempotency_key(key))
}

/// Asks a write for the whole record: without this `PayPal` answers with its id, status and links alone.
pub(crate) fn written(request: Request) -> Request {
    request.header("prefer", "return=representation")
}

/// Sends a request and keeps only a success.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// A reference that `PayPal` keeps whole.
///
/// # Errors
/// `invalid-input` for one that is too long, as it would not be found again.
pub(crate) fn reference(reference: Option<&str>) -> Result<Option<&str>> {
    match reference.map(|text| text.chars().count()) {
        Some(long) if long > REFERENCE => Err(Error::invalid_input(format!(
            "`reference` has {long} characters and paypal keeps {REFERENCE}; give a shorter one"
        ))),
        _ => Ok(reference.filter(|text| !text.is_empty())),
    }
}

/// As much of a describing text as `PayPal` takes.
pub(crate) fn short(text: &str, chars: usize) -> &str {
    let end = text.char_indices().nth(chars).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The moment at which a record was made, in milliseconds since 1970; 0 where `PayPal` does not say.
pub(crate) fn made_at(record: &Fields<'_>) -> u64 {
    let Some(text) = record.str_some("create_time") else { return 0 };
    time::parse_rfc3339(text).unwrap_or_else(|| {
        record.wrong("create_time", "there is no such moment");
        0
    })
}

/// The address that a record's link of one of these kinds leads to.
pub(crate) fn link(record: &Fields<'_>, kinds: &[&str]) -> Option<String> {
    let links = record.each("links", |link| (link.text("rel"), link.text("href")));
    links.into_iter().find(|(rel, _)| kinds.contains(&rel.as_str())).map(|(_, href)| href)
}

/// The `amount` of a record.
pub(crate) fn amount_of(record: &Fields<'_>) -> Money {
    let amount = record.inner("amount", money);
    amount.unwrap_or_else(|| {
        record.wrong("amount", "is absent");
        Money::new(0, "XXX")
    })
}
