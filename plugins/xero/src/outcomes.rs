//! What became of a write whose answer was lost. Xero's idempotency keys are known for a time that it does not name,
//! so each is looked up: by our reference where there is a place for it.

use gatehouse_sdk::accounting::{Invoice, InvoiceStatus};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, ErrorKind, Result};

use crate::api::{self, Wanted};
use crate::{catalogue, contacts, invoices, payments};

/// How far Xero's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    let since = write.first_sent_at_ms.saturating_sub(SKEW_MS);
    match write.capability.as_str() {
        "CREATE_ACCOUNTING_CONTACT" => contact(write),
        "CREATE_INVOICE" => invoice(write, since),
        "RECORD_INVOICE_PAYMENT" => payment(write, since),
        "CREATE_ACCOUNTING_ITEM" => item(write, since),
        "SEND_INVOICE" => sent(&write.read(|request| request.text("id"))?),
        "VOID_INVOICE" => {
            let invoice = invoices::get(&write.read(|request| request.text("id"))?)?;
            done_where(matches!(invoice.status, InvoiceStatus::Voided), &invoice)
        }
        other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
    }
}

/// A contact's number is unique, and ours or the call's.
fn contact(write: &Write) -> Result<Finding> {
    let reference = write.read(|request| request.text_some("reference"))?;
    let number = reference.unwrap_or_else(|| contacts::number(&write.reference));
    let response = api::send(Request::get(api::path(&[contacts::LIST, &number])?));
    match absent_where_not_found(response.and_then(|response| api::one(&response, contacts::LIST, contacts::contact)))?
    {
        Some(contact) if contact.reference.as_deref() == Some(number.as_str()) => {
            Ok(Finding::Done(contacts::text(&contact)))
        }
        _ => Ok(Finding::Absent),
    }
}

/// Invoices of the contact that changed since. One with our reference is it where there is no other; without a
/// reference, only that there is none can be proven.
fn invoice(write: &Write, since: u64) -> Result<Finding> {
    let (contact, reference) = write.read(|request| (request.text("contact"), request.text_some("reference")))?;
    let mut wanted = Wanted { since_ms: Some(since), ..invoices::all() };
    wanted.more.push(("ContactIDs", contact));
    let (found, next) = api::page(wanted, 1, None)?;
    let mut found = api::all(found, invoices::invoice)?;
    found.retain(|invoice| reference.is_none() || invoice.reference == reference);
    Ok(match (found.as_slice(), &next) {
        ([], None) => Finding::Absent,
        ([only], None) if reference.is_some() => done_where(true, only)?,
        _ => Finding::Pending,
    })
}

/// Payments that changed since, with this invoice and reference.
fn payment(write: &Write, since: u64) -> Result<Finding> {
    let (invoice, reference) = write.read(|request| (request.text("invoice"), request.text_some("reference")))?;
    let own = reference.is_none();
    let reference = Some(reference.unwrap_or_else(|| write.reference.clone()));
    let wanted = Wanted { since_ms: Some(since), ..payments::all() };
    let (found, next) = api::page(wanted, 1, None)?;
    let mut found = api::all(found, payments::payment)?;
    found.retain(|payment| payment.reference == reference && payment.invoices.contains(&invoice));
    Ok(match (found.as_slice(), &next) {
        ([only], _) if own => Finding::Done(payments::text(only)),
        ([], None) => Finding::Absent,
        ([only], None) => Finding::Done(payments::text(only)),
        _ => Finding::Pending,
    })
}

/// An item's code is unique. One that has not changed since is another's.
fn item(write: &Write, since: u64) -> Result<Finding> {
    let (code, name) = write.read(|request| (request.text("code"), request.text("name")))?;
    match absent_where_not_found(catalogue::get_item(&code))? {
        Some(item) if item.name == name && item.updated_at_ms.is_none_or(|at| at >= since) => Finding::found(&item),
        _ => Ok(Finding::Absent),
    }
}

/// An invoice that is marked as sent counts as sent.
fn sent(id: &str) -> Result<Finding> {
    let (invoice, sent) = invoices::sent(id)?;
    done_where(sent, &invoice)
}

#[inline(never)]
fn done_where(done: bool, invoice: &Invoice) -> Result<Finding> {
    Ok(if done { Finding::Done(invoices::text(invoice)) } else { Finding::Absent })
}

fn absent_where_not_found<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
