//! The integration's settings, as `plugin.toml` describes them.

use gatehouse_sdk::{Result, context};

/// The settings.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Whether `PayPal`'s page is to leave out addresses.
    pub(crate) no_shipping: bool,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self { no_shipping: settings.flag("no_shipping") })
    }
}
