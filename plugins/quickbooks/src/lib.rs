//! The `QuickBooks` gateway: a file for each kind of record, what they share, and what is exported.
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
mod table;
mod webhook;

/// The gateway.
pub struct QuickBooks;

gatehouse_sdk::export_gateway!(
    QuickBooks: connection, outcomes, sync, webhook, accounting_contacts, invoices, invoice_sending, invoice_voiding,
    invoice_payments, accounting_items, tax_rates, ledger_accounts
);
