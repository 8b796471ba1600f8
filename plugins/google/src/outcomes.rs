//! What became of a write whose answer was lost: a mail is found among those sent by the header that it carries, an
//! event by its id.

use gatehouse_sdk::email::SentEmail;
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, ErrorKind, Result};

use crate::{api, events, mail, mailbox, message};

/// How far Google's clock and ours may be apart, in seconds.
const SKEW: u64 = 300;

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    match write.capability.as_str() {
        "SEND_EMAIL" => sent(write),
        "CREATE_CALENDAR_EVENT" => {
            let calendar = write.read(|request| request.text_some("calendar"))?;
            match events::get(calendar.as_deref(), &api::mark(&write.key_for(events::LABEL))) {
                Ok(event) => Finding::found(&event),
                Err(error) if error.kind == ErrorKind::NotFound && error.http_status == Some(404) => {
                    Ok(Finding::Absent)
                }
                Err(error) => Err(error),
            }
        }
        other => Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
    }
}

/// Reads the mails that were sent in that time, as many as one call can.
fn sent(write: &Write) -> Result<Finding> {
    let reference = api::mark(&write.key_for(mail::LABEL));
    let since = (write.first_sent_at_ms / 1000).saturating_sub(SKEW);
    let until = (write.last_sent_at_ms / 1000).saturating_add(SKEW);
    let query = format!("after:{since} before:{until}");
    let (ids, more) = mailbox::ids(mailbox::LARGEST_PAGE, Some("SENT"), Some(&query), None)?;
    for id in ids {
        let get = Request::get(api::mail(&["messages", &id])?)
            .query("format", "metadata")
            .query("metadataHeaders", mail::REFERENCE);
        let ours = api::send(get)?.read(|found| {
            let read = |top: &Fields<'_>| message::named(&message::headers(top), mail::REFERENCE) == Some(&reference);
            if found.get("payload").is_none() {
                found.wrong("payload", "it is absent");
            }
            found.inner("payload", read).unwrap_or_default()
        })?;
        if ours {
            return Finding::found(&SentEmail { id: Some(id) });
        }
    }
    match more {
        None => Ok(Finding::Absent),
        Some(_) => Err(Error::provider(format!(
            "more than {} mails were sent in that time, and it is none of the newest",
            mailbox::LARGEST_PAGE
        ))),
    }
}
