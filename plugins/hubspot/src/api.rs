//! Hubspot's objects as this gateway uses them: one place that sends, and what contacts, companies and deals have in
//! common when they are read. What is written is in `write.rs`.

use gatehouse_sdk::http::{self, Method, Request, Response};
use gatehouse_sdk::json::{Fields, Object, Value};
use gatehouse_sdk::{Result, context, paging};

use crate::found::{Found, read};
use crate::{deals, error};

/// Where objects are. A path with a date is the way in which versions are named.
const OBJECTS: &str = "/crm/objects/2026-03";
const USUAL_PAGE: u32 = 100;
const LARGEST_LIST: u32 = 100;
const LARGEST_SEARCH: u32 = 200;

/// A kind of object.
pub(crate) struct Kind {
    /// Its name in paths.
    pub(crate) name: &'static str,
    /// Its number in the addresses of pages.
    pub(crate) number: &'static str,
    /// The property with the moment of the last change.
    modified: &'static str,
    /// Our fields that are texts, and the properties that hold them.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// The properties that are read and have a field of our own.
    pub(crate) properties: &'static [&'static str],
}

pub(crate) const CONTACTS: Kind = Kind {
    name: "contacts",
    number: "0-1",
    modified: "lastmodifieddate",
    fields: &[
        ("first_name", "firstname"),
        ("last_name", "lastname"),
        ("email", "email"),
        ("phone", "phone"),
        ("job_title", "jobtitle"),
        ("company", "associatedcompanyid"),
        ("owner", "hubspot_owner_id"),
    ],
    properties: &["firstname", "lastname", "email", "phone", "jobtitle", "associatedcompanyid", "hubspot_owner_id"],
};
pub(crate) const COMPANIES: Kind = Kind {
    name: "companies",
    number: "0-2",
    modified: "hs_lastmodifieddate",
    fields: &[
        ("name", "name"),
        ("website", "domain"),
        ("phone", "phone"),
        ("industry", "industry"),
        ("city", "city"),
        ("country", "country"),
        ("owner", "hubspot_owner_id"),
    ],
    properties: &["name", "domain", "phone", "industry", "city", "country", "hubspot_owner_id"],
};
pub(crate) const DEALS: Kind = Kind {
    name: "deals",
    number: "0-3",
    modified: "hs_lastmodifieddate",
    fields: &[
        ("name", "dealname"),
        ("pipeline", "pipeline"),
        ("stage", "dealstage"),
        ("closes_on", "closedate"),
        ("company", deals::COMPANY),
        ("owner", "hubspot_owner_id"),
    ],
    properties: &[
        "dealname",
        "pipeline",
        "dealstage",
        "amount",
        "deal_currency_code",
        "closedate",
        deals::COMPANY,
        "hubspot_owner_id",
        "hs_is_closed",
        "hs_is_closed_won",
    ],
};

/// Sends a request and keeps only a success. The host attaches the token of the private app, or that of OAuth.
#[inline(never)]
pub(crate) fn send(request: Request) -> Result<Response> {
    let response = request.send()?;
    if response.is_success() { Ok(response) } else { Err(error::from_response(&response)) }
}

/// A path below objects.
#[inline(never)]
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    Ok(format!("{OBJECTS}{}", http::path(segments)?))
}

/// Sends a request without a query below objects, with a body where there is one.
#[inline(never)]
pub(crate) fn call(method: Method, segments: &[&str], body: Option<&Value>) -> Result<Response> {
    let request = Request::new(method, path(segments)?);
    send(match body {
        Some(body) => request.json(body),
        None => request,
    })
}

/// The property that keeps our key, where there is one.
#[inline(never)]
pub(crate) fn reference_property() -> Result<Option<String>> {
    context::read_settings(|settings| settings.text_some("reference_property"))
}

/// Reads an object, by its id or by another property with unique values.
#[inline(never)]
pub(crate) fn get(kind: &Kind, id: &str, by: Option<&str>) -> Result<Found> {
    let request =
        Request::get(path(&[kind.name, id])?).query("properties", joined(kind, &[])).query_some("idProperty", by);
    let mut found = one(kind, &send(request)?)?;
    deals::complete(kind, core::slice::from_mut(&mut found))?;
    Ok(found)
}

/// The object in an answer.
#[inline(never)]
pub(crate) fn one(kind: &Kind, response: &Response) -> Result<Found> {
    response.read(|object| read(kind, object))
}

/// Which objects to read.
pub(crate) struct Wanted<'a> {
    pub(crate) cursor: Option<&'a str>,
    pub(crate) limit: Option<u32>,
    pub(crate) changed_from_ms: Option<u64>,
    pub(crate) properties: Option<&'a [String]>,
}

