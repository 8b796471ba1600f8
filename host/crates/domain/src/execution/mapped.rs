//! What is known of a call that went through the mapping of its capability.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The mapping that a call went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mapped {
    /// Its version.
    pub version: u32,
    /// Why the result is as the provider's gateway gave it: it does not fit the mapping. The call
    /// was made all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
