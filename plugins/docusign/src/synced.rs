//! Envelopes as records that the host pulls. Docusign's are not written by a sync: to send one is a capability.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::envelopes;

/// Reads a page, oldest change first. The cursor is a moment and how many of those changed since then were read:
/// `1772353800000.100`. It goes on from the last change, as envelopes move while they are read; only where a whole page
/// changed in the same moment does it count.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    if entity != "envelopes" {
        return Err(Error::unsupported(format!("`{entity}` is not synchronised; envelopes are")));
    }
    let (since, offset) = match cursor {
        None => (0, 0),
        Some(cursor) => {
            let (since, offset) = cursor.split_once('.').unwrap_or((cursor, "x"));
            (paging::number(Some(since), 0)?, paging::number(Some(offset), 0)?)
        }
    };
    let (found, more) = envelopes::page(since, offset, Some(limit), None)?;
    let mut records = Vec::new();
    for one in &found {
        let data = if one.deleted { "{}".to_owned() } else { Object::of(&one.envelope).to_string() };
        let updated_at_ms = one.envelope.updated_at_ms;
        records.push(RecordData { id: one.envelope.id.clone(), updated_at_ms, deleted: one.deleted, data });
    }
    let last = records.iter().rev().find_map(|record| record.updated_at_ms).filter(|last| *last > since);
    let next = match (more, last) {
        (None, _) => None,
        (Some(_), Some(last)) if records.len() > 1 => Some(format!("{last}.0")),
        (Some(offset), _) => Some(format!("{since}.{offset}")),
    };
    let complete = cursor.is_none() && next.is_none();
    Ok(Page { records, cursor: next, complete })
}

/// Refuses every change.
pub(crate) fn push(entity: &str, changes: &[Change]) -> Result<Vec<Outcome>> {
    let count = changes.len();
    Err(Error::unsupported(format!("`{entity}` is not written, so {count} changes were not; call SEND_ENVELOPE")))
}
