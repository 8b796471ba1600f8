//! Whose account it is: `GET /account-info/2026-03/details`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result};

use crate::api;

const DETAILS: &str = "/account-info/2026-03/details";

/// Asks for the account. Accounts for tests, sandboxes and developers are not live.
pub(crate) fn test() -> Result<Account> {
    details().map(|(account, _)| account)
}

/// The currency of amounts whose deal names none.
pub(crate) fn currency() -> Result<String> {
    details().map(|(_, currency)| currency)
}

#[inline(never)]
fn details() -> Result<(Account, String)> {
    api::send(Request::get(DETAILS))?.read(|details| {
        let account = Account {
            id: details.integer("portalId").to_string(),
            display_name: details.text_some("uiDomain"),
            live: details.str_some("accountType").is_none_or(|kind| kind == "STANDARD"),
        };
        (account, details.text("companyCurrency"))
    })
}
