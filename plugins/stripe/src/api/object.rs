//! What every object of Stripe's may carry: amounts, moments, metadata with our reference in it, and links to other
//! objects that are an id or, expanded, the object itself.

use gatehouse_sdk::http::Form;
use gatehouse_sdk::json::{Fields, Value};
use gatehouse_sdk::{Error, Money, Result};
use serde::Deserialize;

use super::money_from_stripe;

/// The metadata key under which our reference is kept with every object.
pub(crate) const REFERENCE: &str = "gatehouse_reference";

/// The metadata key under which the idempotency key of the write that made an object is kept with it.
pub(crate) const KEY: &str = "gatehouse_key";

/// What everything of Stripe's has.
#[derive(Deserialize)]
pub(crate) struct Identified {
    #[serde(rename = "id")]
    _id: String,
}

/// Our reference in an object's metadata.
#[inline(never)]
pub(crate) fn reference_in(object: &Fields<'_>) -> Option<String> {
    object.inner("metadata", |metadata| metadata.text_some(REFERENCE)).flatten()
}

/// The id of another object that this one is linked to.
#[inline(never)]
pub(crate) fn id_of(object: &Fields<'_>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(id) => Some(id.clone()),
        _ => object.inner(name, |other| other.text("id")),
    }
}

/// An amount that has to be there, in the object's currency.
#[inline(never)]
pub(crate) fn money(object: &Fields<'_>, name: &str) -> Money {
    money_from_stripe(object.integer(name), &object.text("currency"))
}

/// When an object was made.
#[inline(never)]
pub(crate) fn made_at(object: &Fields<'_>) -> u64 {
    let made = moment(object, "created");
    if made.is_none() {
        object.wrong("created", "it is absent");
    }
    made.unwrap_or_default()
}

/// A moment that may be absent, in milliseconds since 1970.
pub(crate) fn moment(object: &Fields<'_>, name: &str) -> Option<u64> {
    object.count_some(name).map(milliseconds)
}

/// Milliseconds since 1970 of Stripe's seconds.
pub(crate) fn milliseconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1000)
}

/// The texts of a list.
#[inline(never)]
pub(crate) fn texts(object: &Fields<'_>, name: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for item in object.items(name) {
        match item.as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => object.wrong(name, "not all of them are texts"),
        }
    }
    texts
}

/// Adds a caller's metadata and our reference.
///
/// # Errors
/// `invalid-input` for a key with brackets, or one that would replace what we keep there.
#[inline(never)]
pub(crate) fn set_metadata(form: Form, metadata: Option<&[(String, String)]>, reference: Option<&str>) -> Result<Form> {
    let metadata = metadata.unwrap_or_default();
    if metadata.iter().any(|(key, _)| key == REFERENCE) {
        return Err(Error::invalid_input(format!("the metadata key `{REFERENCE}` is taken; give `reference` instead")));
    }
    if metadata.iter().any(|(key, _)| key == KEY) {
        return Err(Error::invalid_input(format!("the metadata key `{KEY}` is taken; use another")));
    }
    let pairs = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    form.set_each("metadata", pairs.chain(reference.map(|value| (REFERENCE, value))))
}
