//! Whose account it is: `GET /accounts/{account}`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result};

use crate::api;

/// Asks for the account. Those of the server for trials are not live.
pub(crate) fn test() -> Result<Account> {
    let live = api::connected()?.server != "demo";
    api::send(Request::get(api::path(&[])?))?.read(|account| Account {
        id: account.text("accountIdGuid"),
        display_name: api::some(account, "accountName"),
        live,
    })
}
