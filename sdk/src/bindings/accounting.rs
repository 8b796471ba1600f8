//! The worlds of `gatehouse:accounting`, one for each interface.

pub mod accounting_contacts;
pub mod accounting_items;
pub mod invoice_payments;
pub mod invoice_sending;
pub mod invoice_voiding;
pub mod invoices;
pub mod ledger_accounts;
pub mod tax_rates;
pub mod types;
