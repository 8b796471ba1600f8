//! Whose token it is: `GET /gmail/v1/users/me/profile`, and whether it reaches Calendar as well.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Account, Result};

use crate::api;

/// Asks for the mailbox's address and the main calendar's name.
pub(crate) fn test() -> Result<Account> {
    let (id, _) = profile()?;
    let calendar = api::send(Request::get(api::calendar(&["users", "me", "calendarList", api::MAIN])?))?;
    let display_name = calendar.read(|calendar| calendar.text_some("summary"))?;
    Ok(Account { id, display_name, live: true })
}

/// The mailbox's address, and its history up to now.
pub(crate) fn profile() -> Result<(String, u64)> {
    let profile = api::send(Request::get(api::mail(&["profile"])?))?;
    profile.read(|profile| (profile.text("emailAddress"), api::number(profile, "historyId")))
}
