//! Calls of the interfaces of `gatehouse:commerce`.

functions!(pub products of commerce, "gatehouse:commerce/products" {
    "get-product" => get_product(id);
    "sync-products" => sync_products(record);
});
functions!(pub inventory of commerce, "gatehouse:commerce/inventory" {
    "find-stock-levels" => find_stock_levels(record);
    "set-stock-level" => set_stock_level(record);
});
functions!(pub orders of commerce, "gatehouse:commerce/orders" {
    "get-order" => get_order(id);
    "sync-orders" => sync_orders(record);
});
functions!(pub order_fulfilling of commerce, "gatehouse:commerce/order-fulfilling" {
    "fulfil-order" => fulfil_order(record);
});
functions!(pub order_cancelling of commerce, "gatehouse:commerce/order-cancelling" {
    "cancel-order" => cancel_order(record);
});
functions!(pub customer_data of commerce, "gatehouse:commerce/customer-data" {
    "sync-customer-data" => sync_customer_data(record);
});
functions!(pub store_subscriptions of commerce, "gatehouse:commerce/store-subscriptions" {
    "get-store-subscription" => get_store_subscription(id);
    "sync-store-subscriptions" => sync_store_subscriptions(record);
});
functions!(pub store_subscription_changes of commerce, "gatehouse:commerce/store-subscription-changes" {
    "cancel-store-subscription" => cancel_store_subscription(id);
    "pause-store-subscription" => pause_store_subscription(id);
    "resume-store-subscription" => resume_store_subscription(id);
});
