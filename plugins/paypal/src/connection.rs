//! Whether the app works: `GET /v1/notifications/webhooks`.

use gatehouse_sdk::{Account, Result};

use crate::api::{self, Settings};

/// Asks for the app's webhooks. `PayPal`'s descriptions have no call that says whose app it is.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    api::get("/v1/notifications/webhooks".to_owned(), &settings)?.read(|list| list.items("webhooks").len())?;
    Ok(Account { id: "unnamed".to_owned(), display_name: None, live: !settings.sandbox })
}
