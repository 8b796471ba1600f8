//! What became of a message whose answer was lost. Twilio keeps nothing of ours with a message, so a message that
//! is found can not be told from another call's. What can be proven is that nothing went to the receiver while it
//! was being sent.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, Result};

use crate::api::{self, Settings};
use crate::{history, messages};

/// How far Twilio's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;
/// How many pages of a thousand are read before giving up.
const PAGES: usize = 5;

/// Looks for any message to the receiver in the time in which the write was sent: none is `absent`, and one is not
/// known to be this write's, so that a person has to settle it.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    if !matches!(write.capability.as_str(), "SEND_MESSAGE" | "SEND_TEMPLATE_MESSAGE") {
        return Err(Error::unsupported(format!("`{}` is no write of this gateway", write.capability)));
    }
    let settings = Settings::load()?;
    let (to, sender) = write.read(|request| (request.text("to"), request.text_some("sender")))?;
    let to = messages::receiver(&to, sender.or(settings.sender.clone()).as_deref().unwrap_or_default());
    if !is_exact(&to) {
        // Twilio would have written the number in its own way, and the list knows only that.
        return Ok(Finding::Pending);
    }
    let (from, until) = (write.first_sent_at_ms.saturating_sub(SKEW_MS), write.last_sent_at_ms.saturating_add(SKEW_MS));
    let mut get = Request::get(settings.messages()?).query("To", &to).query("PageSize", 1000);
    for _ in 0..PAGES {
        let (found, next) = api::send(get)?.read(history::page)?;
        let sent = found.iter().filter(|found| found.outbound);
        // One without a moment may be it.
        if sent.clone().any(|found| found.created_at_ms.is_none_or(|at| at >= from && at <= until)) {
            return Ok(Finding::Pending);
        }
        let Some(next) = next.filter(|_| found.iter().all(|found| found.created_at_ms.is_none_or(|at| at >= from)))
        else {
            return Ok(Finding::Absent);
        };
        get = history::turned(Request::get(settings.messages()?), &next)?;
    }
    Err(Error::provider(format!("there are more than {PAGES} pages of messages to the receiver")))
}

/// Whether an address is written as Twilio keeps it: E.164, with the channel before it where there is one.
fn is_exact(to: &str) -> bool {
    let number = to.split_once(':').map_or(to, |(_, number)| number);
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
