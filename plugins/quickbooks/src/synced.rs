//! Contacts, invoices, payments and items as records that the host pulls, and contacts as records that it pushes.

use gatehouse_sdk::accounting::accounting_contacts::AccountingContact;
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Object, Value, read_value};
use gatehouse_sdk::sync::{Change, Guest, Outcome, Page, RecordData};
use gatehouse_sdk::{Error, Result, paging, records, text, time};

use crate::catalogue::ITEMS;
use crate::contacts::{self, CUSTOMER, Kind, VENDOR};
use crate::invoices::INVOICES;
use crate::payments::PAYMENTS;
use crate::table::{self, MADE, Table, Wanted};
use crate::{QuickBooks, api, connection};

/// How far behind the cursor changes are read, as `QuickBooks` does not show them at once.
const OVERLAP_MS: u64 = 60_000;
/// After this time the cursor goes on even where nothing changed: `QuickBooks` knows the changes of 30 days.
const STALE_MS: u64 = 86_400_000;
/// The most records that an answer with changes has.
const MOST_CHANGES: usize = 1000;

impl Guest for QuickBooks {
    /// Reads everything once, then what changed since that began. The cursor is `all.<began>.<table>.<made>.<place>`,
    /// then `changes.<since>`; both moments are of `QuickBooks`' clock.
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<Page> {
        let tables = tables(&entity)?;
        let Some(cursor) = cursor else {
            return everything(&tables, &Place { began: None, table: 0, made: 0, first: 1 }, limit);
        };
        let mut parts = cursor.split('.');
        let kind = parts.next().unwrap_or_default();
        let mut numbers = Vec::new();
        for part in parts {
            numbers.push(paging::number(Some(part), 0)?);
        }
        match (kind, numbers.as_slice()) {
            ("all", [began, table, made, first]) => {
                everything(&tables, &Place { began: Some(*began), table: *table, made: *made, first: *first }, limit)
            }
            ("changes", [since]) => changes(&tables, *since),
            _ => Err(Error::invalid_input("the cursor is none of quickbooks'; read from the beginning")),
        }
    }

    /// Writes contacts, each for itself. A deleted one is taken out of use: `QuickBooks` keeps what was booked.
    fn push(entity: String, changes: Vec<Change>) -> Result<Vec<Outcome>> {
        records::push(&entity, "contacts", changes, write)
    }
}

/// A kind of record, and the tables it stands in.
fn tables(entity: &str) -> Result<Vec<&'static Table>> {
    match entity {
        "contacts" => Ok(vec![&CUSTOMER.table, &VENDOR.table]),
        "invoices" => Ok(vec![&INVOICES]),
        "payments" => Ok(vec![&PAYMENTS]),
        "items" => Ok(vec![&ITEMS]),
        _ => Err(Error::unsupported(format!(
            "`{entity}` is not synchronised; contacts, invoices, payments and items are"
        ))),
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
fn everything(tables: &[&'static Table], place: &Place, limit: u32) -> Result<Page> {
    let at = usize::try_from(place.table).ok().and_then(|index| tables.get(index).copied());
    let table = at.ok_or_else(|| Error::invalid_input("the cursor is of another entity; read from the beginning"))?;
    let wanted = Wanted::of(table).since(MADE, Some(place.made).filter(|made| *made > 0));
    let page = table::page(&wanted, Some(&place.first.to_string()), Some(limit))?;
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
    let records = table.ours(&page.found)?.into_iter().map(RecordData::from).collect();
    Ok(Page { records, cursor: Some(next), complete: false })
}

/// Reads what changed, deleted records among it. The last answer has nothing new, and leaves the cursor where it is.
fn changes(tables: &[&'static Table], since: u64) -> Result<Page> {
    let mut names = String::new();
    for table in tables {
        text::append(&mut names, ",", table.name);
    }
    let from = time::format_rfc3339(since.saturating_sub(OVERLAP_MS));
    let request = Request::get(api::path(&["cdc"])?).query("entities", names).query("changedSince", from);
    let (mut answer, at_ms) = api::answered(&api::send(request)?, "CDCResponse")?;
    let (mut all, mut count) = (Vec::new(), 0);
    for answer in answer.as_array_mut().into_iter().flatten() {
        for mut answer in api::taken(answer, "QueryResponse") {
            for table in tables {
                let mut found = api::taken(&mut answer, table.name);
                connection::complete(&mut found)?;
                count += found.len();
                all.extend(table.ours(&found)?.into_iter().map(RecordData::from));
            }
        }
    }
    if count >= MOST_CHANGES {
        // The host then reads everything.
        return Err(Error::invalid_input("more changed than quickbooks tells at once; read from the beginning"));
    }
    let is_new = all.iter().any(|record| record.updated_at_ms.is_none_or(|at| at >= since));
    let goes_on = is_new || at_ms.saturating_sub(since) > STALE_MS;
    let next = if goes_on { at_ms.max(since) } else { since };
    Ok(Page { records: all, cursor: Some(format!("changes.{next}")), complete: true })
}

fn write(change: &Change) -> Result<String> {
    let saved = match (change.id.as_deref().map(Kind::of), change.deleted) {
        (None, true) => Err(Error::invalid_input("a record to delete needs its `id`")),
        (Some((kind, id)), true) => contacts::save(kind, id, Object::new().set("Active", false)),
        (known, false) => {
            let given = json::document(change.data.as_bytes()).map_err(records::wrong)?;
            match known {
                Some((kind, id)) => contacts::save(kind, id, contacts::pushed(&given, kind)?),
                None => add(&given),
            }
        }
    };
    saved.map(|contact| contact.id)
}

/// A new contact is written by its name, which is unique: a second time changes the first, and brings it back into
/// use. It is a vendor where it only sells.
fn add(given: &Value) -> Result<AccountingContact> {
    let about = |given: &Fields<'_>| (given.text("name"), given.texts("kinds") == ["supplier"]);
    let (name, is_supplier) = read_value(given, about).map_err(records::wrong)?;
    let kind = Kind::supplying(is_supplier);
    let record = contacts::pushed(given, kind)?;
    let Some(found) = table::page(&contacts::of_name(kind, &name), None, None)?.found.into_iter().next() else {
        let request = Request::post(api::path(&[kind.entity])?).json(&record);
        return api::one(&api::send(request)?, kind.table.name, kind.read);
    };
    let read = read_value(&found, |found| (found.text("Id"), found.text("SyncToken")));
    let (id, version) = read.map_err(records::odd)?;
    contacts::change(kind, &id, &version, record.set("Active", true))
}
