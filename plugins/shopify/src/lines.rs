//! Lists within a record: what did not fit into the first page is read with requests of its own, so that no record is
//! passed on in part.

use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, Result};

use crate::api;

/// How many pages of 250 a record may have: a product has at most 2,048 variants, an order fewer lines.
const PAGES: usize = 10;

/// A list within a record.
pub(crate) struct Inner {
    /// The query's field with the record.
    pub(crate) of: &'static str,
    /// The record's field with the list.
    pub(crate) list: &'static str,
    /// Reads a page of it by `$id` and `$after`.
    pub(crate) document: &'static str,
    /// What is read of each.
    pub(crate) fragments: &'static [&'static str],
}

/// Reads what is left of a list behind `after`.
pub(crate) fn rest<T>(
    inner: &Inner,
    id: &str,
    mut after: Option<String>,
    into: &mut Vec<T>,
    mut with: impl FnMut(&Fields<'_>) -> T,
) -> Result<()> {
    for _ in 0..PAGES {
        let Some(cursor) = after.take() else { return Ok(()) };
        let answer = page(inner, id, &cursor)?;
        let (mut more, next) = answer
            .one(inner.of, id, |record| record.inner(inner.list, |list| api::page(list, &mut with)))?
            .unwrap_or_default();
        into.append(&mut more);
        after = next;
    }
    match after {
        None => Ok(()),
        Some(_) => Err(Error::provider(format!("`{}` of `{id}` does not end", inner.list))),
    }
}

#[inline(never)]
fn page(inner: &Inner, id: &str, cursor: &str) -> Result<api::Answer> {
    let document = [&[inner.document], inner.fragments].concat().concat();
    api::read(&document, Object::new().set("id", id).set("after", cursor))
}
