//! Whose account it is: `GET /3.0/`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result};

use crate::api;

/// Asks for the account. Mailchimp has no accounts for tests.
pub(crate) fn test() -> Result<Account> {
    api::send(Request::get("/3.0/"))?.read(|account| Account {
        id: account.text("account_id"),
        display_name: account.text_some("account_name"),
        live: true,
    })
}
