//! The integration's settings, as `plugin.toml` describes them.

use gatehouse_sdk::{Result, context};
use serde::Deserialize;

/// The settings.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Settings {
    /// The connected account to act for.
    pub(crate) account: Option<String>,
    /// The only kinds of payment method to take.
    pub(crate) payment_method_types: Option<Vec<String>>,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::settings()
    }
}
