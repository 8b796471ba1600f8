//! Invoices to customers: `/invoice`, sending and voiding them.

use gatehouse_sdk::accounting::invoice_sending::{Guest as Sending, InvoiceSendingRequest};
use gatehouse_sdk::accounting::invoice_voiding::Guest as Voiding;
use gatehouse_sdk::accounting::invoices::{Guest, InvoiceRequest, InvoicesPage, InvoicesRequest};
use gatehouse_sdk::accounting::{Invoice, InvoiceLine, InvoiceStatus, TaxMode};
use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::money::{self, Quantity};
use gatehouse_sdk::records::{self, Ours};
use gatehouse_sdk::{Error, ErrorKind, Money, Result, books, time};

use crate::contacts::{CUSTOMER, Kind};
use crate::table::{self, CHANGED, Table, Wanted};
use crate::{QuickBooks, api, connection};

/// Invoices in answers and queries.
pub(crate) static INVOICES: Table = Table {
    name: "Invoice",
    prefix: "",
    retires: false,
    read: |found, _| {
        let invoice = invoice(found)?;
        let data = Object::of(&invoice).into();
        Ok(Ours { id: invoice.id, updated_at_ms: invoice.updated_at_ms, gone: false, data })
    },
};
/// Their name in paths.
const ENTITY: &str = "invoice";

impl Guest for QuickBooks {
    /// Creates an invoice. Nothing is sent to the customer.
    fn create_invoice(request: InvoiceRequest) -> Result<Invoice> {
        if request.draft == Some(true) {
            return Err(Error::invalid_input("quickbooks has no drafts of invoices; leave `draft` out"));
        }
        let mode = match request.tax_mode {
            None => None,
            Some(TaxMode::Exclusive) => Some("TaxExcluded"),
            Some(TaxMode::None) => Some("NotApplicable"),
            Some(TaxMode::Inclusive) => {
                return Err(Error::invalid_input(
                    "quickbooks takes lines without their tax; give net amounts and leave `tax_mode` out",
                ));
            }
        };
        if request.lines.is_empty() {
            return Err(Error::invalid_input("`lines` is empty; give at least one line"));
        }
        let mut lines = Vec::new();
        for line in &request.lines {
            lines.push(Value::from(in_its_words(line, &request.currency)?));
        }
        let mut record = Object::new()
            .set("CustomerRef", api::named(customer(&request.contact)?))
            .set("CurrencyRef", api::named(&request.currency))
            .set("Line", lines)
            .set_some("DocNumber", request.number)
            .set_some("PrivateNote", request.reference)
            .set_some("CustomerMemo", request.note.as_deref().map(api::named))
            .set_some("GlobalTaxCalculation", mode);
        for (ours, theirs, day) in
            [("issued_on", "TxnDate", &request.issued_on), ("due_on", "DueDate", &request.due_on)]
        {
            if let Some(day) = day {
                record = record.set(theirs, time::checked_date(ours, day)?);
            }
        }
        api::one_in(&api::create(ENTITY, &record)?, INVOICES.name, &request.currency, invoice)
    }

    fn get_invoice(id: String) -> Result<Invoice> {
        get(&id)
    }

    /// Reads a page of invoices. The cursor is the place of the first one.
    fn sync_invoices(request: InvoicesRequest) -> Result<InvoicesPage> {
        let mut wanted = Wanted::of(&INVOICES).since(CHANGED, request.changed_from_ms);
        if let Some(contact) = &request.contact {
            wanted = wanted.equal("CustomerRef", customer(contact)?);
        }
        let wanted = match request.status {
            None => wanted,
            Some(InvoiceStatus::Open) => wanted.only("Balance > '0'"),
            Some(InvoiceStatus::Paid | InvoiceStatus::Voided) => wanted.only("Balance = '0'"),
            // There are no drafts, and what was deleted is not listed.
            Some(InvoiceStatus::Draft | InvoiceStatus::Deleted) => {
                return Ok(InvoicesPage { items: Vec::new(), next: None });
            }
        };
        let page = table::page(&wanted, request.cursor.as_deref(), request.limit)?;
        let mut items = page.items(invoice)?;
        if let Some(status) = request.status {
            items.retain(|invoice| invoice.status == status);
        }
        Ok(InvoicesPage { items, next: page.next })
    }
}

