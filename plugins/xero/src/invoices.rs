//! Invoices to customers: `/Invoices`, sending and voiding them.

use gatehouse_sdk::accounting::invoice_sending::{Guest as Sending, InvoiceSendingRequest};
use gatehouse_sdk::accounting::invoice_voiding::Guest as Voiding;
use gatehouse_sdk::accounting::invoices::{Guest, InvoiceRequest, InvoicesPage, InvoicesRequest};
use gatehouse_sdk::accounting::{Invoice, InvoiceLine, InvoiceStatus, TaxMode};
use gatehouse_sdk::http::{Request, Response};
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records::{self, Ours};
use gatehouse_sdk::{Error, ErrorKind, Money, Result, books, context, money, time};

use crate::Xero;
use crate::api::{self, DECIMALS, Wanted};

/// The list of invoices.
pub(crate) const LIST: &str = "Invoices";
/// Supplier's bills are in the same list.
const SALES: &str = "Type==\"ACCREC\"";

impl Guest for Xero {
    /// Creates an invoice. Nothing is sent to the customer.
    fn create_invoice(request: InvoiceRequest) -> Result<Invoice> {
        if request.lines.is_empty() {
            return Err(Error::invalid_input("`lines` is empty; give at least one line"));
        }
        let mut lines = Vec::new();
        for line in &request.lines {
            lines.push(Value::from(in_its_words(line, &request.currency)?));
        }
        let mut record = Object::new()
            .set("Type", "ACCREC")
            .set("Status", if request.draft == Some(true) { "DRAFT" } else { "AUTHORISED" })
            .set("Contact", Object::new().set("ContactID", request.contact.as_str()))
            .set("LineItems", lines)
            .set("CurrencyCode", request.currency.as_str())
            .set_some("InvoiceNumber", request.number)
            .set_some("Reference", request.reference);
        let mode = request.tax_mode.map(|mode| match mode {
            TaxMode::Exclusive => "Exclusive",
            TaxMode::Inclusive => "Inclusive",
            TaxMode::None => "NoTax",
        });
        record = record.set_some("LineAmountTypes", mode);
        for (ours, theirs, day) in [("issued_on", "Date", &request.issued_on), ("due_on", "DueDate", &request.due_on)] {
            if let Some(day) = day {
                record = record.set(theirs, time::checked_date(ours, day)?);
            }
        }
        api::one(&api::create(LIST, record)?, LIST, invoice)
    }

    fn get_invoice(id: String) -> Result<Invoice> {
        get(&id)
    }

    /// Reads a page of invoices. The cursor is the page's number.
    fn sync_invoices(request: InvoicesRequest) -> Result<InvoicesPage> {
        let mut wanted = Wanted { since_ms: request.changed_from_ms, ..all() };
        wanted.more.extend(request.contact.map(|contact| ("ContactIDs", contact)));
        let statuses = request.status.map(|status| match status {
            InvoiceStatus::Draft => "DRAFT,SUBMITTED",
            InvoiceStatus::Open => "AUTHORISED",
            InvoiceStatus::Paid => "PAID",
            InvoiceStatus::Voided => "VOIDED",
            InvoiceStatus::Deleted => "DELETED",
        });
        wanted.more.extend(statuses.map(|statuses| ("Statuses", statuses.to_owned())));
        let page = api::list(wanted, request.cursor.as_deref(), request.limit)?;
        Ok(InvoicesPage { items: page.items(invoice)?, next: page.next })
    }
}

impl Sending for Xero {
    /// Lets Xero mail an invoice to its contact.
    fn send_invoice(request: InvoiceSendingRequest) -> Result<Invoice> {
        if request.email.is_some() {
            return Err(Error::invalid_input("xero mails to the contact's own address; leave `email` out"));
        }
        let mail = Request::post(api::path(&[LIST, &request.id, "Email"])?).json(&Value::from(Object::new()));
        api::send(mail.idempotency_key(context::idempotency_key_for("send")))?;
        read_after(&request.id)
    }
}

impl Voiding for Xero {
    /// Voids an invoice, which is read first: a supplier's bill has the same kind of id. There is nothing in the request
    /// that could be wrong: a refusal is about what the invoice is now.
    fn void_invoice(id: String) -> Result<Invoice> {
        get(&id)?;
        let record = Object::new().set("InvoiceID", id.as_str()).set("Status", "VOIDED");
        let request =
            Request::post(api::path(&[LIST, &id])?).query(DECIMALS.0, DECIMALS.1).json(&api::body(LIST, record));
        let refused = |error: Error| match error.kind {
            ErrorKind::InvalidInput => Error { kind: ErrorKind::Conflict, ..error },
            _ => error,
        };
        let response = api::send(request.idempotency_key(context::idempotency_key_for("void"))).map_err(refused)?;
        api::one(&response, LIST, invoice)
    }
}

fn in_its_words(line: &InvoiceLine, currency: &str) -> Result<Object> {
    let quantity = line.quantity.as_deref().map(quantity).transpose()?;
    let record = Object::new()
        .set_some("Description", line.description.as_deref())
        .set("Quantity", quantity.unwrap_or(Value::from(1)))
        .set_some("UnitAmount", number(line.unit_price.as_ref(), currency)?)
        .set_some("LineAmount", number(line.amount.as_ref(), currency)?)
        .set_some("ItemCode", line.item.as_deref())
        .set_some("TaxType", line.tax_rate.as_deref());
    Ok(match line.ledger_account.as_deref() {
        Some(account) => record.set(account_name(account).0, account),
        None => record,
    })
}

