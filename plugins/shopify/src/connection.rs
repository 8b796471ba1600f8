//! Whose shop it is.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::{Account, Result};

use crate::api;

const SHOP: &str = "query{shop{id name plan{partnerDevelopment}}}";

/// Asks for the shop. Shops for developing are not live.
pub(crate) fn test() -> Result<Account> {
    api::read(SHOP, Object::new())?.part("shop", |shop| Account {
        id: shop.text("id"),
        display_name: Some(shop.text("name")),
        live: !shop.inner("plan", |plan| plan.flag("partnerDevelopment")).unwrap_or_default(),
    })
}
