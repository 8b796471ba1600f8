//! `QuickBooks`' Accounting API as this gateway uses it: one place that sends, and what all of its records have in
//! common.

use gatehouse_sdk::http::{self, Request, Response};
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value};
use gatehouse_sdk::{Error, Money, Result, context, money, paging, time};

use crate::error;

/// How many records `QuickBooks` answers where nothing is said.
const PAGE: u32 = 100;
/// The most that it answers at once.
const MOST: u32 = 1000;
/// The form of the records. `QuickBooks` serves the older ones no more, and may make a newer one its usual.
const MINOR_VERSION: u32 = 75;
/// How long the id of a request may be.
const REQUEST_ID: usize = 50;

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

/// Writes a record. One with the call's key is known again where it is repeated.
#[inline(never)]
pub(crate) fn write(request: Request) -> Result<Response> {
    send(request.idempotency_key(request_id(&context::idempotency_key())))
}

/// The end of a key, as `QuickBooks` reads only so much of it. What the host gives differs there.
fn request_id(key: &str) -> String {
    key.get(key.len().saturating_sub(REQUEST_ID)..).unwrap_or(key).to_owned()
}

/// Creates a record; `entity` is its name in paths.
#[inline(never)]
pub(crate) fn create(entity: &str, record: &Object) -> Result<Response> {
    write(Request::post(path(&[entity])?).json(record))
}

/// Reads a record of `QuickBooks`'.
pub(crate) type Read<T> = fn(&Value) -> core::result::Result<T, Mismatch>;

/// Reads the one record of an answer.
pub(crate) fn one<T>(
    response: &Response,
    table: &str,
    read: impl FnOnce(&Value) -> core::result::Result<T, Mismatch>,
) -> Result<T> {
    read(&first(response, table)?).map_err(|problem| misshaped(response, &problem))
}

/// Reads the one record of an answer that is in this currency where it names none.
pub(crate) fn one_in<T>(response: &Response, table: &str, currency: &str, read: Read<T>) -> Result<T> {
    let mut found = first(response, table)?;
    in_currency(&mut found, currency);
    read(&found).map_err(|problem| misshaped(response, &problem))
}

/// Gives a document its currency. `QuickBooks` leaves it out of companies that have but one.
#[inline(never)]
pub(crate) fn in_currency(found: &mut Value, currency: &str) {
    if let Some(fields) = found.as_object_mut().filter(|fields| !fields.contains_key(CURRENCY)) {
        fields.insert(CURRENCY.to_owned(), named(currency).into());
    }
}

/// Where the currency of a document stands.
pub(crate) const CURRENCY: &str = "CurrencyRef";

/// The one record of an answer as it is.
#[inline(never)]
pub(crate) fn first(response: &Response, table: &str) -> Result<Value> {
    let mut answer = json::document(response.bytes()).map_err(|problem| misshaped(response, &problem))?;
    let found = answer.get_mut(table).map(Value::take);
    found.ok_or_else(|| response.senseless(format!("the provider's answer has no `{table}`")))
}

#[cold]
#[inline(never)]
pub(crate) fn misshaped(response: &Response, problem: &Mismatch) -> Error {
    response.senseless(format!("a record of the provider does not have the expected shape: {problem}"))
}

/// Reads the records of a page.
pub(crate) fn all<T>(found: &[Value], read: Read<T>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for record in found {
        all.push(read(record).map_err(|problem| odd(&problem))?);
    }
    Ok(all)
}

#[cold]
#[inline(never)]
pub(crate) fn odd(problem: &Mismatch) -> Error {
    Error::provider(format!("a record of the provider does not have the expected shape: {problem}"))
}

/// Which records of a table to read.
pub(crate) struct Wanted {
    table: &'static str,
    only: String,
}

impl Wanted {
    /// All of a table's.
    pub(crate) fn all(table: &'static str) -> Self {
        Self { table, only: String::new() }
    }

    /// All of a table's, and those that are no longer in use. `QuickBooks` leaves them out otherwise.
    pub(crate) fn with_inactive(table: &'static str) -> Self {
        Self::all(table).only("Active IN (true, false)")
    }

    /// Only those for which this holds as well.
    #[inline(never)]
    pub(crate) fn only(mut self, condition: &str) -> Self {
        self.only.push_str(if self.only.is_empty() { " WHERE " } else { " AND " });
        self.only.push_str(condition);
        self
    }

    /// Only those with this text in a field.
    #[inline(never)]
    pub(crate) fn equal(self, field: &str, text: &str) -> Self {
        let text = text.replace('\\', "\\\\").replace('\'', "\\'");
        self.only(&format!("{field} = '{text}'"))
    }

    /// Only those of which a moment is not before this one.
    pub(crate) fn since(self, field: &str, ms: Option<u64>) -> Self {
        match ms {
            Some(ms) => self.only(&format!("MetaData.{field} >= '{}'", time::format_rfc3339(ms))),
            None => self,
        }
    }
}

/// When a record was last changed, and when it was made.
pub(crate) const CHANGED: &str = "LastUpdatedTime";
pub(crate) const MADE: &str = "CreateTime";

/// A page of records.
pub(crate) struct Page {
    /// The records as they are.
    pub(crate) found: Vec<Value>,
    /// Where the next ones begin; none at the end.
    pub(crate) next: Option<String>,
    /// When `QuickBooks` answered, by its own clock.
    pub(crate) at_ms: u64,
}