/// Reads a page: of all by Hubspot's own token, of what changed by [`changes`].
#[inline(never)]
pub(crate) fn page(kind: &Kind, wanted: &Wanted<'_>) -> Result<(Vec<Found>, Option<String>)> {
    let more = wanted.properties.unwrap_or_default();
    if let Some(from) = wanted.changed_from_ms {
        return changes(kind, wanted.cursor, from, wanted.limit, more);
    }
    let (mut found, next) = list(kind, wanted.cursor, wanted.limit, more, false)?;
    deals::complete(kind, &mut found)?;
    Ok((found, next))
}

/// Reads a page of the list, of archived objects alone or of all others.
#[inline(never)]
pub(crate) fn list(
    kind: &Kind,
    cursor: Option<&str>,
    limit: Option<u32>,
    more: &[String],
    archived: bool,
) -> Result<(Vec<Found>, Option<String>)> {
    let request = Request::get(path(&[kind.name])?)
        .query("limit", paging::limit(limit, USUAL_PAGE, LARGEST_LIST)?)
        .query("properties", joined(kind, more))
        .query_some("archived", archived.then_some("true"))
        .query_some("after", cursor);
    objects(kind, request)
}

/// Reads a page of what changed since a moment, oldest change first. The cursor is a moment and how many of those
/// changed since then were read: `1772353800000.100`. It goes on from the last change, as objects move while they are
/// read; only where a whole page changed in the same moment does it count.
#[inline(never)]
pub(crate) fn changes(
    kind: &Kind,
    cursor: Option<&str>,
    from_ms: u64,
    limit: Option<u32>,
    more: &[String],
) -> Result<(Vec<Found>, Option<String>)> {
    let (since, offset) = match cursor {
        None => (from_ms, 0),
        Some(cursor) => {
            let (since, offset) = cursor.split_once('.').unwrap_or((cursor, "x"));
            (paging::number(Some(since), 0)?, paging::number(Some(offset), 0)?)
        }
    };
    let filter = filter(kind.modified, "GTE", &since.to_string());
    let (mut found, more_behind) = search(kind, Search { filter: Some(filter), query: None, limit, offset, more })?;
    let last = found.iter().rev().find_map(|object| object.updated_at_ms).filter(|last| *last > since);
    let next = match last {
        _ if more_behind.is_none() => None,
        // Only one object asked for: it alone would be read again and again.
        Some(last) if found.len() > 1 => Some(format!("{last}.0")),
        _ => Some(format!("{since}.{}", offset.saturating_add(found.len() as u64))),
    };
    deals::complete(kind, &mut found)?;
    Ok((found, next))
}

/// What to search for: a condition, or words.
pub(crate) struct Search<'a> {
    pub(crate) filter: Option<Object>,
    pub(crate) query: Option<&'a str>,
    pub(crate) limit: Option<u32>,
    pub(crate) offset: u64,
    pub(crate) more: &'a [String],
}

/// Searches, in order of change where there are no words. Answers where Hubspot goes on.
#[inline(never)]
pub(crate) fn search(kind: &Kind, wanted: Search<'_>) -> Result<(Vec<Found>, Option<String>)> {
    let (mut groups, mut sorts, mut properties) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(filter) = wanted.filter {
        groups = list_of(Object::new().set("filters", list_of(filter)));
    }
    if wanted.query.is_none() {
        sorts = list_of(Object::new().set("propertyName", kind.modified).set("direction", "ASCENDING"));
    }
    for name in names(kind, wanted.more) {
        properties.push(Value::from(name));
    }
    let body = Object::new()
        .set("filterGroups", groups)
        .set("sorts", sorts)
        .set_some("query", wanted.query)
        .set("properties", properties)
        .set("limit", paging::limit(wanted.limit, USUAL_PAGE, LARGEST_SEARCH)?)
        .set("after", wanted.offset);
    objects(kind, Request::post(path(&[kind.name, "search"])?).json(&Value::from(body)).only_reads())
}

/// A condition of a search.
#[inline(never)]
pub(crate) fn filter(name: &str, operator: &str, value: &str) -> Object {
    Object::new().set("propertyName", name).set("operator", operator).set("value", value)
}

/// A list of one object.
pub(crate) fn list_of(one: Object) -> Vec<Value> {
    vec![one.into()]
}

#[inline(never)]
fn objects(kind: &Kind, request: Request) -> Result<(Vec<Found>, Option<String>)> {
    send(request)?.read(|list| (list.each("results", |object| read(kind, object)), after(list)))
}

#[inline(never)]
fn names<'a>(kind: &Kind, more: &'a [String]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for name in kind.properties {
        names.push(name);
    }
    for name in more {
        if !kind.properties.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

#[inline(never)]
fn joined(kind: &Kind, more: &[String]) -> String {
    let mut joined = String::new();
    for name in names(kind, more) {
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(name);
    }
    joined
}

fn after(list: &Fields<'_>) -> Option<String> {
    let next = list.get("paging")?.get("next")?.get("after")?;
    paging::token(next.as_str())
}
