//! Invoices to customers: `/invoice`, sending and voiding them.

use gatehouse_sdk::accounting::invoice_sending::InvoiceSendingRequest;
use gatehouse_sdk::accounting::invoices::{InvoiceRequest, InvoicesPage, InvoicesRequest};
use gatehouse_sdk::accounting::{Invoice, InvoiceLine, InvoiceStatus, TaxMode};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, ErrorKind, Money, Result, money, time};

use crate::api::{self, CHANGED, Wanted};
use crate::connection;
use crate::contacts::Kind;

/// Their name in answers and queries.
pub(crate) const TABLE: &str = "Invoice";
/// Their name in paths.
const ENTITY: &str = "invoice";

/// Creates an invoice. Nothing is sent to the customer.
pub(crate) fn create(request: &InvoiceRequest) -> Result<Invoice> {
    if request.draft == Some(true) {
        return Err(Error::invalid_input("quickbooks has no drafts of invoices; leave `draft` out"));
    }
    let mode = request.tax_mode.as_ref().map(|mode| match mode {
        TaxMode::Exclusive => Ok("TaxExcluded"),
        TaxMode::None => Ok("NotApplicable"),
        TaxMode::Inclusive => Err(Error::invalid_input(
            "quickbooks takes lines without their tax; give net amounts and leave `tax_mode` out",
        )),
    });
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
        .set_some("DocNumber", request.number.as_deref())
        .set_some("PrivateNote", request.reference.as_deref())
        .set_some("CustomerMemo", request.note.as_deref().map(api::named))
        .set_some("GlobalTaxCalculation", mode.transpose()?);
    for (ours, theirs, day) in [("issued_on", "TxnDate", &request.issued_on), ("due_on", "DueDate", &request.due_on)] {
        if let Some(day) = day {
            record = record.set(theirs, time::checked_date(ours, day)?);
        }
    }
    api::one_in(&api::create(ENTITY, &record)?, TABLE, &request.currency, invoice)
}

/// The customer that an id stands for.
pub(crate) fn customer(id: &str) -> Result<&str> {
    match Kind::of(id) {
        (kind, id) if kind.entity == "customer" => Ok(id),
        _ => Err(Error::invalid_input(format!("`{id}` is a vendor; invoices go to customers"))),
    }
}

fn in_its_words(line: &InvoiceLine, currency: &str) -> Result<Object> {
    if line.ledger_account.is_some() {
        return Err(Error::invalid_input(
            "quickbooks books a line on the account of its item; leave `ledger_account` out and name an `item`",
        ));
    }
    let quantity = line.quantity.as_deref().map(Quantity::of).transpose()?;
    let price = line.unit_price.as_ref().map(|price| in_currency(price, currency)).transpose()?;
    let amount = match (&line.amount, &line.unit_price) {
        (Some(amount), _) => in_currency(amount, currency)?,
        (None, Some(price)) => {
            in_currency(&quantity.as_ref().map_or_else(|| Ok(price.clone()), |q| q.of_price(price))?, currency)?
        }
        (None, None) => {
            return Err(Error::invalid_input("a line has neither `amount` nor `unit_price`; give one of them"));
        }
    };
    let detail = Object::new()
        .set_some("ItemRef", line.item.as_deref().map(api::named))
        .set_some("Qty", quantity.map(|quantity| quantity.number))
        .set_some("UnitPrice", price)
        .set_some("TaxCodeRef", line.tax_rate.as_deref().map(api::named));
    Ok(Object::new()
        .set("DetailType", "SalesItemLineDetail")
        .set("Amount", amount)
        .set_some("Description", line.description.as_deref())
        .set("SalesItemLineDetail", detail))
}

/// An amount of a line, which has the invoice's currency.
#[inline(never)]
fn in_currency(amount: &Money, currency: &str) -> Result<f64> {
    if amount.currency != currency {
        return Err(Error::invalid_input(format!(
            "a line is in {}, the invoice in `{currency}`; give one currency",
            amount.currency
        )));
    }
    api::number(amount)
}

/// How many or how much of a thing, exactly.
struct Quantity {
    number: Value,
    digits: i64,
    /// What the digits are divided by.
    scale: i64,
}

impl Quantity {
    /// Reads decimal text.
    #[inline(never)]
    fn of(text: &str) -> Result<Self> {
        let wrong = || Error::invalid_input(format!("the quantity `{text}` is no plain number; give one such as 1.5"));
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let number = json::document(text.as_bytes()).ok().filter(Value::is_number).ok_or_else(wrong)?;
        let digits = format!("{whole}{part}").parse().map_err(|_| wrong())?;
        let scale = u32::try_from(part.len()).ok().and_then(|places| 10_i64.checked_pow(places)).ok_or_else(wrong)?;
        Ok(Self { number, digits, scale })
    }

    /// The amount for so many at this price, to the nearest hundredth, as `QuickBooks` computes it: a half goes away
    /// from zero.
    fn of_price(&self, price: &Money) -> Result<Money> {
        let currency = money::currency(price)?;
        let step = if money::decimals(currency) > 2 { 10 } else { 1 };
        let too_large = || Error::invalid_input("the line is too large; give its `amount`");
        let exact = price.minor_units.checked_mul(self.digits).ok_or_else(too_large)?;
        let unit = self.scale.checked_mul(step).ok_or_else(too_large)?;
        let half = if exact < 0 { -unit / 2 } else { unit / 2 };
        let steps = exact.checked_add(half).ok_or_else(too_large)? / unit;
        Ok(Money::new(steps * step, currency))
    }
}

