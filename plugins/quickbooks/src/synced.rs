//! Contacts, invoices, payments and items as records that the host pulls, and contacts as records that it pushes.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Mismatch, Object, Value, read_value};
use gatehouse_sdk::sync::{Change, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging, time};

use crate::api::{self, CHANGED, MADE, Wanted};
use crate::contacts::{self, CUSTOMER, Kind, VENDOR};
use crate::{catalogue, connection, invoices, payments};

/// How far behind the cursor changes are read, as `QuickBooks` does not show them at once.
const OVERLAP_MS: u64 = 60_000;
/// After this time the cursor goes on even where nothing changed: `QuickBooks` knows the changes of 30 days.
const STALE_MS: u64 = 86_400_000;
/// The most records that an answer with changes has.
const MOST_CHANGES: usize = 1000;

/// A kind of record, and the tables it stands in.
fn tables(entity: &str) -> Result<&'static [&'static str]> {
    match entity {
        "contacts" => Ok(&["Customer", "Vendor"]),
        "invoices" => Ok(&[invoices::TABLE]),
        "payments" => Ok(&[payments::TABLE]),
        "items" => Ok(&[catalogue::ITEMS]),
        _ => Err(Error::unsupported(format!(
            "`{entity}` is not synchronised; contacts, invoices, payments and items are"
        ))),
    }
}

/// Reads everything once, then what changed since that began. The cursor is `all.<began>.<table>.<made>.<place>`,
/// then `changes.<since>`; both moments are of `QuickBooks`' clock.
pub(crate) fn pull(entity: &str, cursor: Option<&str>, limit: u32) -> Result<Page> {
    let tables = tables(entity)?;
    let parts: Vec<&str> = cursor.map(|cursor| cursor.split('.').collect()).unwrap_or_default();
    match parts.as_slice() {
        [] => everything(tables, &Place { began: None, table: 0, made: 0, first: 1 }, limit),
        ["all", began, table, made, first] => {
            let number = |text: &str| paging::number(Some(text), 0);
            let place = Place {
                began: Some(number(began)?),
                table: number(table)?,
                made: number(made)?,
                first: number(first)?,
            };
            everything(tables, &place, limit)
        }
        ["changes", since] => changes(tables, paging::number(Some(since), 0)?),
        _ => Err(Error::invalid_input("the cursor is none of quickbooks'; read from the beginning")),
    }
}

/// How far everything was read.
struct Place {
    /// When that began; known from the first answer on.
    began: Option<u64>,
    /// In which table.
    table: u64,
    /// When the last record that was read was made.
    made: u64,
    /// The place of the first record among those made since then.
    first: u64,
}

