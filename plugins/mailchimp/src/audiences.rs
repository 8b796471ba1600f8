//! Audiences: `GET /3.0/lists`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::marketing::audiences::{Audience, AudiencesPage, AudiencesRequest};
use gatehouse_sdk::{Result, paging};

use crate::api;

/// Reads a page of audiences. The cursor is how many were read.
pub(crate) fn list(request: &AudiencesRequest) -> Result<AudiencesPage> {
    let count = paging::limit(request.limit, api::USUAL_PAGE, api::LARGEST_PAGE)?;
    let offset = paging::number(request.cursor.as_deref(), 0)?;
    let get = Request::get("/3.0/lists").query("count", count).query("offset", offset);
    let (items, total) = api::send(get)?.read(|list| {
        let audience = list.each("lists", |audience| Audience {
            id: audience.text("id"),
            name: audience.text("name"),
            subscribers: audience.inner("stats", |stats| stats.count_some("member_count")).flatten(),
        });
        (audience, list.count_some("total_items"))
    })?;
    let next = paging::after_offset(offset, items.len(), count, total);
    Ok(AudiencesPage { items, next })
}
