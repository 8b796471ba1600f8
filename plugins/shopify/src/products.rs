//! Products with their variants.

use gatehouse_sdk::commerce::products::{Product, ProductStatus, ProductVariant, ProductsPage, ProductsRequest};
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Result, paging};

use crate::api::{self, Wanted};
use crate::lines::{self, Inner};

const USUAL_PAGE: u32 = 25;
const LARGEST_PAGE: u32 = 50;

const GET: &str = "query($id:ID!){shop{currencyCode}product(id:$id){...product}}";
const LIST: &str = "query($first:Int!$after:String$query:String){shop{currencyCode}\
    products(first:$first after:$after query:$query sortKey:UPDATED_AT){nodes{...product}pageInfo{hasNextPage endCursor}}}";
const PRODUCT: &str = " fragment product on Product{id title descriptionHtml status vendor productType tags updatedAt \
    media(first:20){nodes{__typename ...on MediaImage{image{url}}}}\
    variants(first:50){nodes{...variant}pageInfo{hasNextPage endCursor}}}";
const VARIANT: &str =
    " fragment variant on ProductVariant{id title sku barcode price inventoryQuantity inventoryItem{tracked}}";
const VARIANTS: Inner = Inner {
    of: "product",
    list: "variants",
    document: "query($id:ID!$after:String!){product(id:$id){variants(first:250 after:$after)\
        {nodes{...variant}pageInfo{hasNextPage endCursor}}}}",
    fragments: &[VARIANT],
};

/// A product, and where its variants go on.
type Found = (Product, Option<String>);

/// Reads a product.
pub(crate) fn get(id: &str) -> Result<Product> {
    let id = api::gid("Product", id)?;
    let answer = api::read(&[GET, PRODUCT, VARIANT].concat(), Object::new().set("id", id.as_str()))?;
    let currency = answer.part("shop", |shop| shop.text("currencyCode"))?;
    let found = answer.one("product", &id, |record| product(record, &currency))?;
    whole(found, &currency)
}

/// Reads a page of products, oldest change first.
pub(crate) fn list(request: &ProductsRequest) -> Result<ProductsPage> {
    let (items, next) = page(&Wanted {
        cursor: request.cursor.as_deref(),
        first: paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?,
        changed_from_ms: request.changed_from_ms,
        condition: None,
    })?;
    Ok(ProductsPage { items, next })
}

/// Reads a page of products, of at most 50.
#[inline(never)]
pub(crate) fn page(wanted: &Wanted<'_>) -> Result<(Vec<Product>, Option<String>)> {
    let variables = Wanted { first: wanted.first.min(LARGEST_PAGE), condition: None, ..*wanted }.variables();
    let answer = api::read(&[LIST, PRODUCT, VARIANT].concat(), variables)?;
    let currency = answer.part("shop", |shop| shop.text("currencyCode"))?;
    let (found, next) = answer.part("products", |list| api::page(list, |record| product(record, &currency)))?;
    let mut items = Vec::new();
    for one in found {
        items.push(whole(one, &currency)?);
    }
    Ok((items, next))
}

#[inline(never)]
fn whole((mut product, more): Found, currency: &str) -> Result<Product> {
    lines::rest(&VARIANTS, &product.id, more, &mut product.variants, |record| variant(record, currency))?;
    Ok(product)
}

#[inline(never)]
fn product(record: &Fields<'_>, currency: &str) -> Found {
    let variants = record.inner("variants", |list| api::page(list, |one| variant(one, currency)));
    let (variants, more) = variants.unwrap_or_default();
    let product = Product {
        id: record.text("id"),
        title: record.text("title"),
        description: api::some(record, "descriptionHtml"),
        status: match record.text("status").as_str() {
            "DRAFT" => ProductStatus::Draft,
            "ARCHIVED" => ProductStatus::Archived,
            // An unlisted one can be bought by all who have its address.
            "ACTIVE" | "UNLISTED" => ProductStatus::Active,
            _ => {
                record.wrong("status", "is not one that we know");
                ProductStatus::Draft
            }
        },
        vendor: api::some(record, "vendor"),
        category: api::some(record, "productType"),
        tags: tags(record),
        image_urls: images(record),
        variants,
        updated_at_ms: Some(api::moment(record, "updatedAt")),
    };
    (product, more)
}

#[inline(never)]
fn variant(record: &Fields<'_>, currency: &str) -> ProductVariant {
    let counted = record.inner("inventoryItem", |item| item.flag("tracked")).unwrap_or_default();
    ProductVariant {
        id: record.text("id"),
        title: api::some(record, "title"),
        sku: api::some(record, "sku"),
        barcode: api::some(record, "barcode"),
        price: api::amount(record, "price", currency),
        stock: record.integer_some("inventoryQuantity").filter(|_| counted),
    }
}

#[inline(never)]
fn tags(record: &Fields<'_>) -> Vec<String> {
    let mut tags = Vec::new();
    for tag in record.items("tags") {
        tags.extend(tag.as_str().map(str::to_owned));
    }
    tags
}

/// The addresses of pictures; films and models are left out, and pictures that are still being worked on.
#[inline(never)]
fn images(record: &Fields<'_>) -> Vec<String> {
    let url = |image: &Fields<'_>| image.text("url");
    let found = record.inner("media", |list| list.each("nodes", |media| media.inner("image", url)));
    let mut urls = Vec::new();
    for image in found.unwrap_or_default() {
        urls.extend(image);
    }
    urls
}
