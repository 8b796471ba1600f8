//! Members of an audience: `PUT` and `GET /3.0/lists/{list}/members/{hash}`, `GET /3.0/lists/{list}/members`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{self, Fields, Object, Value};
use gatehouse_sdk::marketing::subscribers::{
    Subscriber, SubscriberLookup, SubscriberRequest, SubscriberStatus, SubscribersPage, SubscribersRequest,
};
use gatehouse_sdk::{Error, Result, paging};

use crate::api;

/// Mailchimp's own fields for names.
const FIRST: &str = "FNAME";
const LAST: &str = "LNAME";

/// Creates or changes a member. Without a status, who is there keeps what they have agreed to.
pub(crate) fn save(request: &SubscriberRequest) -> Result<Subscriber> {
    if request.email.is_empty() {
        return Err(Error::invalid_input("`email` is empty; give an address"));
    }
    let mut fields = Object::new().set_some(FIRST, request.first_name.as_deref());
    fields = fields.set_some(LAST, request.last_name.as_deref());
    for (name, value) in request.fields.as_deref().unwrap_or_default() {
        if [FIRST, LAST].contains(&name.as_str()) {
            return Err(Error::invalid_input(format!(
                "the field `{name}` has a place of its own; give `first_name` and `last_name`"
            )));
        }
        fields = fields.set(name, value.as_str());
    }
    let status = request.status.as_ref().map(in_its_words);
    let body = Object::new()
        .set("email_address", request.email.as_str())
        .set("status_if_new", status.unwrap_or("subscribed"))
        .set_some("status", status)
        .set_some("merge_fields", Some(fields).filter(|fields| !fields.is_empty()));
    api::send(Request::put(api::member(&request.audience, &request.email, &[])?).json(&body))?.read(member)
}

/// Reads a member by address.
pub(crate) fn get(lookup: &SubscriberLookup) -> Result<Subscriber> {
    if lookup.email.is_empty() {
        return Err(Error::invalid_input("`email` is empty; give an address"));
    }
    api::send(Request::get(api::member(&lookup.audience, &lookup.email, &[])?))?.read(member)
}

/// Reads a page of members, oldest change first. The cursor is how many were read.
pub(crate) fn list(request: &SubscribersRequest) -> Result<SubscribersPage> {
    let count = paging::limit(request.limit, api::USUAL_PAGE, api::LARGEST_PAGE)?;
    let offset = paging::number(request.cursor.as_deref(), 0)?;
    let get = members(&request.audience, count, offset, request.changed_from_ms)?;
    let get = get.query_some("status", request.status.as_ref().map(in_its_words));
    let (mut items, total) =
        api::send(get)?.read(|list| (list.each("members", member), list.count_some("total_items")))?;
    let next = paging::after_offset(offset, items.len(), count, total);
    let from = request.changed_from_ms.unwrap_or_default();
    items.retain(|item| item.updated_at_ms.is_none_or(|at| at >= from));
    Ok(SubscribersPage { items, next })
}

/// The request for members, oldest change first.
pub(crate) fn members(audience: &str, count: u32, offset: u64, since_ms: Option<u64>) -> Result<Request> {
    Ok(Request::get(api::path(&["lists", audience, "members"])?)
        .query("count", count)
        .query("offset", offset)
        .query("sort_field", "last_changed")
        .query("sort_dir", "ASC")
        .query_some("since_last_changed", since_ms.map(api::since)))
}

/// Reads a member.
#[inline(never)]
pub(crate) fn member(member: &Fields<'_>) -> Subscriber {
    let (mut first_name, mut last_name, mut fields) = (None, None, Vec::new());
    for (name, value) in member.get("merge_fields").and_then(Value::as_object).into_iter().flatten() {
        let text = match value {
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            other => json::text(other),
        };
        match name.as_str() {
            FIRST => first_name = Some(text),
            LAST => last_name = Some(text),
            _ => fields.push((name.clone(), text)),
        }
    }
    Subscriber {
        id: member.text("id"),
        audience: member.text("list_id"),
        email: member.text("email_address"),
        status: status(member),
        first_name,
        last_name,
        fields,
        tags: member.each("tags", |tag| tag.text("name")),
        updated_at_ms: api::moment(member, "last_changed"),
    }
}

/// Who only bought something, and who was archived, gets no mail.
fn status(member: &Fields<'_>) -> SubscriberStatus {
    match member.text("status").as_str() {
        "subscribed" => SubscriberStatus::Subscribed,
        "pending" => SubscriberStatus::Pending,
        "unsubscribed" | "transactional" | "archived" => SubscriberStatus::Unsubscribed,
        "cleaned" => SubscriberStatus::Suppressed,
        other => {
            member.wrong("status", format!("a member can not be `{other}`"));
            SubscriberStatus::Unsubscribed
        }
    }
}

fn in_its_words(status: &SubscriberStatus) -> &'static str {
    match status {
        SubscriberStatus::Subscribed => "subscribed",
        SubscriberStatus::Pending => "pending",
        SubscriberStatus::Unsubscribed => "unsubscribed",
        SubscriberStatus::Suppressed => "cleaned",
    }
}

/// The status of this name in a record that is pushed.
pub(crate) fn named(status: &str) -> Option<SubscriberStatus> {
    Some(match status {
        "subscribed" => SubscriberStatus::Subscribed,
        "pending" => SubscriberStatus::Pending,
        "unsubscribed" => SubscriberStatus::Unsubscribed,
        "suppressed" => SubscriberStatus::Suppressed,
        _ => return None,
    })
}
