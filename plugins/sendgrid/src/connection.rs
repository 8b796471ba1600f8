//! Whose key it is: `GET /v3/scopes`, and `GET /v3/user/username` where the key may read that.

use gatehouse_sdk::json::Value;
use gatehouse_sdk::{Account, Result};

use crate::api::{self, Settings};

/// The scope that lets a key read whose it is.
const MAY_READ_ITS_NAME: &str = "user.username.read";

/// Asks what the key may do, which every key may ask. One for mail alone does not learn whose it is: its account then
/// is named after the subuser, or not at all.
pub(crate) fn test() -> Result<Account> {
    let settings = Settings::load()?;
    let live = !settings.sandbox;
    let told = api::send(api::get("/v3/scopes")?)?.read(|key| {
        if key.get("scopes").is_none() {
            key.wrong("scopes", "is missing");
        }
        key.items("scopes").iter().any(|scope| scope.as_str() == Some(MAY_READ_ITS_NAME))
    })?;
    if !told {
        let display_name = settings.subuser;
        let id = display_name.clone().unwrap_or_else(|| "unnamed".to_owned());
        return Ok(Account { id, display_name, live });
    }
    api::send(api::get("/v3/user/username")?)?.read(|user| Account {
        id: match user.get("user_id") {
            Some(Value::Number(id)) => id.to_string(),
            _ => user.text("username"),
        },
        display_name: user.text_some("username"),
        live,
    })
}
