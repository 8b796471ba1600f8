//! What every object of Stripe's may carry: metadata with our reference in it, and links to other
//! objects that are an id or, expanded, the object itself.

use std::collections::BTreeMap;

use gatehouse_sdk::http::Form;
use gatehouse_sdk::json::{self, Value};
use gatehouse_sdk::{Error, Result};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

/// The metadata key under which our reference is kept with every object.
pub(crate) const REFERENCE: &str = "gatehouse_reference";

/// The metadata key under which the idempotency key of the write that made an object is kept with it.
pub(crate) const KEY: &str = "gatehouse_key";

/// An object's metadata; null in some answers.
pub(crate) type Metadata = Option<BTreeMap<String, String>>;

/// Our reference in an object's metadata.
pub(crate) fn reference_in(metadata: &Metadata) -> Option<String> {
    metadata.as_ref()?.get(REFERENCE).cloned()
}

/// Adds a caller's metadata and our reference below `name`.
///
/// # Errors
/// `invalid-input` for a key with brackets, or one that would replace what we keep there.
pub(crate) fn set_metadata(
    form: Form,
    name: &str,
    metadata: Option<&[(String, String)]>,
    reference: Option<&str>,
) -> Result<Form> {
    let metadata = metadata.unwrap_or_default();
    if metadata.iter().any(|(key, _)| key == REFERENCE) {
        return Err(Error::invalid_input(format!("the metadata key `{REFERENCE}` is taken; give `reference` instead")));
    }
    if metadata.iter().any(|(key, _)| key == KEY) {
        return Err(Error::invalid_input(format!("the metadata key `{KEY}` is taken; use another")));
    }
    let pairs = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    form.set_each(name, pairs.chain(reference.map(|value| (REFERENCE, value))))
}

/// A link to another object.
#[derive(Debug)]
pub(crate) enum Expandable<T> {
    /// The object's id.
    Id(String),
    /// The object itself.
    Object(Box<T>),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> core::result::Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(id) => Ok(Self::Id(id)),
            object => json::from_value(&object).map(|object| Self::Object(Box::new(object))).map_err(D::Error::custom),
        }
    }
}

/// An object of which only the id is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Identified {
    pub(crate) id: String,
}

impl Expandable<Identified> {
    /// The other object's id.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(object) => &object.id,
        }
    }
}

/// The id of a link that may be absent.
pub(crate) fn id_of(link: &Option<Expandable<Identified>>) -> Option<String> {
    link.as_ref().map(|link| link.id().to_owned())
}
