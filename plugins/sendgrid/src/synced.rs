//! The lists of suppressed addresses as records that the host pulls, and the one that it may write.

use gatehouse_sdk::email::suppressions::{Suppression, SuppressionRequest};
use gatehouse_sdk::json::{self, Object};
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result};

use crate::suppressions::{self, UNSUBSCRIBES};

/// Reads a page of a list. A run has seen all when its last page was read.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let Some(reason) = suppressions::reason_of(entity) else { return Err(unknown(entity)) };
    let (found, cursor) = suppressions::page(entity, reason, cursor, Some(limit), None)?;
    let complete = cursor.is_none();
    Ok(Page { records: found.into_iter().map(record).collect(), cursor, complete })
}

/// An address stands on a list once, and nothing of its entry changes.
fn record(entry: Suppression) -> RecordData {
    let data = Object::of(&entry).to_string();
    RecordData { id: entry.email, updated_at_ms: entry.created_at_ms, deleted: false, data }
}

/// Puts addresses on the list of those who want no more, or takes them off, each for itself.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    if suppressions::reason_of(entity).is_none() {
        return Err(unknown(entity));
    }
    if entity != UNSUBSCRIBES {
        return Err(Error::unsupported(format!(
            "sendgrid fills `{entity}` by itself; `{UNSUBSCRIBES}` can be written"
        )));
    }
    let write = |change: Change| Outcome { status: write(&change), reference: change.reference };
    Ok(changes.into_iter().map(write).collect())
}

fn unknown(entity: &str) -> Error {
    Error::unsupported(format!(
        "`{entity}` is not synchronised; unsubscribes, bounces, blocks, spam_reports and invalid_emails are"
    ))
}

/// Writes one change and answers with the address, which is the record's id.
fn write(change: &Change) -> Result<String> {
    if change.deleted {
        let Some(id) = change.id.as_deref() else {
            return Err(Error::invalid_input("a record to delete needs its `id`, which is the address"));
        };
        suppressions::take_off(UNSUBSCRIBES, id)?;
        return Ok(id.to_owned());
    }
    let email = json::read(change.data.as_bytes(), |record| record.text("email"))
        .map_err(|problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}")))?;
    if change.id.as_ref().is_some_and(|id| *id != email) {
        return Err(Error::invalid_input("an address can not be changed; delete the record and make another"));
    }
    Ok(suppressions::add(&SuppressionRequest { email, reason: None })?.email)
}
