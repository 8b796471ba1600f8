//! What became of a mail whose answer was lost: each carries our key as a custom argument, by which the email activity
//! finds it, `GET /v3/messages`. Only accounts that bought this history have it.

use gatehouse_sdk::email::SentEmail;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, Result};

use crate::api;
use crate::mails::{KEY, LABEL};

/// Looks for the mail. How late one may appear is not published, so the manifest lets no `absent` be believed.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    if !matches!(write.capability.as_str(), "SEND_EMAIL" | "SEND_TEMPLATE_EMAIL") {
        return Err(Error::unsupported(format!("a look-up of `{}` is not needed; repeat it", write.capability)));
    }
    let key = write.key_for(LABEL);
    // By single characters: what is searched for stands between quotes.
    if key.contains('"') || key.contains('\\') {
        return Err(Error::unsupported("a key with a quote or a backslash can not be searched for at sendgrid"));
    }
    let get = api::get("/v3/messages")?.query("query", format!("(unique_args['{KEY}']=\"{key}\")")).query("limit", 1);
    let found = api::send(get)?.read(|activity| {
        if activity.get("messages").is_none() {
            activity.wrong("messages", "is missing");
        }
        activity.each("messages", |mail| mail.text("msg_id"))
    })?;
    match found.first() {
        Some(id) => Finding::found(&SentEmail { id: Some(api::mail_id(id).to_owned()) }),
        None => Ok(Finding::Absent),
    }
}
