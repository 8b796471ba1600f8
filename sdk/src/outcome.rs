//! What a look-up finds, and the key that it looks for.

use serde::Serialize;

use crate::outcomes::{Finding, Write};
use crate::{Error, Result};

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
}
