//! `Message`: an SMS, MMS or `WhatsApp` message, ours or somebody else's.

use gatehouse_sdk::json::Fields;
use gatehouse_sdk::messaging::{Message, MessageStatus};
use gatehouse_sdk::time;

/// A message, and what tells whether it is one of ours.
pub(crate) struct Found {
    /// The message in our words.
    pub(crate) message: Message,
    /// When it was made, in milliseconds since 1970.
    pub(crate) created_at_ms: Option<u64>,
    /// Whether we sent it.
    pub(crate) outbound: bool,
}

/// Reads a message.
#[inline(never)]
pub(crate) fn message(found: &Fields<'_>) -> Found {
    let service = found.text_some("messaging_service_sid");
    let message = Message {
        id: found.text("sid"),
        status: status(found),
        // A service chooses the number later; until then the service is all that is known.
        sender: found.text_some("from").or(service),
        to: found.text("to"),
        text: found.text_some("body").unwrap_or_default(),
        reply_to: None,
        url: None,
        failure_code: found.integer_some("error_code").map(|code| code.to_string()),
        sent_at_ms: moment(found, "date_sent"),
    };
    let outbound = found.str_some("direction").is_none_or(|direction| direction != "inbound");
    Found { message, created_at_ms: moment(found, "date_created"), outbound }
}

fn status(found: &Fields<'_>) -> MessageStatus {
    let status = found.text("status");
    in_our_words(&status).unwrap_or_else(|| {
        found.wrong("status", format!("a message can not be `{status}`"));
        MessageStatus::Queued
    })
}

/// Twilio's status in ours (its page "Message resource", `status`).
pub(crate) fn in_our_words(status: &str) -> Option<MessageStatus> {
    Some(match status {
        "accepted" | "scheduled" | "queued" | "sending" => MessageStatus::Queued,
        "sent" | "partially_delivered" => MessageStatus::Sent,
        "delivered" => MessageStatus::Delivered,
        "read" => MessageStatus::Read,
        "failed" | "undelivered" | "canceled" => MessageStatus::Failed,
        "receiving" | "received" => MessageStatus::Received,
        _ => return None,
    })
}

/// A moment that Twilio writes as mail does: `Fri, 24 May 2019 17:44:46 +0000`.
fn moment(found: &Fields<'_>, name: &str) -> Option<u64> {
    let text = found.str_some(name)?;
    let moment = time::parse_rfc2822(text);
    if moment.is_none() {
        found.wrong(name, "this is no moment");
    }
    moment
}
