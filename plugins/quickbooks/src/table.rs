//! `QuickBooks`' tables: which of their records to read, page by page, and how they are told in our words.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Mismatch, Object, Value, read_value};
use gatehouse_sdk::records::{self, Ours, Read};
use gatehouse_sdk::{Result, paging, time};

use crate::{api, catalogue, connection};

/// How many records `QuickBooks` answers where nothing is said.
const PAGE: u32 = 100;
/// The most that it answers at once.
const MOST: u32 = 1000;

/// When a record was last changed, and when it was made.
pub(crate) const CHANGED: &str = "LastUpdatedTime";
pub(crate) const MADE: &str = "CreateTime";

/// A table whose records are told as ours.
pub(crate) struct Table {
    /// Its name in answers and queries.
    pub(crate) name: &'static str,
    /// What the ids of its records begin with here.
    pub(crate) prefix: &'static str,
    /// Whether its records can be out of use. `QuickBooks` leaves those out where it is not told otherwise.
    pub(crate) retires: bool,
    /// Reads a record. Prices of items are in the currency of the books, which is given.
    pub(crate) read: fn(&Value, &str) -> core::result::Result<Ours, Mismatch>,
}

impl Table {
    /// An id as we tell it.
    pub(crate) fn id(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// Records in our words.
    #[inline(never)]
    pub(crate) fn ours(&self, found: &[Value]) -> Result<Vec<Ours>> {
        let has_prices = self.name == catalogue::ITEMS.name && !found.is_empty();
        let currency = if has_prices { connection::currency()? } else { String::new() };
        let mut all = Vec::new();
        for found in found.iter().filter(|found| catalogue::is_sold(found)) {
            let deleted = read_value(found, |found| self.deleted(found)).map_err(records::odd)?;
            all.push(match deleted {
                Some(deleted) => deleted,
                None => (self.read)(found, &currency).map_err(records::odd)?,
            });
        }
        Ok(all)
    }

    /// Of a deleted record `QuickBooks` tells the id alone.
    fn deleted(&self, found: &Fields<'_>) -> Option<Ours> {
        (found.str_some("status") == Some("Deleted")).then(|| Ours {
            id: self.id(&found.text("Id")),
            updated_at_ms: api::moment(found, CHANGED),
            gone: true,
            data: Object::new().into(),
        })
    }
}

/// Which records of a table to read.
pub(crate) struct Wanted {
    table: &'static str,
    only: String,
}

impl Wanted {
    /// All of a table's, and those that are no longer in use.
    pub(crate) fn of(table: &Table) -> Self {
        if table.retires { Self::with_inactive(table.name) } else { Self { table: table.name, only: String::new() } }
    }

    /// All of a table's of this name, and those that are no longer in use.
    pub(crate) fn with_inactive(table: &'static str) -> Self {
        Self { table, only: String::new() }.only("Active IN (true, false)")
    }

    /// Only those for which this holds as well.
    #[inline(never)]
    pub(crate) fn only(mut self, condition: &str) -> Self {
        self.only.push_str(if self.only.is_empty() { " WHERE " } else { " AND " });
        self.only.push_str(condition);
        self
    }

    /// Only those with this text in a field.
    #[inline(never)]
    pub(crate) fn equal(self, field: &str, text: &str) -> Self {
        let mut condition = format!("{field} = '");
        for character in text.chars() {
            if matches!(character, '\\' | '\'') {
                condition.push('\\');
            }
            condition.push(character);
        }
        condition.push('\'');
        self.only(&condition)
    }

    /// Only those of which a moment is not before this one.
    #[inline(never)]
    pub(crate) fn since(self, field: &str, ms: Option<u64>) -> Self {
        match ms {
            Some(ms) => self.only(&format!("MetaData.{field} >= '{}'", time::format_rfc3339(ms))),
            None => self,
        }
    }
}

/// A page of records.
pub(crate) struct Page {
    /// The records as they are; documents with their currency.
    pub(crate) found: Vec<Value>,
    /// Where the next ones begin; none at the end.
    pub(crate) next: Option<String>,
    /// When `QuickBooks` answered, by its own clock.
    pub(crate) at_ms: u64,
}

impl Page {
    /// The records in our words.
    pub(crate) fn items<T>(&self, read: Read<T>) -> Result<Vec<T>> {
        records::all(&self.found, read)
    }
}

/// Reads a page, the oldest record first: what is changed meanwhile does not move. The cursor is the place of the
/// first one, from 1.
#[inline(never)]
pub(crate) fn page(wanted: &Wanted, cursor: Option<&str>, limit: Option<u32>) -> Result<Page> {
    let (start, size) = (paging::number(cursor, 1)?.max(1), paging::limit(limit, PAGE, MOST)?);
    let Wanted { table, only } = wanted;
    let text =
        format!("SELECT * FROM {table}{only} ORDERBY MetaData.CreateTime STARTPOSITION {start} MAXRESULTS {size}");
    let response = api::send(Request::get(api::path(&["query"])?).query("query", text))?;
    let (mut answer, at_ms) = api::answered(&response, "QueryResponse")?;
    let mut found = api::taken(&mut answer, table);
    let next = paging::after_offset(start, found.len(), size, None);
    connection::complete(&mut found)?;
    Ok(Page { found, next, at_ms })
}

/// Reads as many records as there are at once, and whether there are more.
#[inline(never)]
pub(crate) fn most(wanted: &Wanted) -> Result<Page> {
    page(wanted, None, Some(MOST))
}