/// Reads an invoice.
pub(crate) fn get(id: &str) -> Result<Invoice> {
    read(id).and_then(|found| invoice(&found).map_err(|problem| api::odd(&problem)))
}

/// Reads an invoice as it is.
#[inline(never)]
pub(crate) fn read(id: &str) -> Result<Value> {
    let mut found = [api::first(&api::send(Request::get(api::path(&[ENTITY, id])?))?, TABLE)?];
    connection::complete(&mut found)?;
    let [found] = found;
    Ok(found)
}

/// Lets `QuickBooks` mail an invoice, to the address that the invoice has where none is given.
pub(crate) fn send(request: &InvoiceSendingRequest) -> Result<Invoice> {
    let mail = Request::post(api::path(&[ENTITY, &request.id, "send"])?)
        .query_some("sendTo", request.email.as_deref())
        .header("content-type", "application/octet-stream");
    let response = api::write(mail)?;
    let mut found = [api::first(&response, TABLE)?];
    // What goes wrong while the currency is read does not take the mail back.
    connection::complete(&mut found).map_err(|error| {
        Error::unknown_outcome(format!("the mail was sent; reading its currency failed: {}", error.message))
    })?;
    let [found] = found;
    invoice(&found).map_err(|problem| api::misshaped(&response, &problem))
}

/// Voids an invoice. `QuickBooks` asks for the version that is voided, so it is read first. There is nothing else in
/// the request that could be wrong: a refusal is about what the invoice is now.
pub(crate) fn void(id: &str) -> Result<Invoice> {
    let (currency, version) = read_value(&read(id)?, |found| (api::currency(found), found.text("SyncToken")))
        .map_err(|problem| api::odd(&problem))?;
    let record = Object::new().set("Id", id).set("SyncToken", version);
    let request = Request::post(api::path(&[ENTITY])?).query("operation", "void").json(&record);
    let refused = |error: Error| match error.kind {
        ErrorKind::InvalidInput => Error { kind: ErrorKind::Conflict, ..error },
        _ => error,
    };
    api::one_in(&api::write(request).map_err(refused)?, TABLE, &currency, invoice)
}

/// Reads a page of invoices. The cursor is the place of the first one.
pub(crate) fn list(request: &InvoicesRequest) -> Result<InvoicesPage> {
    let mut wanted = Wanted::all(TABLE).since(CHANGED, request.changed_from_ms);
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
    let mut page = api::page(&wanted, request.cursor.as_deref(), request.limit)?;
    connection::complete(&mut page.found)?;
    let mut items = api::all(&page.found, invoice)?;
    if let Some(status) = request.status {
        items.retain(|invoice| invoice.status == status);
    }
    Ok(InvoicesPage { items, next: page.next })
}

/// The JSON of an invoice, for records and look-ups. Out of line: one writer for each.
#[inline(never)]
pub(crate) fn text(invoice: &Invoice) -> String {
    json::text(&Object::of(invoice).into())
}

/// Reads an invoice.
#[inline(never)]
pub(crate) fn invoice(found: &Value) -> core::result::Result<Invoice, Mismatch> {
    read_value(found, in_our_words)
}

fn in_our_words(invoice: &Fields<'_>) -> Invoice {
    let currency = api::currency(invoice);
    let total = api::amount(invoice, "TotalAmt", &currency);
    let due = api::amount(invoice, "Balance", &currency);
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
        gather(found, &currency, matches!(tax_mode, TaxMode::Inclusive), &mut lines);
    }
    Invoice {
        id: invoice.text("Id"),
        number: api::text(invoice, "DocNumber"),
        reference: api::note(invoice),
        status,
        contact: api::needed(invoice, "CustomerRef"),
        issued_on: api::text(invoice, "TxnDate"),
        due_on: api::text(invoice, "DueDate"),
        tax_mode,
        lines,
        total,
        tax: invoice.inner("TxnTaxDetail", |tax| api::price(tax, "TotalTax", &currency)).flatten(),
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
    let detail = line.inner("SalesItemLineDetail", |detail| InvoiceLine {
        description: None,
        quantity: detail.get("Qty").and_then(api::decimal),
        // Where amounts hold tax, QuickBooks tells the price without it.
        unit_price: api::price(detail, "UnitPrice", currency).filter(|_| !inclusive),
        amount: api::price(detail, "TaxInclusiveAmt", currency).filter(|_| inclusive),
        item: api::reference(detail, "ItemRef"),
        ledger_account: api::reference(detail, "ItemAccountRef"),
        tax_rate: api::reference(detail, "TaxCodeRef"),
    });
    let mut found = detail.unwrap_or(InvoiceLine {
        description: None,
        quantity: None,
        unit_price: None,
        amount: None,
        item: None,
        ledger_account: None,
        tax_rate: None,
    });
    found.description = api::text(line, "Description");
    if !inclusive {
        found.amount = api::price(line, "Amount", currency);
    }
    found
}
