//! Members and channels as records that the host pulls. Nothing is written back: both are kept in Slack.

use gatehouse_sdk::json::Object;
use gatehouse_sdk::messaging::channels::Channel;
use gatehouse_sdk::sync::{Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result};

use crate::directory::{self, Found};

/// Reads a page of an entity. A run has seen all when its last page was read.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let (records, cursor) = match entity {
        "members" => {
            let (found, next) = directory::member_page(cursor, Some(limit))?;
            (found.into_iter().map(member).collect(), next)
        }
        "channels" => {
            let (found, next) = directory::channel_page(cursor, Some(limit), true)?;
            let record = |channel: Channel| {
                let data = Object::of(&channel).to_string();
                RecordData { id: channel.id, updated_at_ms: None, deleted: false, data }
            };
            (found.into_iter().map(record).collect::<Vec<_>>(), next)
        }
        other => return Err(unknown(other)),
    };
    let complete = cursor.is_none();
    Ok(Page { records, cursor, complete })
}

/// A member who is gone stays in Slack's list.
fn member(found: Found) -> RecordData {
    let Found { member, updated_at_ms } = found;
    let data = Object::of(&member).to_string();
    RecordData { id: member.id, updated_at_ms, deleted: !member.active, data }
}

/// Refuses what the manifest does not offer.
pub(crate) fn push(entity: &str) -> Result<Vec<Outcome>> {
    match entity {
        "members" | "channels" => {
            Err(Error::unsupported(format!("`{entity}` are kept in slack; they are only pulled")))
        }
        other => Err(unknown(other)),
    }
}

fn unknown(entity: &str) -> Error {
    Error::unsupported(format!("`{entity}` is not synchronised; members and channels are"))
}
