//! `Customer`: a payer that is charged again.

use gatehouse_sdk::payments::customers;
use serde::Deserialize;

use super::milliseconds;
use super::reference::{Metadata, reference_in};

/// A customer. One that was deleted has nothing but its id.
#[derive(Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: String,
    #[serde(default)]
    created: u64,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl Customer {
    /// The customer in our words.
    pub(crate) fn to_customer(&self) -> customers::Customer {
        customers::Customer {
            id: self.id.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            reference: reference_in(&self.metadata),
            created_at_ms: milliseconds(self.created),
        }
    }
}
