//! The Shopify gateway: which function is answered where, and nothing else.
//!
//! It never sees a token; the host attaches it as `plugin.toml` says.

mod api;
mod cancelling;
mod connection;
mod customers;
mod error;
mod fulfilling;
mod inventory;
mod lines;
mod orders;
mod outcomes;
mod products;
mod synced;
mod webhook;

use gatehouse_sdk::commerce::{
    customer_data as buyer, inventory as stock, order_cancelling as called_off, order_fulfilling as sent,
    orders as order, products as product,
};
use gatehouse_sdk::{
    Account, Result, connection as account, outcomes as outcome, sync as record, webhook as delivered,
};

/// The gateway.
pub struct Shopify;

impl account::Guest for Shopify {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl outcome::Guest for Shopify {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl record::Guest for Shopify {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, changes)
    }
}

impl delivered::Guest for Shopify {
    fn parse(delivery: delivered::Delivery) -> Result<Vec<delivered::Event>> {
        webhook::parse(&delivery)
    }
}

impl product::Guest for Shopify {
    fn get_product(id: String) -> Result<product::Product> {
        products::get(&id)
    }

    fn sync_products(request: product::ProductsRequest) -> Result<product::ProductsPage> {
        products::list(&request)
    }
}

impl stock::Guest for Shopify {
    fn find_stock_levels(request: stock::StockLevelsRequest) -> Result<stock::StockLevels> {
        inventory::find(&request)
    }

    fn set_stock_level(level: stock::StockLevel) -> Result<stock::StockLevel> {
        inventory::set(level)
    }
}

impl order::Guest for Shopify {
    fn get_order(id: String) -> Result<order::Order> {
        orders::get(&id)
    }

    fn sync_orders(request: order::OrdersRequest) -> Result<order::OrdersPage> {
        orders::list(&request)
    }
}

impl sent::Guest for Shopify {
    fn fulfil_order(request: sent::FulfilmentRequest) -> Result<sent::Order> {
        fulfilling::fulfil(&request)
    }
}

impl called_off::Guest for Shopify {
    fn cancel_order(request: called_off::OrderCancellation) -> Result<called_off::Order> {
        cancelling::cancel(&request)
    }
}

impl buyer::Guest for Shopify {
    fn sync_customer_data(request: buyer::StoreCustomersRequest) -> Result<buyer::StoreCustomersPage> {
        customers::list(&request)
    }
}

gatehouse_sdk::export_gateway!(
    Shopify: connection, outcomes, sync, webhook, products, inventory, orders, order_fulfilling, order_cancelling,
    customer_data
);
