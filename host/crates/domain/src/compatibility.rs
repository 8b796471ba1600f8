//! How far the changes between two versions of a plugin go. What changes is computed elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a change goes, from harmless to breaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nobody can tell by the interface.
    Patch,
    /// Whatever worked goes on working, and there is more.
    Additive,
    /// Something that worked may stop working.
    Breaking,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// How far it goes.
    pub class: Class,
    /// What it is about: `PROCESS_PAYMENT parameters.amount.currency`.
    pub path: String,
    /// What it was and what it is.
    pub message: String,
}
