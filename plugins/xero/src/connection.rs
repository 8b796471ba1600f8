//! Whose books these are: `GET /Organisation`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::read_value;
use gatehouse_sdk::{Account, Result};

use crate::api;

const LIST: &str = "Organisations";

/// Asks for the organisation. The demo company is not live.
pub(crate) fn test() -> Result<Account> {
    read().map(|(account, _)| account)
}

/// The currency in which the books are kept; prices of items have no other.
pub(crate) fn currency() -> Result<String> {
    read().map(|(_, currency)| currency)
}

#[inline(never)]
fn read() -> Result<(Account, String)> {
    let response = api::send(Request::get(api::path(&["Organisation"])?))?;
    api::one(&response, LIST, |organisation| {
        read_value(organisation, |organisation| {
            let account = Account {
                id: organisation.text("OrganisationID"),
                display_name: api::text(organisation, "Name"),
                live: !organisation.flag("IsDemoCompany"),
            };
            (account, organisation.text("BaseCurrency"))
        })
    })
}