impl Sending for QuickBooks {
    /// Lets `QuickBooks` mail an invoice, to the address that the invoice has where none is given.
    fn send_invoice(request: InvoiceSendingRequest) -> Result<Invoice> {
        let mail = Request::post(api::path(&[ENTITY, &request.id, "send"])?)
            .query_some("sendTo", request.email)
            .header("content-type", "application/octet-stream");
        let response = api::write(mail)?;
        // What goes wrong while the currency is read does not take the mail back.
        let found = complete(&response).map_err(|error| match error.kind {
            ErrorKind::UnknownOutcome => error,
            _ => Error::unknown_outcome(format!("the mail was sent; reading its currency failed: {}", error.message)),
        })?;
        records::one(&response, &found, invoice)
    }
}

impl Voiding for QuickBooks {
    /// Voids an invoice. `QuickBooks` asks for the version that is voided, so it is read first. There is nothing else
    /// in the request that could be wrong: a refusal is about what the invoice is now.
    fn void_invoice(id: String) -> Result<Invoice> {
        let version = |found: &Fields<'_>| (api::currency(found), found.text("SyncToken"));
        let (currency, version) = read_value(&read(&id)?, version).map_err(records::odd)?;
        let record = Object::new().set("Id", id).set("SyncToken", version);
        let request = Request::post(api::path(&[ENTITY])?).query("operation", "void").json(&record);
        let refused = |error: Error| match error.kind {
            ErrorKind::InvalidInput => Error { kind: ErrorKind::Conflict, ..error },
            _ => error,
        };
        api::one_in(&api::write(request).map_err(refused)?, INVOICES.name, &currency, invoice)
    }
}

/// The customer that an id stands for.
pub(crate) fn customer(id: &str) -> Result<&str> {
    match Kind::of(id) {
        (kind, id) if kind.entity == CUSTOMER.entity => Ok(id),
        _ => Err(Error::invalid_input(format!("`{id}` is a vendor; invoices go to customers"))),
    }
}

#[inline(never)]
fn in_its_words(line: &InvoiceLine, currency: &str) -> Result<Object> {
    if line.ledger_account.is_some() {
        return Err(Error::invalid_input(
            "quickbooks books a line on the account of its item; leave `ledger_account` out and name an `item`",
        ));
    }
    let quantity = line.quantity.as_deref().map(Quantity::of).transpose()?;
    let price = line.unit_price.as_ref().map(|price| number(price, currency)).transpose()?;
    let amount = match (&line.amount, &line.unit_price, &quantity) {
        (Some(amount), _, _) => number(amount, currency)?,
        (None, Some(price), None) => number(price, currency)?,
        // As QuickBooks computes it.
        (None, Some(price), Some(quantity)) => {
            number(&quantity.times(price, api::step(money::currency(price)?))?, currency)?
        }
        (None, None, _) => {
            return Err(Error::invalid_input("a line has neither `amount` nor `unit_price`; give one of them"));
        }
    };
    let detail = Object::new()
        .set_some("ItemRef", line.item.as_deref().map(api::named))
        .set_some("Qty", quantity.map(Quantity::into_number))
        .set_some("UnitPrice", price)
        .set_some("TaxCodeRef", line.tax_rate.as_deref().map(api::named));
    Ok(Object::new()
        .set("DetailType", "SalesItemLineDetail")
        .set("Amount", amount)
        .set_some("Description", line.description.as_deref())
        .set("SalesItemLineDetail", detail))
}

#[inline(never)]
fn number(amount: &Money, currency: &str) -> Result<f64> {
    api::number(books::in_currency(amount, currency)?)
}

