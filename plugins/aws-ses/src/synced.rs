//! The suppressed addresses as records that the host pulls and pushes.

use gatehouse_sdk::email::suppressions::{Suppression, SuppressionReason, SuppressionRequest, SuppressionsRequest};
use gatehouse_sdk::json::{self, Object};
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result};

use crate::suppressions;

/// The one entity.
const SUPPRESSIONS: &str = "suppressions";

/// Reads a page of the list. A run has seen all when its last page was read.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    known(entity)?;
    let request = SuppressionsRequest {
        cursor: cursor.map(str::to_owned),
        limit: Some(limit),
        reason: None,
        created_from_ms: None,
    };
    let page = suppressions::list(&request)?;
    let complete = page.next.is_none();
    Ok(Page { records: page.items.into_iter().map(record).collect(), cursor: page.next, complete })
}

fn record(entry: Suppression) -> RecordData {
    let data = Object::of(&entry).to_string();
    RecordData { id: entry.email, updated_at_ms: entry.created_at_ms, deleted: false, data }
}

/// Puts addresses on the list or takes them off, each for itself.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    known(entity)?;
    let write = |change: Change| Outcome { status: write(&change), reference: change.reference };
    Ok(changes.into_iter().map(write).collect())
}

fn known(entity: &str) -> Result<()> {
    if entity == SUPPRESSIONS {
        return Ok(());
    }
    Err(Error::unsupported(format!("`{entity}` is not synchronised; `{SUPPRESSIONS}` is")))
}

/// Writes one change and answers with the address, which is the record's id.
fn write(change: &Change) -> Result<String> {
    if change.deleted {
        let Some(id) = change.id.clone() else {
            return Err(Error::invalid_input("a record to delete needs its `id`, which is the address"));
        };
        return Ok(suppressions::remove(id)?.email);
    }
    let (email, reason) =
        json::read(change.data.as_bytes(), |record| (record.text("email"), record.text_some("reason"))).map_err(
            |problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}")),
        )?;
    if change.id.as_ref().is_some_and(|id| *id != email) {
        return Err(Error::invalid_input("an address can not be changed; delete the record and make another"));
    }
    let reason = match reason.as_deref() {
        None => None,
        Some("bounce") => Some(SuppressionReason::Bounce),
        Some("complaint") => Some(SuppressionReason::Complaint),
        Some(_) => Some(SuppressionReason::Other),
    };
    Ok(suppressions::add(&SuppressionRequest { email, reason })?.email)
}