/// An amount of a line, which has the invoice's currency.
#[inline(never)]
fn number(amount: Option<&Money>, currency: &str) -> Result<Option<f64>> {
    let Some(amount) = amount else { return Ok(None) };
    money::currency(amount)?;
    books::in_currency(amount, currency).map(|amount| Some(money::to_number(amount)))
}

/// How a ledger account is named: by its code, or by its id where it has none. The second is for within `Account`.
pub(crate) fn account_name(account: &str) -> (&'static str, &'static str) {
    let is_id = account.len() == 36 && account.bytes().filter(|byte| *byte == b'-').count() == 4;
    if is_id { ("AccountID", "AccountID") } else { ("AccountCode", "Code") }
}

/// Decimal text as a number.
fn quantity(text: &str) -> Result<Value> {
    let number = json::document(text.as_bytes()).ok().filter(Value::is_number);
    number.ok_or_else(|| Error::invalid_input(format!("the quantity `{text}` is no number; give one such as 1.5")))
}

/// Reads an invoice.
#[inline(never)]
pub(crate) fn get(id: &str) -> Result<Invoice> {
    let (response, found) = read(id)?;
    records::one(&response, &found, invoice)
}

/// Reads an invoice as it is. A supplier's bill is none of ours.
#[inline(never)]
pub(crate) fn read(id: &str) -> Result<(Response, Value)> {
    let response = api::send(Request::get(api::path(&[LIST, id])?).query(DECIMALS.0, DECIMALS.1))?;
    let found = api::first(&response, LIST)?;
    if found.get("Type").and_then(Value::as_str) == Some("ACCPAY") {
        return Err(Error::not_found("this is a supplier's bill and no invoice to a customer"));
    }
    Ok((response, found))
}

/// What goes wrong while the invoice is read does not take the mail back.
fn read_after(id: &str) -> Result<Invoice> {
    get(id).map_err(|error| Error::unknown_outcome(format!("the mail was sent; reading it failed: {}", error.message)))
}

/// All invoices to customers.
pub(crate) fn all() -> Wanted<'static> {
    Wanted { only: Some(SALES.to_owned()), ..Wanted::all(LIST).with(DECIMALS.0, DECIMALS.1) }
}

/// An invoice in our words, for all that tells it.
#[inline(never)]
pub(crate) fn ours(found: &Value) -> core::result::Result<Ours, Mismatch> {
    let invoice = invoice(found)?;
    let (gone, data) = (invoice.status == InvoiceStatus::Deleted, Object::of(&invoice).into());
    Ok(Ours { id: invoice.id, updated_at_ms: invoice.updated_at_ms, gone, data })
}

/// Reads an invoice.
#[inline(never)]
fn invoice(invoice: &Value) -> core::result::Result<Invoice, Mismatch> {
    read_value(invoice, in_our_words)
}

fn in_our_words(invoice: &Fields<'_>) -> Invoice {
    let currency = invoice.text("CurrencyCode");
    let status = match invoice.str_some("Status").unwrap_or_default() {
        "DRAFT" | "SUBMITTED" => InvoiceStatus::Draft,
        "AUTHORISED" => InvoiceStatus::Open,
        "PAID" => InvoiceStatus::Paid,
        "VOIDED" => InvoiceStatus::Voided,
        "DELETED" => InvoiceStatus::Deleted,
        other => {
            invoice.wrong("Status", format!("an invoice can not be `{other}`"));
            InvoiceStatus::Draft
        }
    };
    let tax_mode = match invoice.str_some("LineAmountTypes") {
        Some("Inclusive") => TaxMode::Inclusive,
        Some("NoTax") => TaxMode::None,
        _ => TaxMode::Exclusive,
    };
    Invoice {
        id: invoice.text("InvoiceID"),
        number: invoice.filled("InvoiceNumber"),
        reference: invoice.filled("Reference"),
        status,
        contact: invoice.inner("Contact", |contact| contact.text("ContactID")).unwrap_or_default(),
        issued_on: api::day(invoice, "Date"),
        due_on: api::day(invoice, "DueDate"),
        tax_mode,
        lines: invoice.each("LineItems", |found| line(found, &currency)),
        total: invoice.amount("Total", &currency),
        tax: invoice.price("TotalTax", &currency),
        due: invoice.amount("AmountDue", &currency),
        updated_at_ms: api::changed_at(invoice),
    }
}

fn line(line: &Fields<'_>, currency: &str) -> InvoiceLine {
    InvoiceLine {
        description: line.filled("Description"),
        quantity: line.decimal("Quantity"),
        unit_price: line.price("UnitAmount", currency),
        amount: line.price("LineAmount", currency),
        item: line.filled("ItemCode"),
        ledger_account: line.filled("AccountCode").or_else(|| line.filled("AccountID")),
        tax_rate: line.filled("TaxType"),
    }
}
