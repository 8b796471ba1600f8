//! What became of a write whose answer was lost. `QuickBooks` knows a `requestid` for a time that it does not name,
//! so each is looked up: by a name that is unique, or by our reference among what was made since.

use gatehouse_sdk::accounting::{Invoice, InvoiceStatus};
use gatehouse_sdk::json::{Value, read_value};
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, Result, time};

use crate::api::{self, MADE, Wanted};
use crate::contacts::{self, CUSTOMER, VENDOR};
use crate::{catalogue, connection, invoices, payments};

/// How far `QuickBooks`' clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    let since = write.first_sent_at_ms.saturating_sub(SKEW_MS);
    match write.capability.as_str() {
        "CREATE_ACCOUNTING_CONTACT" => contact(write, since),
        "CREATE_INVOICE" => invoice(write, since),
        "RECORD_INVOICE_PAYMENT" => payment(write, since),
        "CREATE_ACCOUNTING_ITEM" => item(write, since),
        "SEND_INVOICE" => sent(&write.read(|request| request.text("id"))?, since),
        "VOID_INVOICE" => {
            let invoice = invoices::get(&write.read(|request| request.text("id"))?)?;
            Ok(if invoice.status == InvoiceStatus::Voided { done(&invoice) } else { Finding::Absent })
        }
        other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
    }
}

/// A contact's name is unique. One that was there before is another's.
fn contact(write: &Write, since: u64) -> Result<Finding> {
    let (name, kind) = write.read(|request| (request.text("name"), request.text_some("kind")))?;
    let kind = if kind.as_deref() == Some("supplier") { &VENDOR } else { &CUSTOMER };
    match contacts::by_name(kind, &name)?.filter(|found| is_since(found, since)) {
        Some(found) => (kind.read)(&found)
            .map(|contact| Finding::Done(contacts::text(&contact)))
            .map_err(|problem| api::odd(&problem)),
        None => Ok(Finding::Absent),
    }
}

/// Whether a record was made since.
fn is_since(found: &Value, since: u64) -> bool {
    read_value(found, |found| api::moment(found, MADE)).ok().flatten().is_none_or(|made| made >= since)
}

/// Invoices of the customer that were made since. One with our reference or number is it where there is no other;
/// without either, only that there is none can be proven.
fn invoice(write: &Write, since: u64) -> Result<Finding> {
    let (contact, reference, number) =
        write.read(|request| (request.text("contact"), request.text_some("reference"), request.text_some("number")))?;
    let wanted =
        Wanted::all(invoices::TABLE).equal("CustomerRef", invoices::customer(&contact)?).since(MADE, Some(since));
    let mut page = api::page(&wanted, None, Some(u32::MAX))?;
    connection::complete(&mut page.found)?;
    let mut found = api::all(&page.found, invoices::invoice)?;
    let is_known = reference.is_some() || number.is_some();
    found.retain(|invoice| {
        (reference.is_none() || invoice.reference == reference) && (number.is_none() || invoice.number == number)
    });
    Ok(match (found.as_slice(), &page.next) {
        ([], None) => Finding::Absent,
        ([only], None) if is_known => done(only),
        _ => Finding::Pending,
    })
}

/// Payments that were made since, with this invoice and reference.
fn payment(write: &Write, since: u64) -> Result<Finding> {
    let (invoice, reference) = write.read(|request| (request.text("invoice"), request.text_some("reference")))?;
    let reference = Some(reference.unwrap_or_else(|| write.reference.clone()));
    let mut page = api::page(&Wanted::all(payments::TABLE).since(MADE, Some(since)), None, Some(u32::MAX))?;
    connection::complete(&mut page.found)?;
    let mut found = api::all(&page.found, payments::payment)?;
    found.retain(|payment| payment.reference == reference && payment.invoices.contains(&invoice));
    Ok(match (found.as_slice(), &page.next) {
        ([], None) => Finding::Absent,
        ([only], None) => Finding::Done(payments::text(only)),
        _ => Finding::Pending,
    })
}

/// An item's name is unique. One that was there before is another's.
fn item(write: &Write, since: u64) -> Result<Finding> {
    let name = write.read(|request| request.text("name"))?;
    let page = api::page(&Wanted::with_inactive(catalogue::ITEMS).equal("Name", &name), None, None)?;
    match page.found.iter().find(|found| is_since(found, since)) {
        Some(found) => {
            let item = catalogue::item(found, &connection::currency()?).map_err(|problem| api::odd(&problem))?;
            Finding::found(&item)
        }
        None => Ok(Finding::Absent),
    }
}

/// An invoice tells when it was last mailed.
fn sent(id: &str, since: u64) -> Result<Finding> {
    let found = invoices::read(id)?;
    let mailed = found.get("DeliveryInfo").and_then(|delivery| delivery.get("DeliveryTime")).and_then(Value::as_str);
    if mailed.and_then(time::parse_rfc3339).is_some_and(|mailed| mailed >= since) {
        invoices::invoice(&found).map(|invoice| done(&invoice)).map_err(|problem| api::odd(&problem))
    } else {
        Ok(Finding::Absent)
    }
}

#[inline(never)]
fn done(invoice: &Invoice) -> Finding {
    Finding::Done(invoices::text(invoice))
}
