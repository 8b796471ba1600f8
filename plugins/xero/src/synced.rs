//! Contacts, invoices and payments as records that the host pulls, and contacts as records that it pushes.

use gatehouse_sdk::accounting::InvoiceStatus;
use gatehouse_sdk::json::{self, Mismatch, Object, Value};
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, Wanted};
use crate::{contacts, invoices, payments};

/// Reads a page, oldest change first. The cursor is a moment and the page of what changed since then:
/// `1772353800000.2`. It goes on from the last change, as records move while they are read; only where a whole page
/// changed in the same second does it count pages.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let (wanted, read): (Wanted<'_>, api::Read<RecordData>) = match entity {
        contacts::ENTITY => (contacts::all(), contact),
        "invoices" => (invoices::all(), invoice),
        "payments" => (payments::all(), payment),
        _ => {
            return Err(Error::unsupported(format!(
                "`{entity}` is not synchronised; contacts, invoices and payments are"
            )));
        }
    };
    let (since, page) = match cursor {
        None => (0, 1),
        Some(cursor) => {
            let (since, page) = cursor.split_once('.').unwrap_or((cursor, "x"));
            (paging::number(Some(since), 0)?, paging::number(Some(page), 1)?)
        }
    };
    let wanted = Wanted { since_ms: Some(since).filter(|since| *since > 0), by_change: true, ..wanted };
    let (found, next) = api::page(wanted, page, Some(limit))?;
    let records = api::all(found, read)?;
    // Xero counts in seconds.
    let last = records.iter().rev().find_map(|record| record.updated_at_ms).map(|last| last / 1000 * 1000);
    let next = match (next, last) {
        (None, _) => None,
        (Some(_), Some(last)) if last > since && records.len() > 1 => Some(format!("{last}.1")),
        (Some(next), _) => Some(format!("{since}.{next}")),
    };
    let complete = cursor.is_none() && next.is_none();
    Ok(Page { records, cursor: next, complete })
}

fn contact(found: &Value) -> core::result::Result<RecordData, Mismatch> {
    let contact = contacts::contact(found)?;
    let data = contacts::text(&contact);
    Ok(RecordData { deleted: !contact.active, id: contact.id, updated_at_ms: contact.updated_at_ms, data })
}

fn invoice(found: &Value) -> core::result::Result<RecordData, Mismatch> {
    let invoice = invoices::invoice(found)?;
    let data = invoices::text(&invoice);
    let deleted = matches!(invoice.status, InvoiceStatus::Deleted);
    Ok(RecordData { deleted, id: invoice.id, updated_at_ms: invoice.updated_at_ms, data })
}

fn payment(found: &Value) -> core::result::Result<RecordData, Mismatch> {
    let payment = payments::payment(found)?;
    let data = payments::text(&payment);
    Ok(RecordData { deleted: payment.deleted, id: payment.id, updated_at_ms: payment.updated_at_ms, data })
}

/// Writes contacts, each for itself. A deleted one is archived: Xero keeps what was booked.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    if entity != contacts::ENTITY {
        return Err(Error::unsupported(format!("`{entity}` is not written; contacts are")));
    }
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push(Outcome { status: write(&change), reference: change.reference });
    }
    Ok(outcomes)
}

/// A new contact is written by its number, which is the change's reference: a second time changes the first.
fn write(change: &Change) -> Result<String> {
    let wrong = |problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}"));
    let saved = match (&change.id, change.deleted) {
        (None, true) => return Err(Error::invalid_input("a record to delete needs its `id`")),
        (Some(id), true) => {
            let record = Object::new().set("ContactID", id.as_str()).set("ContactStatus", "ARCHIVED");
            contacts::save(&[contacts::LIST, id], record)
        }
        (id, false) => {
            let record = json::read(change.data.as_bytes(), contacts::pushed).map_err(wrong)?;
            contacts::named(&record)?;
            match id {
                Some(id) => contacts::save(&[contacts::LIST, id], record.set("ContactID", id.as_str())),
                None => {
                    let number = contacts::number(&change.reference);
                    contacts::save(&[contacts::LIST], record.set("ContactNumber", number))
                }
            }
        }
    };
    saved.map(|contact| contact.id)
}
