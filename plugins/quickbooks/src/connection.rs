//! Whose books these are: `GET /companyinfo/{realm}`, and the currency they are kept in: `GET /preferences`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Value, read_value};
use gatehouse_sdk::{Account, Result};

use crate::api;

/// Asks for the company. Those of the sandbox have a host of their own, by which the host knows them.
pub(crate) fn test() -> Result<Account> {
    let realm = api::realm()?;
    let response = api::send(Request::get(api::path(&["companyinfo", &realm])?))?;
    api::one(&response, "CompanyInfo", |company| {
        // That the name is there shows that this is a company at all; its own id is always `1`.
        read_value(company, |company| Account {
            id: realm.clone(),
            display_name: Some(company.text("CompanyName")),
            live: true,
        })
    })
}

/// The currency in which the books are kept; prices of items have no other.
#[inline(never)]
pub(crate) fn currency() -> Result<String> {
    let response = api::send(Request::get(api::path(&["preferences"])?))?;
    api::one(&response, "Preferences", |preferences| {
        read_value(preferences, |preferences| {
            let home =
                preferences.inner("CurrencyPrefs", |currency| api::reference(currency, "HomeCurrency")).flatten();
            home.unwrap_or_else(|| {
                preferences.wrong("CurrencyPrefs", "has no home currency");
                String::new()
            })
        })
    })
}

/// Gives documents that name no currency that of the books, which is read where there is one such.
#[inline(never)]
pub(crate) fn complete(found: &mut [Value]) -> Result<()> {
    // One that was deleted has no amount either.
    if !found.iter().any(|found| found.get("TotalAmt").is_some() && found.get(api::CURRENCY).is_none()) {
        return Ok(());
    }
    let home = currency()?;
    for found in found {
        api::in_currency(found, &home);
    }
    Ok(())
}