/// Reads an invoice.
#[inline(never)]
pub(crate) fn get(id: &str) -> Result<Invoice> {
    invoice(&read(id)?).map_err(records::odd)
}

/// Reads an invoice as it is.
#[inline(never)]
pub(crate) fn read(id: &str) -> Result<Value> {
    complete(&api::get(&[ENTITY, id])?)
}

/// The invoice in an answer, with its currency.
#[inline(never)]
fn complete(response: &Response) -> Result<Value> {
    let mut found = [api::first(response, INVOICES.name)?];
    connection::complete(&mut found)?;
    let [found] = found;
    Ok(found)
}

/// Reads an invoice.
#[inline(never)]
fn invoice(found: &Value) -> core::result::Result<Invoice, Mismatch> {
    read_value(found, in_our_words)
}

fn in_our_words(invoice: &Fields<'_>) -> Invoice {
    let currency = api::currency(invoice);
    let total = invoice.amount("TotalAmt", &currency);
    let due = invoice.amount("Balance", &currency);
    let status = match () {
        () if api::is_voided(invoice) => InvoiceStatus::Voided,
        () if due.minor_units == 0 => InvoiceStatus::Paid,
        () => InvoiceStatus::Open,
    };
    let tax_mode = match invoice.str_some("GlobalTaxCalculation") {
        Some("TaxInclusive") => TaxMode::Inclusive,
        Some("NotApplicable") => TaxMode::None,
        _ => TaxMode::Exclusive,
    };
    let mut lines = Vec::new();
    for found in invoice.items("Line") {
        gather(found, &currency, tax_mode == TaxMode::Inclusive, &mut lines);
    }
    Invoice {
        id: invoice.text("Id"),
        number: invoice.filled("DocNumber"),
        reference: api::note(invoice),
        status,
        contact: api::needed(invoice, "CustomerRef"),
        issued_on: invoice.filled("TxnDate"),
        due_on: invoice.filled("DueDate"),
        tax_mode,
        lines,
        total,
        tax: invoice.inner("TxnTaxDetail", |tax| tax.price("TotalTax", &currency)).flatten(),
        due,
        updated_at_ms: api::moment(invoice, CHANGED),
    }
}

/// The lines that sell something, or only say something. A bundle is told by what is in it; sums and discounts of the
/// whole invoice are no lines.
fn gather(found: &Value, currency: &str, inclusive: bool, lines: &mut Vec<InvoiceLine>) {
    match found.get("DetailType").and_then(Value::as_str) {
        Some("GroupLineDetail") => {
            let inner = found.get("GroupLineDetail").and_then(|detail| detail.get("Line")).and_then(Value::as_array);
            for found in inner.into_iter().flatten() {
                gather(found, currency, inclusive, lines);
            }
        }
        Some("SalesItemLineDetail" | "DescriptionOnly") => {
            lines.extend(read_value(found, |found| line(found, currency, inclusive)));
        }
        _ => {}
    }
}

fn line(line: &Fields<'_>, currency: &str, inclusive: bool) -> InvoiceLine {
    let mut found = InvoiceLine {
        description: line.filled("Description"),
        quantity: None,
        unit_price: None,
        amount: if inclusive { None } else { line.price("Amount", currency) },
        item: None,
        ledger_account: None,
        tax_rate: None,
    };
    line.inner("SalesItemLineDetail", |detail| {
        found.quantity = detail.decimal("Qty");
        // Where amounts hold tax, QuickBooks tells the price without it.
        if inclusive {
            found.amount = detail.price("TaxInclusiveAmt", currency);
        } else {
            found.unit_price = detail.price("UnitPrice", currency);
        }
        found.item = api::reference(detail, "ItemRef");
        found.ledger_account = api::reference(detail, "ItemAccountRef");
        found.tax_rate = api::reference(detail, "TaxCodeRef");
    });
    found
}
