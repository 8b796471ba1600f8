//! Whose books these are: `GET /companyinfo/{realm}`, and the currency they are kept in: `GET /preferences`.

use gatehouse_sdk::connection::Guest;
use gatehouse_sdk::json::{Value, read_value};
use gatehouse_sdk::{Account, Result};

use crate::{QuickBooks, api};

impl Guest for QuickBooks {
    /// Asks for the company. Those of the sandbox have a host of their own, by which the host knows them.
    fn test() -> Result<Account> {
        let realm = api::realm()?;
        let response = api::get(&["companyinfo", &realm])?;
        // That the name is there shows that this is a company at all; its own id is always `1`.
        let name = |company: &Value| read_value(company, |company| company.text("CompanyName"));
        Ok(Account { id: realm, display_name: Some(api::one(&response, "CompanyInfo", name)?), live: true })
    }
}

/// The currency in which the books are kept; prices of items have no other.
#[inline(never)]
pub(crate) fn currency() -> Result<String> {
    api::one(&api::get(&["preferences"])?, "Preferences", |preferences| {
        read_value(preferences, |preferences| {
            let home =
                preferences.inner("CurrencyPrefs", |currency| api::reference(currency, "HomeCurrency")).flatten();
            if home.is_none() {
                preferences.wrong("CurrencyPrefs", "has no home currency");
            }
            home.unwrap_or_default()
        })
    })
}

/// Gives documents that name no currency that of the books, which is read where there is one such.
#[inline(never)]
pub(crate) fn complete(found: &mut [Value]) -> Result<()> {
    // One that was deleted has no amount either, and neither has what is no document.
    if !found.iter().any(|found| found.get("TotalAmt").is_some() && found.get(api::CURRENCY).is_none()) {
        return Ok(());
    }
    let home = currency()?;
    for found in found {
        api::in_currency(found, &home);
    }
    Ok(())
}
