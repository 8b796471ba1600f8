//! How many of a variant are at a place. Shopify counts its inventory item; the variant stands for it here.

use gatehouse_sdk::commerce::inventory::{StockLevel, StockLevels, StockLevelsRequest};
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Error, Result, context};

use crate::api;
use crate::error::Refusal;

/// How many variants one request asks for.
const BATCH: usize = 50;
/// The largest number that fits Shopify's.
const MOST: i64 = 1_000_000_000;

const FIND: &str = "query($ids:[ID!]!){nodes(ids:$ids){__typename ...on ProductVariant{id inventoryItem{tracked \
    inventoryLevels(first:100){nodes{location{id}quantities(names:[\"available\"]){name quantity}}\
    pageInfo{hasNextPage}}}}}}";
const ITEM: &str = "query($id:ID!){productVariant(id:$id){inventoryItem{id tracked \
    inventoryLevels(first:2){nodes{location{id}}}}}}";
const SET: &str = "mutation($input:InventorySetQuantitiesInput!$key:String!){\
    inventorySetQuantities(input:$input)@idempotent(key:$key){\
    inventoryAdjustmentGroup{id}userErrors{field message code}}}";

/// A variant with what is at each place, and whether there are more places than were read.
struct Counted {
    levels: Vec<StockLevel>,
    more: bool,
}

/// Reads what is there of some variants. Those that Shopify does not count have no level.
pub(crate) fn find(request: &StockLevelsRequest) -> Result<StockLevels> {
    let place = match &request.location {
        Some(place) => Some(api::gid("Location", place)?),
        None => None,
    };
    let mut items = Vec::new();
    for batch in request.variants.chunks(BATCH) {
        for counted in read(batch)? {
            if counted.more {
                return Err(Error::provider("a variant is at more than 100 places, which are not read"));
            }
            for level in counted.levels {
                if place.is_none() || place == level.location {
                    items.push(level);
                }
            }
        }
    }
    Ok(StockLevels { items })
}

#[inline(never)]
fn read(variants: &[String]) -> Result<Vec<Counted>> {
    let mut ids = Vec::new();
    for id in variants {
        ids.push(Value::from(api::gid("ProductVariant", id)?));
    }
    let answer = api::read(FIND, Object::new().set("ids", ids))?;
    let absent = answer.take(|data| {
        data.get("nodes").is_none().then(|| data.wrong("nodes", "is not there"));
        data.items("nodes").iter().position(Value::is_null)
    })?;
    match absent.and_then(|place| variants.get(place)) {
        Some(id) => Err(api::missing("variant", id)),
        None => answer.take(|data| data.each("nodes", counted)),
    }
}

fn counted(variant: &Fields<'_>) -> Counted {
    let id = variant.text("id");
    let level = |level: &Fields<'_>| {
        let numbers = level.each("quantities", |number| number.integer("quantity"));
        numbers.first().map(|available| StockLevel {
            variant: id.clone(),
            location: api::id_of(level, "location"),
            available: *available,
        })
    };
    let of = |item: &Fields<'_>| {
        let all = item.inner("inventoryLevels", |list| {
            let more = list.inner("pageInfo", |info| info.flag("hasNextPage")).unwrap_or_default();
            (list.each("nodes", level), more)
        });
        all.filter(|_| item.flag("tracked"))
    };
    if variant.get("inventoryItem").is_none() {
        variant.wrong("inventoryItem", "is not there");
    }
    let (found, more) = variant.inner("inventoryItem", of).flatten().unwrap_or_default();
    let mut levels = Vec::new();
    for one in found {
        levels.extend(one);
    }
    Counted { levels, more }
}

/// Sets how many can be sold. What was there before is not compared.
pub(crate) fn set(level: StockLevel) -> Result<StockLevel> {
    if !(-MOST..=MOST).contains(&level.available) {
        return Err(Error::invalid_input(format!("`available` is {}; give at most {MOST}", level.available)));
    }
    let variant = api::gid("ProductVariant", &level.variant)?;
    let (item, place) = item(&variant, level.location.as_deref())?;
    let quantity = Object::new()
        .set("inventoryItemId", item)
        .set("locationId", place.as_str())
        .set("quantity", level.available)
        // Shopify wants it said that nothing is compared.
        .set("changeFromQuantity", Value::Null);
    let input = Object::new()
        .set("name", "available")
        .set("reason", "correction")
        .set("quantities", vec![Value::from(quantity)]);
    let key = context::idempotency_key_for("set");
    let answer = api::write(SET, Object::new().set("input", input).set("key", key))?;
    answer.accepted("inventorySetQuantities", "userErrors", Refusal::Input)?;
    Ok(StockLevel { variant, location: Some(place), available: level.available })
}

/// The inventory item of a variant and the place to count at: the only one where none is named.
#[inline(never)]
fn item(variant: &str, place: Option<&str>) -> Result<(String, String)> {
    let answer = api::read(ITEM, Object::new().set("id", variant))?;
    let (id, tracked, places) = answer
        .one("productVariant", variant, |found| {
            found.inner("inventoryItem", |item| {
                let places = item.inner("inventoryLevels", |list| list.each("nodes", |at| api::id_of(at, "location")));
                (item.text("id"), item.flag("tracked"), places.unwrap_or_default())
            })
        })?
        .ok_or_else(|| api::missing("inventory item of", variant))?;
    if !tracked {
        return Err(Error::conflict(format!("shopify does not count `{variant}`; have its quantity tracked there")));
    }
    let place = match (place, places.as_slice()) {
        (Some(place), _) => api::gid("Location", place)?,
        (None, [Some(only)]) => only.clone(),
        (None, _) => {
            return Err(Error::invalid_input(format!("`{variant}` is not at one place alone; name `location`")));
        }
    };
    Ok((id, place))
}
