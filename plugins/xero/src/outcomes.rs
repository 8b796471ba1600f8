//! What became of a write whose answer was lost. Xero's idempotency keys are known for a time that it does not name,
//! so each is looked up: by our reference where there is a place for it.

use gatehouse_sdk::json::{self, Value};
use gatehouse_sdk::outcomes::{Finding, Guest, Write};
use gatehouse_sdk::records::{self, Ours, Read};
use gatehouse_sdk::{Error, ErrorKind, Result, books};

use crate::api::{self, Wanted};
use crate::{Xero, catalogue, contacts, invoices, payments};

/// How far Xero's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;

impl Guest for Xero {
    /// Looks for what a write did.
    fn look_up(write: Write) -> Result<Finding> {
        let since = write.first_sent_at_ms.saturating_sub(SKEW_MS);
        match write.capability.as_str() {
            "CREATE_ACCOUNTING_CONTACT" => contact(&write),
            "CREATE_INVOICE" => invoice(&write, since),
            "RECORD_INVOICE_PAYMENT" => payment(&write, since),
            "CREATE_ACCOUNTING_ITEM" => item(&write, since),
            // One that is marked as sent counts as sent.
            "SEND_INVOICE" => standing(&write, |found| found.get("SentToContact") == Some(&Value::Bool(true))),
            "VOID_INVOICE" => standing(&write, |found| found.get("Status").and_then(Value::as_str) == Some("VOIDED")),
            other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
        }
    }
}

/// A contact's number is unique, and ours or the call's.
fn contact(write: &Write) -> Result<Finding> {
    let reference = write.read(|request| request.text_some("reference"))?;
    let number = reference.unwrap_or_else(|| contacts::number(&write.reference));
    let response = api::get(&[contacts::LIST, &number]);
    let found = response.and_then(|response| api::one(&response, contacts::LIST, contacts::ours));
    Ok(match absent_where_not_found(found)? {
        Some(contact) if contact.is("reference", Some(&number)) => Finding::Done(json::text(&contact.data)),
        _ => Finding::Absent,
    })
}

/// Invoices of the contact that changed since. One with our reference is it where there is no other; without a
/// reference, only that there is none can be proven.
fn invoice(write: &Write, since: u64) -> Result<Finding> {
    let (contact, reference) = write.read(|request| (request.text("contact"), request.text_some("reference")))?;
    let wanted = invoices::all().with("ContactIDs", &contact);
    let is_it = |invoice: &Ours| invoice.is("reference", reference.as_deref());
    let (found, more) = among(wanted, since, invoices::ours, &is_it)?;
    Ok(books::finding(&found, more, reference.is_some()))
}

/// Payments that changed since, with this invoice and reference. The call's key is nobody else's.
fn payment(write: &Write, since: u64) -> Result<Finding> {
    let (invoice, reference) = write.read(|request| (request.text("invoice"), request.text_some("reference")))?;
    let wanted = reference.as_deref().unwrap_or(&write.reference);
    let is_it = |payment: &Ours| payment.is("reference", Some(wanted)) && payment.names("invoices", &invoice);
    let (found, more) = among(payments::all(), since, payments::ours, &is_it)?;
    let is_alone = reference.is_none() && found.len() == 1;
    Ok(books::finding(&found, more && !is_alone, true))
}

/// The records of the first page that are it, and whether there are more pages.
#[inline(never)]
fn among(wanted: Wanted<'_>, since: u64, read: Read<Ours>, is_it: &dyn Fn(&Ours) -> bool) -> Result<(Vec<Ours>, bool)> {
    let page = api::page(Wanted { since_ms: Some(since), ..wanted }, 1, None)?;
    let mut found = Vec::new();
    for ours in page.items(read)? {
        if is_it(&ours) {
            found.push(ours);
        }
    }
    Ok((found, page.next.is_some()))
}

/// An item's code is unique. One that has not changed since is another's.
fn item(write: &Write, since: u64) -> Result<Finding> {
    let (code, name) = write.read(|request| (request.text("code"), request.text("name")))?;
    match absent_where_not_found(catalogue::get_item(&code))? {
        Some(item) if item.name == name && item.updated_at_ms.is_none_or(|at| at >= since) => Finding::found(&item),
        _ => Ok(Finding::Absent),
    }
}

/// An invoice, which is the answer where it stands as the write would have left it.
#[inline(never)]
fn standing(write: &Write, is_done: fn(&Value) -> bool) -> Result<Finding> {
    let (response, found) = invoices::read(&write.read(|request| request.text("id"))?)?;
    let ours = records::one(&response, &found, invoices::ours)?;
    Ok(if is_done(&found) { Finding::Done(json::text(&ours.data)) } else { Finding::Absent })
}

fn absent_where_not_found<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
