//! The integration's settings, as `plugin.toml` describes them.

use gatehouse_sdk::{Result, context, http};

/// The settings.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The account whose messages are sent and read.
    pub(crate) account: String,
    /// Who messages come from where a call does not say.
    pub(crate) sender: Option<String>,
    /// Where Twilio tells what became of a message.
    pub(crate) status_callback: Option<String>,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            account: settings.text("account_sid"),
            sender: settings.text_some("sender"),
            status_callback: settings.text_some("status_callback"),
        })
    }

    /// The path of the account's messages.
    pub(crate) fn messages(&self) -> Result<String> {
        http::path(&["2010-04-01", "Accounts", &self.account, "Messages.json"])
    }

    /// The path of one message.
    ///
    /// # Errors
    /// `invalid-input` for an empty id.
    pub(crate) fn message(&self, id: &str) -> Result<String> {
        let whole = http::path(&["2010-04-01", "Accounts", &self.account, "Messages", id])?;
        Ok(format!("{whole}.json"))
    }
}
