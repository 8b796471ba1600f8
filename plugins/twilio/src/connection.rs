//! Who the credential belongs to: `GET /2010-04-01/Accounts/{sid}.json`.

use gatehouse_sdk::http::{self, Request};
use gatehouse_sdk::{Account, Error, ErrorKind, Result, log};

use crate::api::{self, Settings};

/// Asks for the account. A standard API key may not read it and works for everything else: then one message is
/// asked for, and the account stays unnamed.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    let path = format!("{}.json", http::path(&["2010-04-01", "Accounts", &settings.account])?);
    let response = match api::send(Request::get(path)) {
        Ok(response) => response,
        Err(error) if matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Forbidden) => {
            return unnamed(settings);
        }
        Err(error) => return Err(error),
    };
    let (account, status) = response.read(|account| {
        let live = account.str_some("type") != Some("Trial");
        let named = Account { id: account.text("sid"), display_name: account.text_some("friendly_name"), live };
        (named, account.text_some("status"))
    })?;
    match status.as_deref() {
        None | Some("active") => Ok(account),
        Some(status) => Err(Error::forbidden(format!("the account {} is {status}", account.id))),
    }
}

fn unnamed(settings: Settings) -> Result<Account> {
    let page = api::send(Request::get(settings.messages()?).query("PageSize", 1))?;
    page.read(|list| list.items("messages").len())?;
    log::info("the key may not read its account, so the account stays unnamed", &[]);
    Ok(Account { id: settings.account, display_name: None, live: true })
}
