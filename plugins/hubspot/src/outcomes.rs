//! What became of a create. With a property for our key it is known; without one, only that no such object was created
//! can be proven. All other writes may simply be repeated.

use gatehouse_sdk::outcomes::{Finding, Write};
use gatehouse_sdk::{Error, ErrorKind, Result, json};

use crate::api::{self, COMPANIES, CONTACTS, DEALS, Kind, Search};

/// How far Hubspot's clock and ours may be apart, in milliseconds.
const SKEW_MS: u64 = 300_000;

/// Looks for what a write did.
pub(crate) fn look_up(write: &Write) -> Result<Finding> {
    let (kind, name) = match write.capability.as_str() {
        "CREATE_CONTACT" => (&CONTACTS, "email"),
        "CREATE_COMPANY" => (&COMPANIES, "name"),
        "CREATE_OPPORTUNITY" => (&DEALS, "name"),
        other => return Err(Error::unsupported(format!("a look-up of `{other}` is not needed; repeat it"))),
    };
    match api::reference_property()? {
        Some(property) => ours(kind, &write.key_for("create"), &property),
        None => alike(kind, write, name),
    }
}

/// Reads the object by our key, which no other has.
fn ours(kind: &Kind, key: &str, property: &str) -> Result<Finding> {
    match api::get(kind, key, Some(property)) {
        Ok(found) => Ok(Finding::Done(json::text(&found.record(kind).into()))),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Finding::Absent),
        Err(error) => Err(error),
    }
}

/// Reads what was created since. Another may have made one that looks the same, so nothing but its absence is known.
fn alike(kind: &Kind, write: &Write, name: &str) -> Result<Finding> {
    let sent = write.read(|fields| fields.text_some(name))?;
    let theirs = kind.fields.iter().find(|(ours, _)| *ours == name).map_or(name, |(_, theirs)| theirs);
    let since = write.first_sent_at_ms.saturating_sub(SKEW_MS).to_string();
    let filter = Some(api::filter("createdate", "GTE", &since));
    let wanted = Search { filter, query: None, limit: Some(200), offset: 0, more: &[] };
    let (found, next) = api::search(kind, wanted)?;
    let is_it = |value: &str| sent.as_deref().is_some_and(|sent| sent.trim_ascii().eq_ignore_ascii_case(value));
    let one = found.iter().any(|object| sent.is_none() || object.value(theirs).is_some_and(is_it));
    Ok(if one || next.is_some() { Finding::Pending } else { Finding::Absent })
}
