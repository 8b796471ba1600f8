//! What became of a write. Saving and tagging a member may simply be repeated; an event carries our key; a campaign
//! that was sent says so. Of a draft, only that there is none can be proven.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Value;
use gatehouse_sdk::marketing::campaigns::CampaignStatus;
use gatehouse_sdk::marketing::subscriber_events::TrackedEvent;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, Result};

use crate::events::KEY;
use crate::{api, campaigns};

/// How far Mailchimp's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;
/// How many pages of a thousand are read before giving up.
const PAGES: u64 = 5;

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    match write.capability.as_str() {
        "TRACK_SUBSCRIBER_EVENT" => event(write),
        "SEND_CAMPAIGN" => {
            let campaign = campaigns::get(&write.read(|request| request.text("id"))?)?;
            let gone_out = matches!(campaign.status, CampaignStatus::Sending | CampaignStatus::Sent);
            if gone_out { Finding::found(&campaign) } else { Ok(Finding::Absent) }
        }
        "CREATE_CAMPAIGN" => draft(write),
        other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
    }
}

fn event(write: &Write) -> Result<Finding> {
    let key = write.key_for("event");
    let (audience, email) = write.read(|request| (request.text("audience"), request.text("email")))?;
    let path = api::member(&audience, &email, &["events"])?;
    for page in 0..PAGES {
        let get =
            Request::get(&path).query("count", api::LARGEST_PAGE).query("offset", page * u64::from(api::LARGEST_PAGE));
        let (ours, read) = api::send(get)?.read(|list| {
            let events = list.items("events");
            (events.iter().any(|event| key_of(event) == Some(key.as_str())), events.len())
        })?;
        if ours {
            return Finding::found(&TrackedEvent { email });
        }
        if read < api::LARGEST_PAGE as usize {
            return Ok(Finding::Absent);
        }
    }
    Err(Error::provider(format!("the member has more than {PAGES} pages of events")))
}

fn key_of(event: &Value) -> Option<&str> {
    event.get("properties")?.get(KEY)?.as_str()
}

/// Mailchimp keeps nothing of ours with a campaign: one of the same name may be another call's.
fn draft(write: &Write) -> Result<Finding> {
    let (audience, name) = write.read(|request| (request.text("audience"), request.text("name")))?;
    let since = write.first_sent_at_ms.saturating_sub(SKEW_MS);
    for page in 0..PAGES {
        let get = campaigns::campaigns(api::LARGEST_PAGE, page * u64::from(api::LARGEST_PAGE), Some(since));
        let get = get.query("list_id", &audience);
        let found = api::send(get)?.read(|list| list.each("campaigns", campaigns::campaign))?;
        if found.iter().any(|campaign| campaign.name == name) {
            return Ok(Finding::Pending);
        }
        if found.len() < api::LARGEST_PAGE as usize {
            return Ok(Finding::Absent);
        }
    }
    Err(Error::provider(format!("the audience has more than {PAGES} pages of new campaigns")))
}
