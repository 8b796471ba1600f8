//! Calls of the interfaces of `gatehouse:payments`.

functions!(pub charges of payments, "gatehouse:payments/charges" {
    "process-payment" => process_payment(record);
    "get-payment" => get_payment(id);
});
functions!(pub captures of payments, "gatehouse:payments/captures" {
    "capture-payment" => capture_payment(record);
});
functions!(pub payment_cancelling of payments, "gatehouse:payments/payment-cancelling" {
    "cancel-payment" => cancel_payment(id);
});
functions!(pub refunds of payments, "gatehouse:payments/refunds" {
    "refund-payment" => refund_payment(record);
    "get-refund" => get_refund(id);
});
functions!(pub customers of payments, "gatehouse:payments/customers" {
    "create-customer-profile" => create_customer_profile(record);
});
functions!(pub links of payments, "gatehouse:payments/links" {
    "create-payment-link" => create_payment_link(record);
});
functions!(pub transactions of payments, "gatehouse:payments/transactions" {
    "sync-transactions" => sync_transactions(record);
});
