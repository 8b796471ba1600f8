//! OAuth 2: whose app it is, how a person's consent becomes tokens, and how they stay good. What
//! touches a secret is the broker's; here it is decided what happens, in which order, and what is
//! durable when.
//!
//! Read in this order: apps and their secrets, how a flow begins and ends, then how a token is used, renewed (also
//! where nobody calls) and given back, and last what is sealed.

mod app_secrets;
mod apps;
mod begin;
mod end;
mod finish;
mod flights;
mod idle;
mod refresh;
mod revoke;
mod sealing;
mod settle;
mod sign_in;
mod status;
mod tokens;

pub(crate) use app_secrets::AppSecret;
pub use apps::{App, NewApp};
pub use begin::{Begun, Link, LinkAsk, WhoAsks};
pub use end::{Callback, Ended};
pub(crate) use flights::Flights;
pub(crate) use idle::{KEEP, Keep, Renew};
pub(crate) use revoke::GiveBack;
pub(crate) use tokens::Access;

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::time::{SignedDuration, Timestamp};

/// A moment after `now`.
fn after(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

/// What to do for an integration that has no token that works.
fn connect_again(id: IntegrationId) -> String {
    format!("send a person to GET /api/v1/integrations/{id}/oauth/url")
}

#[cfg(test)]
mod tests;
