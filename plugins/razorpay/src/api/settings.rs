//! The integration's settings, as `plugin.toml` describes them.

use gatehouse_sdk::{Result, context};

/// The settings.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The sub-merchant to act for, with the keys of a partner.
    pub(crate) account: Option<String>,
    /// Whether the keys are those of the test mode.
    pub(crate) test_mode: bool,
    /// Whether refunds are to be instant where the payer's bank can do that.
    pub(crate) instant_refunds: bool,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            account: settings.text_some("account"),
            test_mode: settings.flag("test_mode"),
            instant_refunds: settings.flag("instant_refunds"),
        })
    }
}
