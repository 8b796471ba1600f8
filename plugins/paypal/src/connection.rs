//! Whether the app works: `GET /v1/notifications/webhooks`.

use gatehouse_sdk::{Account, Result};

use crate::api;

/// Asks for the app's webhooks. `PayPal`'s descriptions have no call that says whose app it is. Whether it
/// is one of the sandbox is the integration's environment, which the host knows.
pub(crate) fn test() -> Result<Account> {
    api::get("/v1/notifications/webhooks".to_owned())?.read(|list| list.items("webhooks").len())?;
    Ok(Account { id: "unnamed".to_owned(), display_name: None, live: true })
}
