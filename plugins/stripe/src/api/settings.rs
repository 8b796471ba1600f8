//! The integration's settings, as `plugin.toml` describes them.

use gatehouse_sdk::{Result, context};

use super::texts;

/// The settings.
pub(crate) struct Settings {
    /// The connected account to act for.
    pub(crate) account: Option<String>,
    /// The only kinds of payment method to take.
    pub(crate) payment_method_types: Option<Vec<String>>,
}

impl Settings {
    /// This call's settings.
    #[inline(never)]
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            account: settings.text_some("account"),
            payment_method_types: settings.get("payment_method_types").map(|_| texts(settings, "payment_method_types")),
        })
    }
}
