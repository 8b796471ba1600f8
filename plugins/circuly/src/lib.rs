//! The Circuly gateway: which function is answered where, and nothing else.
//!
//! It never sees a credential; the host attaches it as `plugin.toml` says. It only reads.

mod api;
mod customers;
mod orders;
mod products;
mod subscriptions;
mod synced;

use gatehouse_sdk::commerce::{
    Order, StoreSubscription, customer_data as customer, orders as order, products as product,
    store_subscriptions as subscription,
};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Error, Result, connection, sync as record};

/// The gateway.
pub struct Circuly;

impl connection::Guest for Circuly {
    /// Reads one customer. Nothing that can be read says whose shop it is.
    fn test() -> Result<Account> {
        let request = Request::get(api::path(&["customers"])?).query("per_page", 1);
        api::send(request)?.read(|answer| {
            if !answer.get("data").is_some_and(gatehouse_sdk::json::Value::is_array) {
                answer.wrong("data", "this is no list");
            }
        })?;
        Ok(Account { id: "circuly".to_owned(), display_name: None, live: true })
    }
}

impl record::Guest for Circuly {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, _changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        Err(Error::unsupported(format!("`{entity}` is not written; circuly is only read")))
    }
}

impl subscription::Guest for Circuly {
    fn get_store_subscription(id: String) -> Result<StoreSubscription> {
        subscriptions::get(&id)
    }

    fn sync_store_subscriptions(
        request: subscription::StoreSubscriptionsRequest,
    ) -> Result<subscription::StoreSubscriptionsPage> {
        subscriptions::list(&request)
    }
}

impl customer::Guest for Circuly {
    fn sync_customer_data(request: customer::StoreCustomersRequest) -> Result<customer::StoreCustomersPage> {
        customers::list(&request)
    }
}

impl order::Guest for Circuly {
    fn get_order(id: String) -> Result<Order> {
        orders::get(&id)
    }

    fn sync_orders(request: order::OrdersRequest) -> Result<order::OrdersPage> {
        orders::list(&request)
    }
}

impl product::Guest for Circuly {
    fn get_product(id: String) -> Result<product::Product> {
        products::get(&id)
    }

    fn sync_products(request: product::ProductsRequest) -> Result<product::ProductsPage> {
        products::list(&request)
    }
}

gatehouse_sdk::export_gateway!(Circuly: connection, sync, store_subscriptions, customer_data, orders, products);
