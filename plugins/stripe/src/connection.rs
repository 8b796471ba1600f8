//! Who the key belongs to: `GET /v1/balance`, then `GET /v1/account`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, ErrorKind, Result, log};

use crate::api::{self, Balance, Settings};

/// Asks Stripe who we are. The balance says whether it is live, which the account does not, and
/// every key that this gateway can work with may read it. The account itself is hidden from many
/// restricted keys, so it may stay unnamed.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    let balance: Balance = api::read(&api::send(Request::get("/v1/balance"), &settings)?)?;
    let live = balance.livemode;
    match api::send(Request::get("/v1/account"), &settings) {
        Ok(response) => {
            let account: api::Account = api::read(&response)?;
            Ok(Account { display_name: account.display_name(), id: account.id, live })
        }
        Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound) => {
            log::info("the key may not read its account, so the account stays unnamed", &[]);
            let id = settings.account.unwrap_or_else(|| "unnamed".to_owned());
            Ok(Account { id, display_name: None, live })
        }
        Err(error) => Err(error),
    }
}
