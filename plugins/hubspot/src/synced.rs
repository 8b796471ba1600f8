//! Contacts, companies and deals as records that the host pulls and pushes.

use gatehouse_sdk::http::Method;
use gatehouse_sdk::json;
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, COMPANIES, CONTACTS, DEALS, Kind};
use crate::upserts;
use crate::write::{self, Given};

/// How many pages of archived objects are told of at the end of a pull.
const ARCHIVED_PAGES: u32 = 5;

/// Reads a page, oldest change first, and at the end what is archived: Hubspot can neither search nor order that, so
/// that all of it is told each time.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let kind = kind(entity)?;
    let (found, next) = api::changes(kind, cursor, 0, Some(limit), &[])?;
    let mut records = Vec::new();
    for mut object in found {
        let data = json::text(&object.data(kind).into());
        records.push(RecordData { id: object.id, updated_at_ms: object.updated_at_ms, deleted: false, data });
    }
    if next.is_none() {
        archived(kind, &mut records)?;
    }
    let complete = cursor.is_none() && next.is_none();
    Ok(Page { records, cursor: next, complete })
}

fn archived(kind: &Kind, records: &mut Vec<RecordData>) -> Result<()> {
    let mut cursor = None;
    for _ in 0..ARCHIVED_PAGES {
        let (found, next) = api::list(kind, cursor.as_deref(), None, &[], true)?;
        for gone in found {
            let data = "{}".to_owned();
            records.push(RecordData { id: gone.id, updated_at_ms: gone.updated_at_ms, deleted: true, data });
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

/// Writes changes, each for itself. A deleted one is archived.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    let kind = kind(entity)?;
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push(Outcome { status: write(kind, &change), reference: change.reference });
    }
    Ok(outcomes)
}

fn kind(entity: &str) -> Result<&'static Kind> {
    match entity {
        "contacts" => Ok(&CONTACTS),
        "companies" => Ok(&COMPANIES),
        "deals" => Ok(&DEALS),
        _ => Err(Error::unsupported(format!("`{entity}` is not synchronised; contacts, companies and deals are"))),
    }
}

/// Writes one change and answers with the object's id.
#[inline(never)]
fn write(kind: &Kind, change: &Change) -> Result<String> {
    if change.deleted {
        let Some(id) = &change.id else {
            return Err(Error::invalid_input("a record to delete needs its `id`"));
        };
        api::call(Method::Delete, &[kind.name, id], None)?;
        return Ok(id.clone());
    }
    let wrong = |problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}"));
    let given = json::read(change.data.as_bytes(), |record| Given::of(kind, record)).map_err(wrong)?;
    match &change.id {
        Some(id) => write::change(kind, id, &given).map(|_| id.clone()),
        None => add(kind, &change.reference, &given),
    }
}

/// What is new is written by a unique value where there is one: a person's address, or our reference.
fn add(kind: &Kind, reference: &str, given: &Given) -> Result<String> {
    let (field, key) = match (given.value(kind, "email"), api::reference_property()?) {
        (Some(email), _) => ("email".to_owned(), email),
        (None, Some(name)) if kind.name != DEALS.name => (name, reference),
        _ => return write::create(kind, given, reference).map(|made| made.id),
    };
    let properties = given.properties(kind)?.set(&field, key);
    let outcome = upserts::write(kind.name, &field, vec![(key, properties)])?.pop();
    outcome.unwrap_or_else(|| Err(Error::unknown_outcome("hubspot does not say what became of this record")))
}
