//! Money received on invoices: `/payment`.

use gatehouse_sdk::accounting::invoice_payments::{
    InvoicePayment, InvoicePaymentRequest, InvoicePaymentsPage, InvoicePaymentsRequest,
};
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, Result, context, money, time};

use crate::api::{self, CHANGED, Wanted};
use crate::{connection, invoices};

/// Their name in answers and queries.
pub(crate) const TABLE: &str = "Payment";

/// Books a payment, with our reference or the call's key. `QuickBooks` asks for the customer, so the invoice is read
/// first.
pub(crate) fn record(request: &InvoicePaymentRequest) -> Result<InvoicePayment> {
    let amount = api::number(money::positive(&request.amount)?)?;
    let day = request.paid_on.as_deref().map(|day| time::checked_date("paid_on", day)).transpose()?;
    let invoice = invoices::get(&request.invoice)?;
    if invoice.total.currency != request.amount.currency {
        return Err(Error::invalid_input(format!(
            "the payment is in `{}`, the invoice in {}; give the invoice's currency",
            request.amount.currency, invoice.total.currency
        )));
    }
    // QuickBooks would keep what is too much as a credit of the customer's.
    if request.amount.minor_units > invoice.due.minor_units {
        return Err(Error::conflict(format!(
            "{} {} is more than the {} that is still owed; give at most that",
            money::to_decimal(&request.amount),
            request.amount.currency,
            money::to_decimal(&invoice.due)
        )));
    }
    let paid = Object::new().set("TxnId", request.invoice.as_str()).set("TxnType", invoices::TABLE);
    let line = Object::new().set("Amount", amount).set("LinkedTxn", vec![Value::from(paid)]);
    let record = Object::new()
        .set("TotalAmt", amount)
        .set("CustomerRef", api::named(&invoice.contact))
        .set("CurrencyRef", api::named(&request.amount.currency))
        .set("Line", vec![Value::from(line)])
        .set("PrivateNote", request.reference.clone().unwrap_or_else(context::idempotency_key))
        .set_some("TxnDate", day)
        .set_some("DepositToAccountRef", request.ledger_account.as_deref().map(api::named));
    api::one_in(&api::create("payment", &record)?, TABLE, &request.amount.currency, payment)
}

/// Reads a page of payments. The cursor is the place of the first one.
pub(crate) fn list(request: &InvoicePaymentsRequest) -> Result<InvoicePaymentsPage> {
    let wanted = Wanted::all(TABLE).since(CHANGED, request.changed_from_ms);
    let mut page = api::page(&wanted, request.cursor.as_deref(), request.limit)?;
    connection::complete(&mut page.found)?;
    Ok(InvoicePaymentsPage { items: api::all(&page.found, payment)?, next: page.next })
}

/// The JSON of a payment, for records and look-ups. Out of line: one writer for each.
#[inline(never)]
pub(crate) fn text(payment: &InvoicePayment) -> String {
    json::text(&Object::of(payment).into())
}

/// Reads a payment.
#[inline(never)]
pub(crate) fn payment(payment: &Value) -> core::result::Result<InvoicePayment, Mismatch> {
    read_value(payment, in_our_words)
}

fn in_our_words(payment: &Fields<'_>) -> InvoicePayment {
    let currency = api::currency(payment);
    let mut invoices = Vec::new();
    for linked in payment.each("Line", |line| line.each("LinkedTxn", linked)).into_iter().flatten().flatten() {
        if !invoices.contains(&linked) {
            invoices.push(linked);
        }
    }
    InvoicePayment {
        id: payment.text("Id"),
        invoices,
        contact: api::reference(payment, "CustomerRef"),
        amount: api::amount(payment, "TotalAmt", &currency),
        paid_on: api::text(payment, "TxnDate"),
        ledger_account: api::reference(payment, "DepositToAccountRef"),
        reference: api::note(payment),
        deleted: api::is_voided(payment),
        updated_at_ms: api::moment(payment, CHANGED),
    }
}

/// The invoice that a line is about, which may also be a credit.
fn linked(linked: &Fields<'_>) -> Option<String> {
    (linked.str_some("TxnType") == Some(invoices::TABLE)).then(|| linked.text("TxnId"))
}
