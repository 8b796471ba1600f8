//! Mail as records that the host pulls: everything first, then what Gmail's history says has changed since the
//! everything was begun (its page "Synchronize clients with Gmail").

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::sync::{Page, RecordData};
use gatehouse_sdk::{Error, Result, paging};

use crate::api::{self, Settings};
use crate::{connection, mailbox, message};

/// Where a pull has got to, as JSON.
#[derive(Default)]
struct Place {
    /// The history up to here is known.
    since: u64,
    /// The next page of everything, while that is read.
    page: Option<String>,
    /// How many mails of the history's page were read, where they are more than a call can.
    skip: usize,
}

impl Place {
    fn read(cursor: &str) -> Result<Self> {
        let read = |place: &Fields<'_>| Self {
            since: place.count_some("since").unwrap_or_default(),
            page: place.text_some("page"),
            skip: place.count_some("skip").and_then(|skip| usize::try_from(skip).ok()).unwrap_or_default(),
        };
        let place = json::read(cursor.as_bytes(), read).ok().filter(|place| place.since > 0);
        place.ok_or_else(|| Error::invalid_input("`cursor` is not one of this list; give the one of the page before"))
    }

    fn cursor(self) -> String {
        let skip = Some(self.skip).filter(|skip| *skip > 0);
        Object::new().set("since", self.since).set_some("page", self.page).set_some("skip", skip).to_string()
    }
}

/// Reads a page. A history that Gmail has forgotten is its 404: then the host begins anew.
pub(crate) fn pull(cursor: Option<&str>, limit: u32) -> Result<Page> {
    let count = paging::limit(Some(limit), mailbox::USUAL_PAGE, mailbox::LARGEST_PAGE)?;
    let label = Settings::load()?.label;
    match cursor.map(Place::read).transpose()? {
        None => everything(Place { since: connection::profile()?.1, ..Place::default() }, label.as_deref(), count),
        Some(place) if place.page.is_some() => everything(place, label.as_deref(), count),
        Some(place) => changes(place, label.as_deref(), count),
    }
}

fn everything(place: Place, label: Option<&str>, count: u32) -> Result<Page> {
    let (ids, next) = mailbox::ids(count, label, None, place.page.as_deref())?;
    let records = records(&ids, label)?;
    let cursor = Some(Place { since: place.since, page: next, skip: 0 }.cursor());
    Ok(Page { records, cursor, complete: false })
}

/// Reads what changed. The pull is at its end where nothing has, and then has seen everything.
fn changes(place: Place, label: Option<&str>, count: u32) -> Result<Page> {
    let get = Request::get(api::mail(&["history"])?).query("startHistoryId", place.since).query("maxResults", count);
    let (changed, last, now, more) = api::send(get)?.read(|list| {
        let mut changed: Vec<String> = Vec::new();
        let entries = list.each("history", |entry| {
            touched(entry, &mut changed);
            api::number(entry, "id")
        });
        (changed, entries.into_iter().max(), api::number(list, "historyId"), list.get("nextPageToken").is_some())
    })?;
    let ids: Vec<String> = changed.iter().skip(place.skip).take(count as usize).cloned().collect();
    let records = records(&ids, label)?;
    let read = place.skip.saturating_add(ids.len());
    let next = if read < changed.len() {
        Place { skip: read, ..place }
    } else {
        let since = if more { last.unwrap_or(now) } else { now };
        if since <= place.since {
            return Ok(Page { records, cursor: None, complete: true });
        }
        Place { since, ..Place::default() }
    };
    Ok(Page { records, cursor: Some(next.cursor()), complete: false })
}

/// The mails that an entry of the history names, each once.
fn touched(entry: &Fields<'_>, to: &mut Vec<String>) {
    let mut note = |id: String| {
        if !to.contains(&id) {
            to.push(id);
        }
    };
    for kind in ["messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved"] {
        for change in entry.items(kind) {
            let id = change.get("message").and_then(|message| message.get("id")).and_then(Value::as_str);
            match id {
                Some(id) => note(id.to_owned()),
                None => entry.wrong(kind, "one names no message"),
            }
        }
    }
}

/// The records of these mails. What is not there, in the trash, or without the label is gone.
fn records(ids: &[String], label: Option<&str>) -> Result<Vec<RecordData>> {
    let mut records = Vec::new();
    for id in ids {
        let found = mailbox::each(id, |mail| {
            let has = |label| message::has_label(mail, label);
            let gone = has("TRASH") || has("SPAM") || label.is_some_and(|label| !has(label));
            (message::mail(mail), gone)
        })?;
        records.push(match found {
            Some((mail, false)) => {
                let data = Object::of(&mail).to_string();
                RecordData { id: mail.id, updated_at_ms: None, deleted: false, data }
            }
            _ => gone(id),
        });
    }
    Ok(records)
}

/// A record that is not there any more.
pub(crate) fn gone(id: &str) -> RecordData {
    let data = Object::new().set("id", id).to_string();
    RecordData { id: id.to_owned(), updated_at_ms: None, deleted: true, data }
}
