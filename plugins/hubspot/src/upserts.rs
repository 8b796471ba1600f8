//! Writing many people at once: `POST /crm/objects/2026-03/contacts/batch/upsert`, a hundred in each request.

use gatehouse_sdk::crm::contact_upserts::{ContactUpsertOutcome, ContactUpsertOutcomes, ContactUpsertsRequest};
use gatehouse_sdk::http::Method;
use gatehouse_sdk::json::{Object, Value};
use gatehouse_sdk::{Error, ErrorKind, Result, paging};

use crate::api::{self, CONTACTS};
use crate::contacts;

/// The most that Hubspot takes in a request.
const LARGEST_BATCH: usize = 100;

/// Writes people; each has an outcome of its own.
pub(crate) fn upsert(request: ContactUpsertsRequest) -> Result<ContactUpsertOutcomes> {
    let field = request.key_field.as_deref().unwrap_or("email");
    let mut keys: Vec<String> = Vec::new();
    let mut written = Vec::new();
    for item in request.items {
        if keys.contains(&item.key) {
            return Err(Error::invalid_input(format!("the key `{}` is there twice; give each once", item.key)));
        }
        written.push(contacts::given(item.fields).properties(&CONTACTS)?.set(field, item.key.as_str()));
        keys.push(item.key);
    }
    let mut statuses: Vec<Result<String>> = Vec::new();
    let mut written = written.into_iter();
    for batch in keys.chunks(LARGEST_BATCH) {
        let inputs = batch.iter().map(String::as_str).zip(written.by_ref()).collect();
        match write(CONTACTS.name, field, inputs) {
            Ok(mut outcomes) => statuses.append(&mut outcomes),
            // Nothing has been written yet, and it is not about one of the people: the call may be repeated.
            Err(error) if statuses.is_empty() && !is_about_a_record(&error) => return Err(error),
            Err(error) => statuses.resize(statuses.len().saturating_add(batch.len()), Err(error)),
        }
    }
    let mut items = Vec::new();
    for (key, status) in keys.into_iter().zip(statuses) {
        items.push(ContactUpsertOutcome { key, status });
    }
    Ok(ContactUpsertOutcomes { items })
}

/// Writes one batch of objects by a property with unique values. Each is sent with its place, by which Hubspot names
/// it.
#[inline(never)]
pub(crate) fn write(object: &str, field: &str, batch: Vec<(&str, Object)>) -> Result<Vec<Result<String>>> {
    let mut keys = Vec::new();
    let mut inputs: Vec<Value> = Vec::new();
    for (key, properties) in batch {
        let input = Object::new()
            .set("id", key)
            .set("idProperty", field)
            .set("objectWriteTraceId", inputs.len().to_string())
            .set("properties", properties);
        inputs.push(input.into());
        keys.push(key);
    }
    let body = Object::new().set("inputs", inputs).into();
    api::call(Method::Post, &[object, "batch", "upsert"], Some(&body))?.read(|answer| {
        let untold = Error::unknown_outcome("hubspot does not say what became of this record");
        let mut statuses: Vec<Result<String>> = Vec::new();
        statuses.resize(keys.len(), Err(untold));
        for one in answer.items("results") {
            let key = one.get("properties").and_then(|known| known.get(field)).and_then(Value::as_str);
            let by_key = || keys.iter().position(|known| key.is_some_and(|key| key.eq_ignore_ascii_case(known)));
            let place = place(one.get("objectWriteTraceId")).or_else(by_key);
            if let Some(id) = one.get("id").and_then(Value::as_str) {
                settle(&mut statuses, place, Ok(id.to_owned()));
            }
        }
        for one in answer.items("errors") {
            let traces = one.get("context").and_then(|context| context.get("objectWriteTraceId"));
            for trace in traces.and_then(Value::as_array).into_iter().flatten() {
                settle(&mut statuses, place(Some(trace)), Err(refused(one)));
            }
        }
        statuses
    })
}

/// Notes what became of the object with this place.
#[inline(never)]
fn settle(statuses: &mut [Result<String>], place: Option<usize>, outcome: Result<String>) {
    if let Some(status) = place.and_then(|place| statuses.get_mut(place)) {
        *status = outcome;
    }
}

fn place(trace: Option<&Value>) -> Option<usize> {
    usize::try_from(paging::number(Some(trace?.as_str()?), 0).ok()?).ok()
}

#[inline(never)]
fn refused(error: &Value) -> Error {
    let text = |name| error.get(name).and_then(Value::as_str);
    let kind = if text("category") == Some("CONFLICT") { ErrorKind::Conflict } else { ErrorKind::InvalidInput };
    Error::new(kind, text("message").unwrap_or("hubspot refused this record")).with_code(text("category"))
}

fn is_about_a_record(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::InvalidInput | ErrorKind::Conflict)
}
