//! Who the token belongs to: `GET auth.test`.

use gatehouse_sdk::{Account, Result};

use crate::api;

/// Asks Slack who we are. The account is the workspace and our user in it, joined: by it our own messages are known.
pub(crate) fn test() -> Result<Account> {
    api::send(api::get("auth.test"))?.read(|who| Account {
        id: format!("{}:{}", who.text("team_id"), who.text("user_id")),
        display_name: Some(format!("{} ({})", who.text("team"), who.text("user"))),
        live: true,
    })
}
