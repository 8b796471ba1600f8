//! Whether the key is good and what the account may send: `GET /v2/email/account`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result};

use crate::api::{self, Settings};

/// SES names no account to a key, so it is named after its region. It is live once it is out of the sandbox, in which
/// SES sends to verified addresses alone, and as long as its sending is not paused.
pub(crate) fn test() -> Result<Account> {
    let region = Settings::load()?.region;
    api::send(Request::get("/v2/email/account"))?.read(|account| {
        if account.get("SendQuota").is_none() {
            account.wrong("SendQuota", "is missing");
        }
        let display_name = Some(format!("SES in {region}"));
        let live = account.flag("ProductionAccessEnabled") && account.flag("SendingEnabled");
        Account { id: region, display_name, live }
    })
}
