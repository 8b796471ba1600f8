//! Money received on invoices: `/Payments`.

use gatehouse_sdk::accounting::invoice_payments::{
    InvoicePayment, InvoicePaymentRequest, InvoicePaymentsPage, InvoicePaymentsRequest,
};
use gatehouse_sdk::json::{self, Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::{Error, Result, context, money, time};

use crate::api::{self, Wanted};
use crate::invoices::{self, account_name};

/// The list of payments.
pub(crate) const LIST: &str = "Payments";

/// Books a payment, with our reference or the call's key. Xero takes an amount for one of the invoice's currency, so
/// that is read first.
pub(crate) fn record(request: &InvoicePaymentRequest) -> Result<InvoicePayment> {
    money::positive(&request.amount)?;
    let Some(account) = request.ledger_account.as_deref() else {
        return Err(Error::invalid_input("`ledger_account` is absent; name the account that the money went to"));
    };
    let day = request.paid_on.as_deref().map(|day| time::checked_date("paid_on", day)).transpose()?;
    let invoice = invoices::get(&request.invoice)?;
    if invoice.total.currency != request.amount.currency {
        return Err(Error::invalid_input(format!(
            "the payment is in `{}`, the invoice in {}; give the invoice's currency",
            request.amount.currency, invoice.total.currency
        )));
    }
    let record = Object::new()
        .set("Invoice", Object::new().set("InvoiceID", request.invoice.as_str()))
        .set("Account", Object::new().set(account_name(account).1, account))
        .set("Amount", money::to_number(&request.amount))
        .set_some("Date", day)
        .set("Reference", request.reference.clone().unwrap_or_else(context::idempotency_key));
    api::one(&api::create(LIST, record)?, LIST, payment)
}

/// Reads a page of payments. The cursor is the page's number.
pub(crate) fn list(request: &InvoicePaymentsRequest) -> Result<InvoicePaymentsPage> {
    let wanted = Wanted { since_ms: request.changed_from_ms, ..all() };
    let (found, next) = api::page(wanted, api::number(request.cursor.as_deref())?, request.limit)?;
    Ok(InvoicePaymentsPage { items: api::all(found, payment)?, next })
}

/// All payments of customers.
pub(crate) fn all() -> Wanted<'static> {
    let only = Some("PaymentType==\"ACCRECPAYMENT\"".to_owned());
    Wanted { list: LIST, since_ms: None, only, more: Vec::new(), by_change: false }
}

/// The JSON of a payment, for records and look-ups. Out of line: one writer for each.
#[inline(never)]
pub(crate) fn text(payment: &InvoicePayment) -> String {
    json::text(&Object::of(payment).into())
}

/// Reads a payment. Its currency stands at the invoice.
#[inline(never)]
pub(crate) fn payment(payment: &Value) -> core::result::Result<InvoicePayment, Mismatch> {
    read_value(payment, in_our_words)
}

fn in_our_words(payment: &Fields<'_>) -> InvoicePayment {
    let invoice = payment.get("Invoice");
    let of_invoice = |name: &str| invoice.and_then(|invoice| invoice.get(name)).and_then(Value::as_str);
    let currency = of_invoice("CurrencyCode").unwrap_or_else(|| {
        payment.wrong("Invoice", "has no currency");
        "XXX"
    });
    let contact = invoice.and_then(|invoice| invoice.get("Contact")).and_then(|contact| contact.get("ContactID"));
    let account = |name: &str| {
        let text = payment.get("Account").and_then(|account| account.get(name)).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    InvoicePayment {
        id: payment.text("PaymentID"),
        invoices: of_invoice("InvoiceID").map(str::to_owned).into_iter().collect(),
        contact: contact.and_then(Value::as_str).map(str::to_owned),
        amount: api::amount(payment, "Amount", currency),
        paid_on: api::day(payment, "Date"),
        ledger_account: account("Code").or_else(|| account("AccountID")),
        reference: api::text(payment, "Reference"),
        deleted: payment.str_some("Status") == Some("DELETED"),
        updated_at_ms: api::moment(payment, "UpdatedDateUTC"),
    }
}
