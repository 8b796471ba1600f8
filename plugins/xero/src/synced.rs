//! Contacts, invoices and payments as records that the host pulls, and contacts as records that it pushes.

use gatehouse_sdk::json::{self, Object};
use gatehouse_sdk::records::{self, Ours, Read};
use gatehouse_sdk::sync::{Change, Guest, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, Wanted};
use crate::{Xero, contacts, invoices, payments};

impl Guest for Xero {
    /// Reads a page, oldest change first. The cursor is a moment and the page of what changed since then:
    /// `1772353800000.2`. It goes on from the last change, as records move while they are read; only where a whole page
    /// changed in the same second does it count pages.
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<Page> {
        let (wanted, read): (Wanted<'_>, Read<Ours>) = match entity.as_str() {
            contacts::ENTITY => (contacts::all(), contacts::ours),
            "invoices" => (invoices::all(), invoices::ours),
            "payments" => (payments::all(), payments::ours),
            _ => {
                return Err(Error::unsupported(format!(
                    "`{entity}` is not synchronised; contacts, invoices and payments are"
                )));
            }
        };
        let (since, page) = match &cursor {
            None => (0, 1),
            Some(cursor) => {
                let (since, page) = cursor.split_once('.').unwrap_or((cursor.as_str(), "x"));
                (paging::number(Some(since), 0)?, paging::number(Some(page), 1)?)
            }
        };
        let wanted = Wanted { since_ms: Some(since).filter(|since| *since > 0), by_change: true, ..wanted };
        let page = api::page(wanted, page, Some(limit))?;
        let records = page.items(read)?;
        // Xero counts in seconds.
        let last = records.iter().rev().find_map(|record| record.updated_at_ms).map(|last| last / 1000 * 1000);
        let next = match (page.next, last) {
            (None, _) => None,
            (Some(_), Some(last)) if last > since && records.len() > 1 => Some(format!("{last}.1")),
            (Some(next), _) => Some(format!("{since}.{next}")),
        };
        let complete = cursor.is_none() && next.is_none();
        let records = records.into_iter().map(RecordData::from).collect();
        Ok(Page { records, cursor: next, complete })
    }

    /// Writes contacts, each for itself. A deleted one is archived: Xero keeps what was booked.
    fn push(entity: String, changes: Vec<Change>) -> Result<Vec<Outcome>> {
        records::push(&entity, contacts::ENTITY, changes, write)
    }
}

/// A new contact is written by its number, which is the change's reference: a second time changes the first.
fn write(change: &Change) -> Result<String> {
    let saved = match (&change.id, change.deleted) {
        (None, true) => return Err(Error::invalid_input("a record to delete needs its `id`")),
        (Some(id), true) => {
            let record = Object::new().set("ContactID", id.as_str()).set("ContactStatus", "ARCHIVED");
            contacts::save(&[contacts::LIST, id], record)
        }
        (id, false) => {
            let record = contacts::written(&json::document(change.data.as_bytes()).map_err(records::wrong)?)?;
            if record.is_empty() {
                return Err(Error::invalid_input("the contact has no field; give at least its name"));
            }
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
