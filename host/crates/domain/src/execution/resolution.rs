//! How the outcome of a write whose answer was lost is found out: what has been tried, and how
//! it ended. Shapes only; what is tried next is decided by the engine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::KeyId;
use crate::time::Timestamp;

/// What is known of a write whose outcome is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unresolved {
    /// When it was first sent.
    #[schemars(with = "String")]
    pub first_sent_at: Timestamp,
    /// The latest moment at which it may have been sent, or sent again.
    #[schemars(with = "String")]
    pub last_sent_at: Timestamp,
    /// How often its outcome was asked for.
    pub attempts: u32,
    /// How many of these repeated the write, and had no answer that tells.
    pub repeats: u32,
    /// How often in a row the provider said, when that could be believed, that it does not have it.
    pub absences: u32,
    /// When it is asked for next; absent where only a person can settle it.
    #[schemars(with = "Option<String>")]
    pub next_attempt_at: Option<Timestamp>,
    /// While a repeat is under way: when that has ended for certain.
    #[schemars(with = "Option<String>")]
    pub repeating_until: Option<Timestamp>,
    /// Why only a person can settle it.
    pub by_hand: Option<String>,
    /// What the last attempt found.
    pub last_note: Option<String>,
}

/// How an outcome was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The write was repeated with the same key, and the provider answered for the first one.
    Repeat,
    /// The gateway looked it up by our reference.
    LookUp,
    /// A person said so.
    Manual,
}

/// How it became known what had become of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// How.
    pub how: How,
    /// The key of the person who said so.
    pub by: Option<KeyId>,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How often it had been asked for.
    pub attempts: u32,
    /// What it rests on.
    pub note: String,
}
