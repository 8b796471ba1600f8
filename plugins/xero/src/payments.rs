//! Money received on invoices: `/Payments`.

use gatehouse_sdk::accounting::invoice_payments::{
    Guest, InvoicePayment, InvoicePaymentRequest, InvoicePaymentsPage, InvoicePaymentsRequest,
};
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records::Ours;
use gatehouse_sdk::{Error, Result, books, context, money, time};

use crate::Xero;
use crate::api::{self, Wanted};
use crate::invoices::{self, account_name};

/// The list of payments.
pub(crate) const LIST: &str = "Payments";

impl Guest for Xero {
    /// Books a payment, with our reference or the call's key. Xero takes an amount for one of the invoice's currency, so
    /// that is read first.
    fn record_invoice_payment(request: InvoicePaymentRequest) -> Result<InvoicePayment> {
        money::positive(&request.amount)?;
        let Some(account) = request.ledger_account.as_deref() else {
            return Err(Error::invalid_input("`ledger_account` is absent; name the account that the money went to"));
        };
        let day = request.paid_on.as_deref().map(|day| time::checked_date("paid_on", day)).transpose()?;
        let invoice = invoices::get(&request.invoice)?;
        books::paid_in(&request.amount, &invoice)?;
        let record = Object::new()
            .set("Invoice", Object::new().set("InvoiceID", request.invoice))
            .set("Account", Object::new().set(account_name(account).1, account))
            .set("Amount", money::to_number(&request.amount))
            .set_some("Date", day)
            .set("Reference", request.reference.unwrap_or_else(context::idempotency_key));
        api::one(&api::create(LIST, record)?, LIST, payment)
    }

    /// Reads a page of payments. The cursor is the page's number.
    fn sync_invoice_payments(request: InvoicePaymentsRequest) -> Result<InvoicePaymentsPage> {
        let wanted = Wanted { since_ms: request.changed_from_ms, ..all() };
        let page = api::list(wanted, request.cursor.as_deref(), request.limit)?;
        Ok(InvoicePaymentsPage { items: page.items(payment)?, next: page.next })
    }
}

/// All payments of customers.
pub(crate) fn all() -> Wanted<'static> {
    let only = Some("PaymentType==\"ACCRECPAYMENT\"".to_owned());
    Wanted { only, ..Wanted::all(LIST) }
}

/// A payment in our words, for all that tells it.
#[inline(never)]
pub(crate) fn ours(found: &Value) -> core::result::Result<Ours, Mismatch> {
    let payment = payment(found)?;
    let data = Object::of(&payment).into();
    Ok(Ours { id: payment.id, updated_at_ms: payment.updated_at_ms, gone: payment.deleted, data })
}

/// Reads a payment. Its currency stands at the invoice.
#[inline(never)]
fn payment(payment: &Value) -> core::result::Result<InvoicePayment, Mismatch> {
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
    InvoicePayment {
        id: payment.text("PaymentID"),
        invoices: of_invoice("InvoiceID").map(str::to_owned).into_iter().collect(),
        contact: contact.and_then(Value::as_str).map(str::to_owned),
        amount: payment.amount("Amount", currency),
        paid_on: api::day(payment, "Date"),
        ledger_account: payment.filled_in("Account", "Code").or_else(|| payment.filled_in("Account", "AccountID")),
        reference: payment.filled("Reference"),
        deleted: payment.str_some("Status") == Some("DELETED"),
        updated_at_ms: api::changed_at(payment),
    }
}
