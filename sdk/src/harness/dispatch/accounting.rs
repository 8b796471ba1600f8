//! Calls of the interfaces of `gatehouse:accounting`.

functions!(pub accounting_contacts of accounting, "gatehouse:accounting/accounting-contacts" {
    "create-accounting-contact" => create_accounting_contact(record);
    "update-accounting-contact" => update_accounting_contact(record);
    "get-accounting-contact" => get_accounting_contact(id);
    "sync-accounting-contacts" => sync_accounting_contacts(record);
});
functions!(pub invoices of accounting, "gatehouse:accounting/invoices" {
    "create-invoice" => create_invoice(record);
    "get-invoice" => get_invoice(id);
    "sync-invoices" => sync_invoices(record);
});
functions!(pub invoice_sending of accounting, "gatehouse:accounting/invoice-sending" {
    "send-invoice" => send_invoice(record);
});
functions!(pub invoice_voiding of accounting, "gatehouse:accounting/invoice-voiding" {
    "void-invoice" => void_invoice(id);
});
functions!(pub invoice_payments of accounting, "gatehouse:accounting/invoice-payments" {
    "record-invoice-payment" => record_invoice_payment(record);
    "sync-invoice-payments" => sync_invoice_payments(record);
});
functions!(pub accounting_items of accounting, "gatehouse:accounting/accounting-items" {
    "create-accounting-item" => create_accounting_item(record);
    "sync-accounting-items" => sync_accounting_items(record);
});
functions!(pub tax_rates of accounting, "gatehouse:accounting/tax-rates" {
    "list-tax-rates" => list_tax_rates(record);
});
functions!(pub ledger_accounts of accounting, "gatehouse:accounting/ledger-accounts" {
    "list-ledger-accounts" => list_ledger_accounts(record);
});
