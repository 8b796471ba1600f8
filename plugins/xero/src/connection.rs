//! Whose books these are: `GET /Organisation`.

use gatehouse_sdk::connection::Guest;
use gatehouse_sdk::json::read_value;
use gatehouse_sdk::{Account, Result};

use crate::{Xero, api};

const LIST: &str = "Organisations";

impl Guest for Xero {
    /// Asks for the organisation. The demo company is not live.
    fn test() -> Result<Account> {
        read().map(|(account, _)| account)
    }
}

/// The currency in which the books are kept; prices of items have no other.
pub(crate) fn currency() -> Result<String> {
    read().map(|(_, currency)| currency)
}

#[inline(never)]
fn read() -> Result<(Account, String)> {
    api::one(&api::get(&["Organisation"])?, LIST, |organisation| {
        read_value(organisation, |organisation| {
            let account = Account {
                id: organisation.text("OrganisationID"),
                display_name: organisation.filled("Name"),
                live: !organisation.flag("IsDemoCompany"),
            };
            (account, organisation.text("BaseCurrency"))
        })
    })
}
