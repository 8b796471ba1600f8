//! The integration's settings, as `plugin.toml` describes them.

use gatehouse_sdk::{Result, context};

/// The settings.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Whether the app is one of `PayPal`'s sandbox.
    pub(crate) sandbox: bool,
    /// Whether `PayPal`'s page is to leave out addresses.
    pub(crate) no_shipping: bool,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            sandbox: settings.flag("sandbox"),
            no_shipping: settings.flag("no_shipping"),
        })
    }
}
