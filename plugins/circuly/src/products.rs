//! What is rented out or sold: `/products`.

use gatehouse_sdk::Result;
use gatehouse_sdk::commerce::products::{Product, ProductStatus, ProductVariant, ProductsPage, ProductsRequest};
use gatehouse_sdk::json::{Mismatch, Value, read_value};

use crate::api::{self, Shop};

/// Their name in paths, and as synchronised records.
pub(crate) const LIST: &str = "products";

/// Reads a product.
pub(crate) fn get(id: &str) -> Result<Product> {
    let shop = Shop::read("")?;
    product(&api::one(LIST, id)?, &shop).map_err(|problem| api::odd(&problem))
}

/// Reads a page of products. The cursor is the page's number.
pub(crate) fn list(request: &ProductsRequest) -> Result<ProductsPage> {
    let shop = Shop::read("")?;
    let page = api::page(LIST, &[], request.cursor.as_deref(), request.limit)?;
    let items = api::all(&page.found, request.changed_from_ms, |found| product(found, &shop))?;
    Ok(ProductsPage { items, next: page.next })
}

/// Reads a product. Circuly tells how many variants it has and not which, so that it is its own only one.
#[inline(never)]
pub(crate) fn product(found: &Value, shop: &Shop) -> core::result::Result<Product, Mismatch> {
    read_value(found, |found| {
        let id = api::needed(found, &["id"]);
        let mut image_urls = Vec::new();
        image_urls.extend(api::text(found, "picture_url"));
        let variant = ProductVariant {
            id: id.clone(),
            title: None,
            sku: api::text(found, "sku"),
            barcode: None,
            price: shop.currency.as_ref().and_then(|currency| api::price(found, "msrp", currency)),
            stock: found.get("stock").and_then(Value::as_i64),
        };
        Product {
            id,
            title: api::needed(found, &["title"]),
            description: None,
            status: if found.flag("active") { ProductStatus::Active } else { ProductStatus::Archived },
            vendor: None,
            category: api::text(found, "product_collection_title"),
            tags: Vec::new(),
            image_urls,
            variants: vec![variant],
            updated_at_ms: api::moment(found, "updated_at"),
        }
    })
}
