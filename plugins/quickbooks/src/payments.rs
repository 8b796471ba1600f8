//! Money received on invoices: `/payment`.

use gatehouse_sdk::accounting::invoice_payments::{
    Guest, InvoicePayment, InvoicePaymentRequest, InvoicePaymentsPage, InvoicePaymentsRequest,
};
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records::Ours;
use gatehouse_sdk::{Error, Result, books, context, money, time};

use crate::table::{self, CHANGED, Table, Wanted};
use crate::{QuickBooks, api, invoices};

/// Payments in answers and queries.
pub(crate) static PAYMENTS: Table = Table {
    name: "Payment",
    prefix: "",
    retires: false,
    read: |found, _| {
        let payment = payment(found)?;
        let data = Object::of(&payment).into();
        Ok(Ours { id: payment.id, updated_at_ms: payment.updated_at_ms, gone: payment.deleted, data })
    },
};

impl Guest for QuickBooks {
    /// Books a payment, with our reference or the call's key. `QuickBooks` asks for the customer, so the invoice is
    /// read first.
    fn record_invoice_payment(request: InvoicePaymentRequest) -> Result<InvoicePayment> {
        let amount = api::number(money::positive(&request.amount)?)?;
        let day = request.paid_on.as_deref().map(|day| time::checked_date("paid_on", day)).transpose()?;
        let invoice = invoices::get(&request.invoice)?;
        books::paid_in(&request.amount, &invoice)?;
        // QuickBooks would keep what is too much as a credit of the customer's.
        if request.amount.minor_units > invoice.due.minor_units {
            return Err(Error::conflict(format!(
                "{} {} is more than the {} that is still owed; give at most that",
                money::to_decimal(&request.amount),
                request.amount.currency,
                money::to_decimal(&invoice.due)
            )));
        }
        let paid = Object::new().set("TxnId", request.invoice).set("TxnType", invoices::INVOICES.name);
        let line = Object::new().set("Amount", amount).set("LinkedTxn", vec![Value::from(paid)]);
        let record = Object::new()
            .set("TotalAmt", amount)
            .set("CustomerRef", api::named(&invoice.contact))
            .set("CurrencyRef", api::named(&request.amount.currency))
            .set("Line", vec![Value::from(line)])
            .set("PrivateNote", request.reference.unwrap_or_else(context::idempotency_key))
            .set_some("TxnDate", day)
            .set_some("DepositToAccountRef", request.ledger_account.as_deref().map(api::named));
        api::one_in(&api::create("payment", &record)?, PAYMENTS.name, &request.amount.currency, payment)
    }

    /// Reads a page of payments. The cursor is the place of the first one.
    fn sync_invoice_payments(request: InvoicePaymentsRequest) -> Result<InvoicePaymentsPage> {
        let wanted = Wanted::of(&PAYMENTS).since(CHANGED, request.changed_from_ms);
        let page = table::page(&wanted, request.cursor.as_deref(), request.limit)?;
        Ok(InvoicePaymentsPage { items: page.items(payment)?, next: page.next })
    }
}

/// Reads a payment.
#[inline(never)]
fn payment(payment: &Value) -> core::result::Result<InvoicePayment, Mismatch> {
    read_value(payment, in_our_words)
}

fn in_our_words(payment: &Fields<'_>) -> InvoicePayment {
    let currency = api::currency(payment);
    InvoicePayment {
        id: payment.text("Id"),
        invoices: paid(payment),
        contact: api::reference(payment, "CustomerRef"),
        amount: payment.amount("TotalAmt", &currency),
        paid_on: payment.filled("TxnDate"),
        ledger_account: api::reference(payment, "DepositToAccountRef"),
        reference: api::note(payment),
        deleted: api::is_voided(payment),
        updated_at_ms: api::moment(payment, CHANGED),
    }
}

/// The invoices that its lines are about; some are about credits.
fn paid(payment: &Fields<'_>) -> Vec<String> {
    let mut invoices = Vec::new();
    payment.each("Line", |line| {
        line.each("LinkedTxn", |linked| {
            if linked.str_some("TxnType") == Some(invoices::INVOICES.name) {
                let id = linked.text("TxnId");
                if !invoices.contains(&id) {
                    invoices.push(id);
                }
            }
        })
    });
    invoices
}
