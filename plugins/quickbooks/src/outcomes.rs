//! What became of a write whose answer was lost. `QuickBooks` knows a `requestid` for a time that it does not name,
//! so each is looked up: by a name that is unique, or by our reference among what was made since.

use gatehouse_sdk::json::{self, Value, read_value};
use gatehouse_sdk::outcomes::{Finding, Guest, Write};
use gatehouse_sdk::records::Ours;
use gatehouse_sdk::{Error, Result, books, time};

use crate::catalogue::ITEMS;
use crate::contacts::{self, Kind};
use crate::invoices::{self, INVOICES};
use crate::payments::PAYMENTS;
use crate::table::{self, MADE, Table, Wanted};
use crate::{QuickBooks, api};

/// How far `QuickBooks`' clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;

impl Guest for QuickBooks {
    /// Looks for what a write did.
    fn look_up(write: Write) -> Result<Finding> {
        let since = write.first_sent_at_ms.saturating_sub(SKEW_MS);
        match write.capability.as_str() {
            "CREATE_ACCOUNTING_CONTACT" => {
                let is_supplier = write.read(|request| request.str_some("kind") == Some("supplier"))?;
                let kind = Kind::supplying(is_supplier);
                named(&kind.table, &contacts::of_name(kind, &text(&write, "name")?), since)
            }
            "CREATE_ACCOUNTING_ITEM" => named(&ITEMS, &Wanted::of(&ITEMS).equal("Name", &text(&write, "name")?), since),
            "CREATE_INVOICE" => invoice(&write, since),
            "RECORD_INVOICE_PAYMENT" => payment(&write, since),
            "SEND_INVOICE" => {
                let found = invoices::read(&text(&write, "id")?)?;
                let is_done = mailed(&found).is_some_and(|at| at >= since);
                first(&INVOICES, is_done.then_some(found).as_slice())
            }
            "VOID_INVOICE" => {
                let found = invoices::read(&text(&write, "id")?)?;
                let is_done = read_value(&found, api::is_voided) == Ok(true);
                first(&INVOICES, is_done.then_some(found).as_slice())
            }
            other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
        }
    }
}

#[inline(never)]
fn text(write: &Write, name: &str) -> Result<String> {
    write.read(|request| request.text(name))
}

/// A record whose name is unique. One that was there before is another's.
#[inline(never)]
fn named(table: &Table, wanted: &Wanted, since: u64) -> Result<Finding> {
    let mut found = table::page(wanted, None, None)?.found;
    let made = |found: &Value| read_value(found, |found| api::moment(found, MADE)).ok().flatten();
    found.retain(|found| made(found).is_none_or(|made| made >= since));
    found.truncate(1);
    first(table, &found)
}

/// Invoices of the customer that were made since. One with our reference or number is it where there is no other;
/// without either, only that there is none can be proven.
fn invoice(write: &Write, since: u64) -> Result<Finding> {
    let (reference, number) = write.read(|request| (request.text_some("reference"), request.text_some("number")))?;
    let contact = text(write, "contact")?;
    let wanted = Wanted::of(&INVOICES).equal("CustomerRef", invoices::customer(&contact)?).since(MADE, Some(since));
    let is_it =
        |invoice: &Ours| invoice.is("reference", reference.as_deref()) && invoice.is("number", number.as_deref());
    among(&INVOICES, &wanted, &is_it, reference.is_some() || number.is_some())
}

/// Payments that were made since, with this invoice and reference.
fn payment(write: &Write, since: u64) -> Result<Finding> {
    let reference = write.read(|request| request.text_some("reference"))?;
    let reference = reference.unwrap_or_else(|| write.reference.clone());
    let invoice = text(write, "invoice")?;
    let is_it = |payment: &Ours| payment.is("reference", Some(&reference)) && payment.names("invoices", &invoice);
    among(&PAYMENTS, &Wanted::of(&PAYMENTS).since(MADE, Some(since)), &is_it, true)
}

/// The records that are it, as far as they are read at once.
#[inline(never)]
fn among(table: &Table, wanted: &Wanted, is_it: &dyn Fn(&Ours) -> bool, is_known: bool) -> Result<Finding> {
    let page = table::most(wanted)?;
    let mut found = Vec::new();
    for ours in table.ours(&page.found)? {
        if is_it(&ours) {
            found.push(ours);
        }
    }
    Ok(books::finding(&found, page.next.is_some(), is_known))
}

/// When an invoice was last mailed.
fn mailed(found: &Value) -> Option<u64> {
    time::parse_rfc3339(found.get("DeliveryInfo")?.get("DeliveryTime")?.as_str()?)
}

/// What was done where there is a record, which says it.
#[inline(never)]
fn first(table: &Table, found: &[Value]) -> Result<Finding> {
    Ok(match table.ours(found)?.first() {
        Some(ours) => Finding::Done(json::text(&ours.data)),
        None => Finding::Absent,
    })
}
