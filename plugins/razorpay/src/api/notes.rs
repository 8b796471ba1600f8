//! `notes`: the 15 name and value pairs that each of Razorpay's records may carry, with what we keep in them.
//! Without any, Razorpay answers with an empty list instead of an object.

use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, Result};

/// The note that holds the caller's reference.
pub(crate) const REFERENCE: &str = "gatehouse_reference";
/// The note that holds the key of the write that made a record.
pub(crate) const KEY: &str = "gatehouse_key";
/// The note that holds an order's text: an order itself has no place for one.
pub(crate) const DESCRIPTION: &str = "gatehouse_description";
/// The note that holds an order's customer.
pub(crate) const CUSTOMER: &str = "gatehouse_customer";

/// Notes under construction.
#[derive(Debug, Default)]
pub(crate) struct Notes(Object);

impl Notes {
    /// The caller's metadata and reference.
    ///
    /// # Errors
    /// `invalid-input` for a key that would replace what we keep there.
    pub(crate) fn new(metadata: Option<&[(String, String)]>, reference: Option<&str>) -> Result<Self> {
        let mut notes = Object::new();
        for (key, value) in metadata.unwrap_or_default() {
            if key.starts_with("gatehouse_") {
                let message = format!("the metadata key `{key}` is taken; use one that does not begin with gatehouse_");
                return Err(Error::invalid_input(message));
            }
            notes = notes.set(key, value.as_str());
        }
        Ok(Self(notes).with(REFERENCE, reference))
    }

    /// Adds a note where there is a value.
    pub(crate) fn with(self, name: &str, value: Option<&str>) -> Self {
        Self(self.0.set_some(name, value))
    }

    /// Puts the notes into a body; none where there are none.
    pub(crate) fn onto(self, body: Object) -> Object {
        if self.0.is_empty() { body } else { body.set("notes", self.0) }
    }
}

/// One note of a record.
pub(crate) fn note(record: &Fields<'_>, name: &str) -> Option<String> {
    record.get("notes")?.get(name)?.as_str().map(str::to_owned)
}
