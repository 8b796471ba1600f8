//! The members of one audience as records that the host pulls and pushes.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Object};
use gatehouse_sdk::marketing::subscribers::{Subscriber, SubscriberRequest};
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, Settings};
use crate::subscribers;

/// The one entity.
const SUBSCRIBERS: &str = "subscribers";

/// Reads a page, oldest change first. The cursor is a moment and how many of the members changed since then were
/// read: `1772353800000.100`. It goes on from the last change, as members move while they are read; only where a whole
/// page changed in the same second does it count.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let audience = audience(entity)?;
    let count = paging::limit(Some(limit), api::USUAL_PAGE, api::LARGEST_PAGE)?;
    let (since, offset) = match cursor {
        None => (None, 0),
        Some(cursor) => place(cursor)?,
    };
    let get = subscribers::members(&audience, count, offset, since)?;
    let found = api::send(get)?.read(|list| {
        list.each("members", |member| (subscribers::member(member), member.str_some("status") == Some("archived")))
    })?;
    let whole = found.len() >= count as usize;
    let moments: Vec<u64> = found.iter().filter_map(|(member, _)| member.updated_at_ms).collect();
    let next = match (moments.first(), moments.last()) {
        _ if !whole => None,
        (Some(first), Some(last)) if first != last && since.is_none_or(|since| *last > since) => {
            Some(format!("{last}.0"))
        }
        _ => Some(format!("{}.{}", since.unwrap_or_default(), offset.saturating_add(found.len() as u64))),
    };
    let complete = cursor.is_none() && next.is_none();
    Ok(Page { records: found.into_iter().map(record).collect(), cursor: next, complete })
}

/// Writes members, each for itself. A deleted one is archived, which keeps what Mailchimp knows of it.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    let audience = audience(entity)?;
    let write = |change: Change| Outcome { status: write(&audience, &change), reference: change.reference };
    Ok(changes.into_iter().map(write).collect())
}

fn audience(entity: &str) -> Result<String> {
    if entity != SUBSCRIBERS {
        return Err(Error::unsupported(format!("`{entity}` is not synchronised; `{SUBSCRIBERS}` is")));
    }
    let audience = Settings::load()?.audience;
    audience.ok_or_else(|| Error::invalid_input("the setting `audience` is absent; name the audience to synchronise"))
}

/// The moment 0 stands for the beginning.
fn place(cursor: &str) -> Result<(Option<u64>, u64)> {
    let (since, offset) = cursor.split_once('.').unwrap_or((cursor, "x"));
    let since = paging::number(Some(since), 0)?;
    Ok(((since > 0).then_some(since), paging::number(Some(offset), 0)?))
}

fn record((member, archived): (Subscriber, bool)) -> RecordData {
    let data = Object::of(&member).to_string();
    RecordData { id: member.id, updated_at_ms: member.updated_at_ms, deleted: archived, data }
}

/// Writes one change and answers with the member's id.
fn write(audience: &str, change: &Change) -> Result<String> {
    let wrong = |problem| Error::invalid_input(format!("the record does not have the expected shape: {problem}"));
    if change.deleted {
        let Some(id) = change.id.as_deref() else {
            return Err(Error::invalid_input("a record to delete needs its `id`"));
        };
        api::send(Request::delete(api::path(&["lists", audience, "members", id])?))?;
        return Ok(id.to_owned());
    }
    let request = json::read(change.data.as_bytes(), |record| wanted(audience, record)).map_err(wrong)?;
    Ok(subscribers::save(&request)?.id)
}

fn wanted(audience: &str, record: &Fields<'_>) -> SubscriberRequest {
    let status = record.str_some("status").map(|name| {
        let status = subscribers::named(name);
        if status.is_none() {
            record.wrong("status", format!("`{name}` is none of subscribed, pending, unsubscribed and suppressed"));
        }
        status
    });
    let pair = |pair: &json::Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    let fields: Option<Vec<_>> = record.items("fields").iter().map(pair).collect();
    if fields.is_none() {
        record.wrong("fields", "is no list of pairs of texts");
    }
    SubscriberRequest {
        audience: audience.to_owned(),
        email: record.text("email"),
        status: status.flatten(),
        first_name: record.text_some("first_name"),
        last_name: record.text_some("last_name"),
        fields,
    }
}
