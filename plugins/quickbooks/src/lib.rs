//! The `QuickBooks` gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod catalogue;
mod connection;
mod contacts;
mod error;
mod invoices;
mod outcomes;
mod payments;
mod synced;
mod webhook;

use gatehouse_sdk::accounting::Invoice;
use gatehouse_sdk::accounting::{
    accounting_contacts as contact, accounting_items as item, invoice_payments as payment, invoice_sending as sending,
    invoice_voiding as voiding, invoices as invoice, ledger_accounts as ledger, tax_rates as tax,
};
use gatehouse_sdk::{
    Account, Result, connection as account, outcomes as outcome, sync as record, webhook as delivered,
};

/// The gateway.
pub struct QuickBooks;

impl account::Guest for QuickBooks {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl outcome::Guest for QuickBooks {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl record::Guest for QuickBooks {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, changes)
    }
}

impl delivered::Guest for QuickBooks {
    fn parse(delivery: delivered::Delivery) -> Result<Vec<delivered::Event>> {
        webhook::parse(&delivery)
    }
}

impl contact::Guest for QuickBooks {
    fn create_accounting_contact(request: contact::AccountingContactRequest) -> Result<contact::AccountingContact> {
        contacts::create(request)
    }

    fn update_accounting_contact(change: contact::AccountingContactChange) -> Result<contact::AccountingContact> {
        contacts::update(change)
    }

    fn get_accounting_contact(id: String) -> Result<contact::AccountingContact> {
        contacts::get(&id)
    }

    fn sync_accounting_contacts(
        request: contact::AccountingContactsRequest,
    ) -> Result<contact::AccountingContactsPage> {
        contacts::list(&request)
    }
}

impl invoice::Guest for QuickBooks {
    fn create_invoice(request: invoice::InvoiceRequest) -> Result<Invoice> {
        invoices::create(&request)
    }

    fn get_invoice(id: String) -> Result<Invoice> {
        invoices::get(&id)
    }

    fn sync_invoices(request: invoice::InvoicesRequest) -> Result<invoice::InvoicesPage> {
        invoices::list(&request)
    }
}

impl sending::Guest for QuickBooks {
    fn send_invoice(request: sending::InvoiceSendingRequest) -> Result<Invoice> {
        invoices::send(&request)
    }
}

impl voiding::Guest for QuickBooks {
    fn void_invoice(id: String) -> Result<Invoice> {
        invoices::void(&id)
    }
}

impl payment::Guest for QuickBooks {
    fn record_invoice_payment(request: payment::InvoicePaymentRequest) -> Result<payment::InvoicePayment> {
        payments::record(&request)
    }

    fn sync_invoice_payments(request: payment::InvoicePaymentsRequest) -> Result<payment::InvoicePaymentsPage> {
        payments::list(&request)
    }
}

impl item::Guest for QuickBooks {
    fn create_accounting_item(request: item::AccountingItemRequest) -> Result<item::AccountingItem> {
        catalogue::create_item(&request)
    }

    fn sync_accounting_items(request: item::AccountingItemsRequest) -> Result<item::AccountingItemsPage> {
        catalogue::items(&request)
    }
}

impl tax::Guest for QuickBooks {
    fn list_tax_rates(request: tax::TaxRatesRequest) -> Result<tax::TaxRatesPage> {
        catalogue::tax_rates(&request)
    }
}

impl ledger::Guest for QuickBooks {
    fn list_ledger_accounts(request: ledger::LedgerAccountsRequest) -> Result<ledger::LedgerAccountsPage> {
        catalogue::ledger_accounts(&request)
    }
}

gatehouse_sdk::export_gateway!(
    QuickBooks: connection, outcomes, sync, webhook, accounting_contacts, invoices, invoice_sending, invoice_voiding,
    invoice_payments, accounting_items, tax_rates, ledger_accounts
);
