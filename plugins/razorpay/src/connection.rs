//! Whether the keys work: `GET /v1/payments`, one of them.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result};

use crate::api::{self, Settings};

/// Asks for one payment, which every key may read. Razorpay has no call that says whose the keys are or
/// whether they are live: the account is named by the settings, or not at all.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    api::send(Request::get("/v1/payments").query("count", 1), &settings)?.read(|list| list.items("items").len())?;
    let live = !settings.test_mode;
    Ok(Account { id: settings.account.unwrap_or_else(|| "unnamed".to_owned()), display_name: None, live })
}
