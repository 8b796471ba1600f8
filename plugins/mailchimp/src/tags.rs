//! Tags: `POST /3.0/lists/{list}/members/{hash}/tags`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Object, Value};
use gatehouse_sdk::marketing::subscriber_tags::{TaggedSubscriber, TagsRequest};
use gatehouse_sdk::{Error, Result};

use crate::api;

/// Puts tags on a member and takes others off.
pub(crate) fn tag(request: TagsRequest) -> Result<TaggedSubscriber> {
    let (add, remove) = (request.add.unwrap_or_default(), request.remove.unwrap_or_default());
    if add.is_empty() && remove.is_empty() {
        return Err(Error::invalid_input("there are no tags; give `add` or `remove`"));
    }
    if let Some(both) = add.iter().find(|tag| remove.contains(tag)) {
        return Err(Error::invalid_input(format!("the tag `{both}` is in `add` and in `remove`; leave it in one")));
    }
    let mut tags: Vec<Value> = Vec::new();
    for (names, status) in [(&add, "active"), (&remove, "inactive")] {
        for name in names {
            tags.push(Object::new().set("name", name.as_str()).set("status", status).into());
        }
    }
    let path = api::member(&request.audience, &request.email, &["tags"])?;
    api::send(Request::post(path).json(&Object::new().set("tags", tags)))?;
    Ok(TaggedSubscriber { email: request.email })
}
