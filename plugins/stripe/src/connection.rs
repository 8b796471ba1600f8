//! Who the key belongs to: `GET /v1/balance`, then `GET /v1/account`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Account, ErrorKind, Result, log};
use serde::Deserialize;

use crate::api::{self, Settings};

/// The balance, of which only its mode is wanted.
#[derive(Deserialize)]
struct Balance {
    livemode: bool,
}

/// Asks Stripe who we are. The balance says whether it is live, which the account does not, and
/// every key that this gateway can work with may read it. The account itself is hidden from many
/// restricted keys, so it may stay unnamed.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    let Balance { livemode: live } = api::send(Request::get("/v1/balance"), &settings)?.json()?;
    match api::send(Request::get("/v1/account"), &settings) {
        Ok(response) => response.read(|account| Account { id: account.text("id"), display_name: name(account), live }),
        Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound) => {
            log::info("the key may not read its account, so the account stays unnamed", &[]);
            let id = settings.account.unwrap_or_else(|| "unnamed".to_owned());
            Ok(Account { id, display_name: None, live })
        }
        Err(error) => Err(error),
    }
}

/// The name by which a person would know an account.
fn name(account: &Fields<'_>) -> Option<String> {
    let profile = account.inner("business_profile", |profile| profile.text_some("name")).flatten();
    let dashboard = |settings: &Fields<'_>| settings.inner("dashboard", |shown| shown.text_some("display_name"));
    let shown = account.inner("settings", dashboard).flatten().flatten();
    let names = [profile, shown, account.text_some("email")];
    names.into_iter().flatten().find(|name| !name.is_empty())
}
