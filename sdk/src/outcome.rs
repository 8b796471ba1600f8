//! What a look-up finds, and the key that it looks for.

use serde::Serialize;

use crate::outcomes::{Finding, Write};
use crate::{Error, Result, json};

impl Finding {
    /// The write was done, and this is what its capability would have answered.
    ///
    /// # Errors
    /// `provider` where the result has no JSON form.
    pub fn found(result: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_string(result);
        text.map(Self::Done).map_err(|error| Error::provider(format!("the result has no JSON form: {error}")))
    }
}

impl Write {
    /// The key that [`crate::context::idempotency_key_for`] gave to the write with this label.
    pub fn key_for(&self, label: &str) -> String {
        crate::context::labelled(self.reference.clone(), label)
    }

    /// The fields of the call's parameters, taken by name; see [`json::read`].
    ///
    /// # Errors
    /// `invalid-input` where they do not fit: then the write is none of this gateway's.
    pub fn read<T>(&self, with: impl FnOnce(&json::Fields<'_>) -> T) -> Result<T> {
        let read = json::read(self.parameters.as_bytes(), with);
        read.map_err(|problem| {
            Error::invalid_input(format!("the parameters do not have the expected shape: {problem}"))
        })
    }
}