/// Reads a page, the oldest record first: what is changed meanwhile does not move. The cursor is the place of the
/// first one, from 1.
#[inline(never)]
pub(crate) fn page(wanted: &Wanted, cursor: Option<&str>, limit: Option<u32>) -> Result<Page> {
    let (start, size) = (paging::number(cursor, 1)?.max(1), paging::limit(limit, PAGE, MOST)?);
    let Wanted { table, only } = wanted;
    let text =
        format!("SELECT * FROM {table}{only} ORDERBY MetaData.CreateTime STARTPOSITION {start} MAXRESULTS {size}");
    let response = send(Request::get(path(&["query"])?).query("query", text))?;
    let (mut answer, at_ms) = answered(&response, "QueryResponse")?;
    let found = taken(&mut answer, table);
    let next = paging::after_offset(start, found.len(), size, None);
    Ok(Page { found, next, at_ms })
}

/// What stands under a name in an answer, and when `QuickBooks` answered.
#[inline(never)]
pub(crate) fn answered(response: &Response, name: &str) -> Result<(Value, u64)> {
    let mut answer = json::document(response.bytes()).map_err(|problem| misshaped(response, &problem))?;
    let at = answer.get("time").and_then(Value::as_str).and_then(time::parse_rfc3339);
    let found = answer.get_mut(name).map(Value::take).filter(|found| found.is_object() || found.is_array());
    let none = || response.senseless(format!("the provider's answer has no `{name}` with its time"));
    found.zip(at).ok_or_else(none)
}

/// The list under a name, out of the answer. `QuickBooks` leaves an empty one out.
pub(crate) fn taken(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(found)) => found,
        _ => Vec::new(),
    }
}

/// A text; an empty one is none.
#[inline(never)]
pub(crate) fn text(record: &Fields<'_>, name: &str) -> Option<String> {
    record.str_some(name).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A text within a field, such as the address of `PrimaryEmailAddr`.
#[inline(never)]
pub(crate) fn within(record: &Fields<'_>, name: &str, field: &str) -> Option<String> {
    record.inner(name, |inner| text(inner, field)).flatten()
}

/// What a record names by a reference.
pub(crate) fn reference(record: &Fields<'_>, name: &str) -> Option<String> {
    within(record, name, "value")
}

/// A reference as it is written.
pub(crate) fn named(id: &str) -> Object {
    Object::new().set("value", id)
}

/// When a record was made, or last changed.
#[inline(never)]
pub(crate) fn moment(record: &Fields<'_>, name: &str) -> Option<u64> {
    record.inner("MetaData", |data| {
        let text = data.str_some(name)?;
        let moment = time::parse_rfc3339(text);
        if moment.is_none() {
            data.wrong(name, "this is no moment");
        }
        moment
    })?
}

/// An amount in a currency; absent where it is finer than the minor unit.
#[inline(never)]
pub(crate) fn price(record: &Fields<'_>, name: &str, currency: &str) -> Option<Money> {
    let number = record.get(name)?.as_f64();
    if number.is_none() {
        record.wrong(name, "this is no number");
    }
    money::from_number(number?, currency).ok()
}

/// An amount that has to be there.
#[inline(never)]
pub(crate) fn amount(record: &Fields<'_>, name: &str, currency: &str) -> Money {
    price(record, name, currency).unwrap_or_else(|| {
        record.wrong(name, format!("this is no amount of {currency}"));
        Money::new(0, currency)
    })
}

/// An amount as it is written. `QuickBooks` keeps two decimals and would round what is finer.
#[inline(never)]
pub(crate) fn number(amount: &Money) -> Result<f64> {
    let currency = money::currency(amount)?;
    if money::decimals(currency) > 2 && amount.minor_units % 10 != 0 {
        return Err(Error::invalid_input(format!(
            "{} {currency} is finer than quickbooks keeps amounts; give one with two decimals",
            money::to_decimal(amount)
        )));
    }
    Ok(money::to_number(amount))
}

/// A number as decimal text, such as `1.5` or `19`.
#[inline(never)]
pub(crate) fn decimal(value: &Value) -> Option<String> {
    let text = json::text(value);
    value.is_number().then(|| text.strip_suffix(".0").unwrap_or(&text).to_owned())
}

/// Whether a record was taken back: what it was about is zero then, and its note begins so.
#[inline(never)]
pub(crate) fn is_voided(record: &Fields<'_>) -> bool {
    let zero = record.get("TotalAmt").and_then(Value::as_f64) == Some(0.0);
    zero && record.str_some("PrivateNote").is_some_and(|note| note.starts_with(VOIDED))
}

/// What `QuickBooks` writes before the note of a record that was taken back.
const VOIDED: &str = "Voided";

/// Our reference is the note that customers do not get to see.
#[inline(never)]
pub(crate) fn note(record: &Fields<'_>) -> Option<String> {
    let note = text(record, "PrivateNote")?;
    if !is_voided(record) {
        return Some(note);
    }
    let rest = note.strip_prefix(VOIDED).unwrap_or_default();
    Some(rest.strip_prefix(" - ").unwrap_or_default().to_owned()).filter(|rest| !rest.is_empty())
}

/// The id in a reference that has to be there.
#[inline(never)]
pub(crate) fn needed(record: &Fields<'_>, name: &str) -> String {
    reference(record, name).unwrap_or_else(|| {
        record.wrong(name, "is missing");
        String::new()
    })
}

/// The currency of a document.
pub(crate) fn currency(record: &Fields<'_>) -> String {
    needed(record, CURRENCY)
}