/// Reads a page, oldest record first. It goes on from when the last one was made, so that what is deleted meanwhile
/// moves nothing; only where a whole page was made in the same second does it count.
fn everything(tables: &[&'static str], place: &Place, limit: u32) -> Result<Page> {
    let at = usize::try_from(place.table).ok().and_then(|index| tables.get(index).copied());
    let table = at.ok_or_else(|| Error::invalid_input("the cursor is of another entity; read from the beginning"))?;
    let wanted = if [invoices::TABLE, payments::TABLE].contains(&table) {
        Wanted::all(table)
    } else {
        Wanted::with_inactive(table)
    };
    let wanted = wanted.since(MADE, Some(place.made).filter(|made| *made > 0));
    let mut page = api::page(&wanted, Some(&place.first.to_string()), Some(limit))?;
    let began = place.began.unwrap_or(page.at_ms);
    let last = page.found.last().and_then(|last| read_value(last, |last| api::moment(last, MADE)).ok().flatten());
    let (next_table, is_last) = (place.table + 1, place.table + 1 == tables.len() as u64);
    let next = match (&page.next, last.map(|last| last / 1000 * 1000)) {
        (None, _) if is_last => format!("changes.{began}"),
        (None, _) => format!("all.{began}.{next_table}.0.1"),
        (Some(_), Some(last)) if last > place.made && page.found.len() > 1 => {
            format!("all.{began}.{}.{last}.1", place.table)
        }
        (Some(next), _) => format!("all.{began}.{}.{}.{next}", place.table, place.made),
    };
    Ok(Page { records: records(table, &mut page.found)?, cursor: Some(next), complete: false })
}

/// Reads what changed, deleted records among it. The last answer has nothing new, and leaves the cursor where it is.
fn changes(tables: &[&'static str], since: u64) -> Result<Page> {
    let from = time::format_rfc3339(since.saturating_sub(OVERLAP_MS));
    let request = Request::get(api::path(&["cdc"])?).query("entities", tables.join(",")).query("changedSince", from);
    let response = api::send(request)?;
    let (mut answer, at_ms) = api::answered(&response, "CDCResponse")?;
    let (mut all, mut count, mut is_new) = (Vec::new(), 0, false);
    for answer in answer.as_array_mut().into_iter().flatten() {
        for mut answer in api::taken(answer, "QueryResponse") {
            for table in tables {
                let mut found = api::taken(&mut answer, table);
                count += found.len();
                let read = records(table, &mut found)?;
                is_new |= read.iter().any(|record| record.updated_at_ms.is_none_or(|at| at >= since));
                all.extend(read);
            }
        }
    }
    if count >= MOST_CHANGES {
        // The host then reads everything.
        return Err(Error::invalid_input("more changed than quickbooks tells at once; read from the beginning"));
    }
    let goes_on = is_new || at_ms.saturating_sub(since) > STALE_MS;
    let next = if goes_on { at_ms.max(since) } else { since };
    Ok(Page { records: all, cursor: Some(format!("changes.{next}")), complete: true })
}

/// The records of a table in our words.
#[inline(never)]
fn records(table: &str, found: &mut [Value]) -> Result<Vec<RecordData>> {
    let currency = if table == catalogue::ITEMS && !found.is_empty() { connection::currency()? } else { String::new() };
    if [invoices::TABLE, payments::TABLE].contains(&table) {
        connection::complete(found)?;
    }
    let mut records = Vec::new();
    for found in found.iter().filter(|found| catalogue::is_sold(found)) {
        records.push(record(table, found, &currency).map_err(|problem| api::odd(&problem))?);
    }
    Ok(records)
}

/// One record. Of a deleted one `QuickBooks` tells the id alone; one that is out of use counts as deleted.
fn record(table: &str, found: &Value, currency: &str) -> core::result::Result<RecordData, Mismatch> {
    let kind = if table == VENDOR.table { &VENDOR } else { &CUSTOMER };
    let is_contact = table == kind.table;
    let (id, updated_at_ms, gone) = read_value(found, |found| {
        let id = found.text("Id");
        let id = if is_contact { kind.id(&id) } else { id };
        (id, api::moment(found, CHANGED), found.str_some("status") == Some("Deleted"))
    })?;
    let (data, deleted) = match table {
        _ if gone => ("{}".to_owned(), true),
        invoices::TABLE => (invoices::text(&invoices::invoice(found)?), false),
        payments::TABLE => {
            let payment = payments::payment(found)?;
            (payments::text(&payment), payment.deleted)
        }
        catalogue::ITEMS => {
            let item = catalogue::item(found, currency)?;
            (json::text(&Object::of(&item).into()), !item.active)
        }
        _ => {
            let contact = (kind.read)(found)?;
            (contacts::text(&contact), !contact.active)
        }
    };
    Ok(RecordData { id, updated_at_ms, deleted, data })
}

/// Writes contacts, each for itself. A deleted one is taken out of use: `QuickBooks` keeps what was booked.
pub(crate) fn push(entity: &str, changes: Vec<Change>) -> Result<Vec<Outcome>> {
    if entity != "contacts" {
        return Err(Error::unsupported(format!("`{entity}` is not written; contacts are")));
    }
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push(Outcome { status: write(&change), reference: change.reference });
    }
    Ok(outcomes)
}

fn write(change: &Change) -> Result<String> {
    let read = |kind: &Kind| {
        let record = json::read(change.data.as_bytes(), |given| contacts::pushed(given, kind)).map_err(wrong)?;
        contacts::some(&record).map(|()| record)
    };
    let saved = match (change.id.as_deref().map(Kind::of), change.deleted) {
        (None, true) => return Err(Error::invalid_input("a record to delete needs its `id`")),
        (Some((kind, id)), true) => contacts::save(kind, id, Object::new().set("Active", false)),
        (Some((kind, id)), false) => contacts::save(kind, id, read(kind)?),
        (None, false) => {
            let (kind, name) =
                json::read(change.data.as_bytes(), |given| (contacts::pushed_kind(given), given.text("name")))
                    .map_err(wrong)?;
            add(kind, &name, read(kind)?)
        }
    };
    saved.map(|contact| contact.id)
}

fn wrong(problem: Mismatch) -> Error {
    Error::invalid_input(format!("the record does not have the expected shape: {problem}"))
}

/// A new contact is written by its name, which is unique: a second time changes the first, and brings it back into
/// use.
fn add(
    kind: &Kind,
    name: &str,
    record: Object,
) -> Result<gatehouse_sdk::accounting::accounting_contacts::AccountingContact> {
    let Some(found) = contacts::by_name(kind, name)? else {
        let request = Request::post(api::path(&[kind.entity])?).json(&record);
        return api::one(&api::send(request)?, kind.table, kind.read);
    };
    let read = read_value(&found, |found| (found.text("Id"), found.text("SyncToken")));
    let (id, version) = read.map_err(|problem| api::odd(&problem))?;
    contacts::change(kind, &id, &version, record.set("Active", true))
}
