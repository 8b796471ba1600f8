//! What became of a write whose answer was lost. What was sent is found by our key, what was called back by itself.

use gatehouse_sdk::documents::EnvelopeStatus;
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, Result};

use crate::{api, envelopes};

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    match write.capability.as_str() {
        "SEND_ENVELOPE" | "SEND_TEMPLATE_ENVELOPE" => match sent(&write.key_for("send"))? {
            Some(id) => Finding::found(&envelopes::get(&id)?),
            None => Ok(Finding::Absent),
        },
        "VOID_ENVELOPE" => {
            let envelope = envelopes::get(&write.read(|fields| fields.text("id"))?)?;
            match envelope.status {
                EnvelopeStatus::Voided => Finding::found(&envelope),
                _ => Ok(Finding::Absent),
            }
        }
        other => Err(Error::unsupported(format!("docusign keeps nothing by which `{other}` could be found"))),
    }
}

/// The envelope that was sent with a key.
#[inline(never)]
fn sent(key: &str) -> Result<Option<String>> {
    let request = Request::get(api::path(&["envelopes"])?).query("transaction_ids", key);
    api::send(request)?.read(|list| {
        if list.get("resultSetSize").is_none() {
            list.wrong("resultSetSize", "is not there");
        }
        let id = |found: &Fields<'_>| api::some(found, "envelopeId");
        let mut found = list.each("envelopeTransactionStatuses", id);
        found.extend(list.each("envelopes", id));
        found.into_iter().flatten().next()
    })
}
