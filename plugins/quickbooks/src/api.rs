//! `QuickBooks`' Accounting API as this gateway uses it: one place that sends, and what all of its records have in
//! common.

use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::records::{self, Read};
use gatehouse_sdk::{Error, Money, Result, context, money, text, time};

use crate::error;

/// The form of the records. `QuickBooks` serves the older ones no more, and may make a newer one its usual.
const MINOR_VERSION: u32 = 75;
/// How long the id of a request may be.
const REQUEST_ID: usize = 50;
/// Where the currency of a document stands.
pub(crate) const CURRENCY: &str = "CurrencyRef";
/// What `QuickBooks` writes before the note of a record that was taken back.
const VOIDED: &str = "Voided";

/// The company that was agreed to.
#[inline(never)]
pub(crate) fn realm() -> Result<String> {
    let realm = context::read_settings(|settings| settings.text_some("realm"))?;
    realm.ok_or_else(|| Error::invalid_input("no company is connected; agree to one at quickbooks"))
}

/// A path below the company.
#[inline(never)]
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    Ok(format!("/v3/company{}{}", http::path(&[&realm()?])?, http::path(segments)?))
}

/// Sends a request and keeps only a success. Without `accept` `QuickBooks` answers in XML.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.query("minorversion", MINOR_VERSION).header("accept", "application/json").send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// Reads what stands at a path below the company.
#[inline(never)]
pub(crate) fn get(segments: &[&str]) -> Result<Response> {
    send(Request::get(path(segments)?))
}

/// Writes a record. One with the call's key is known again where it is repeated. `QuickBooks` reads only so much of
/// it; what the host gives differs at the end.
#[inline(never)]
pub(crate) fn write(request: Request) -> Result<Response> {
    let key = context::idempotency_key();
    send(request.idempotency_key(text::end(&key, REQUEST_ID)))
}

/// Creates a record; `entity` is its name in paths.
#[inline(never)]
pub(crate) fn create(entity: &str, record: &Object) -> Result<Response> {
    write(Request::post(path(&[entity])?).json(record))
}

/// Reads the one record of an answer.
pub(crate) fn one<T>(response: &Response, table: &str, read: Read<T>) -> Result<T> {
    records::one(response, &first(response, table)?, read)
}

/// Reads the one record of an answer that is in this currency where it names none.
pub(crate) fn one_in<T>(response: &Response, table: &str, currency: &str, read: Read<T>) -> Result<T> {
    let mut found = first(response, table)?;
    in_currency(&mut found, currency);
    records::one(response, &found, read)
}

/// Gives a document its currency. `QuickBooks` leaves it out of companies that have but one.
#[inline(never)]
pub(crate) fn in_currency(found: &mut Value, currency: &str) {
    if let Some(fields) = found.as_object_mut().filter(|fields| !fields.contains_key(CURRENCY)) {
        fields.insert(CURRENCY.to_owned(), named(currency).into());
    }
}

/// The one record of an answer as it is.
#[inline(never)]
pub(crate) fn first(response: &Response, table: &str) -> Result<Value> {
    let mut answer = document(response)?;
    let found = answer.get_mut(table).map(Value::take);
    found.ok_or_else(|| response.senseless(format!("the provider's answer has no `{table}`")))
}

#[inline(never)]
fn document(response: &Response) -> Result<Value> {
    json::document(response.bytes()).map_err(|problem| records::misshaped(response, &problem))
}

/// What stands under a name in an answer, and when `QuickBooks` answered.
#[inline(never)]
pub(crate) fn answered(response: &Response, name: &str) -> Result<(Value, u64)> {
    let mut answer = document(response)?;
    let at = answer.get("time").and_then(Value::as_str).and_then(time::parse_rfc3339);
    let found = answer.get_mut(name).map(Value::take).filter(|found| found.is_object() || found.is_array());
    let none = || response.senseless(format!("the provider's answer has no `{name}` with its time"));
    found.zip(at).ok_or_else(none)
}

/// The list under a name, out of the answer. `QuickBooks` leaves an empty one out.
#[inline(never)]
pub(crate) fn taken(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(found)) => found,
        _ => Vec::new(),
    }
}

/// What a record names by a reference.
pub(crate) fn reference(record: &Fields<'_>, name: &str) -> Option<String> {
    record.filled_in(name, "value")
}

/// A reference as it is written.
#[inline(never)]
pub(crate) fn named(id: &str) -> Object {
    Object::new().set("value", id)
}

/// When a record was made, or last changed.
#[inline(never)]
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    record.inner("MetaData", |data| data.moment(name, time::parse_rfc3339)).flatten()
}

/// An amount as it is written. `QuickBooks` keeps two decimals and would round what is finer.
#[inline(never)]
pub(crate) fn number(amount: &Money) -> Result<f64> {
    let currency = money::currency(amount)?;
    if amount.minor_units % step(currency) != 0 {
        return Err(Error::invalid_input(format!(
            "{} {currency} is finer than quickbooks keeps amounts; give one with two decimals",
            money::to_decimal(amount)
        )));
    }
    Ok(money::to_number(amount))
}

/// How many minor units the finest amount has that `QuickBooks` keeps.
pub(crate) fn step(currency: &str) -> i64 {
    if money::decimals(currency) > 2 { 10 } else { 1 }
}

/// Whether a record was taken back: what it was about is zero then, and its note begins so.
#[inline(never)]
pub(crate) fn is_voided(record: &Fields<'_>) -> bool {
    let zero = record.get("TotalAmt").and_then(Value::as_f64) == Some(0.0);
    zero && record.str_some("PrivateNote").is_some_and(|note| note.starts_with(VOIDED))
}

/// Our reference is the note that customers do not get to see.
#[inline(never)]
pub(crate) fn note(record: &Fields<'_>) -> Option<String> {
    let note = record.filled("PrivateNote")?;
    if !is_voided(record) {
        return Some(note);
    }
    let rest = note.strip_prefix(VOIDED).unwrap_or_default();
    Some(rest.strip_prefix(" - ").unwrap_or_default().to_owned()).filter(|rest| !rest.is_empty())
}

/// The id in a reference that has to be there.
#[inline(never)]
pub(crate) fn needed(record: &Fields<'_>, name: &str) -> String {
    let id = reference(record, name);
    if id.is_none() {
        record.wrong(name, "is missing");
    }
    id.unwrap_or_default()
}

/// The currency of a document.
pub(crate) fn currency(record: &Fields<'_>) -> String {
    needed(record, CURRENCY)
}
