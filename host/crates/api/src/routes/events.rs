//! The feed of events, and the events of one integration.

use axum::Json;
use axum::extract::{Path, State};
use gatehouse_domain::event::Event;
use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use crate::guard::By;
use crate::page::{Asked, FeedAsked, Listing};
use crate::router::App;

/// A part of the feed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EventFeed")]
pub(crate) struct Feed {
    /// The events, oldest first.
    items: Vec<Event>,
    /// Where to go on: it is there even where there is nothing more yet, so that a reader can
    /// keep it and ask again.
    cursor: Option<String>,
    /// Whether there is more already.
    more: bool,
}

pub(crate) async fn feed(State(app): State<App>, By(caller): By, asked: FeedAsked) -> Answer<Feed> {
    let feed = app.engine.feed(&caller, asked.after, asked.limit).await?;
    Ok(Json(Feed { items: feed.items, cursor: feed.cursor.map(|cursor| cursor.to_string()), more: feed.more }))
}

pub(crate) async fn get(State(app): State<App>, By(caller): By, Path(id): Path<String>) -> Answer<Event> {
    Ok(Json(app.engine.event(&caller, id.parse()?).await?))
}

pub(crate) async fn of_integration(
    State(app): State<App>,
    By(caller): By,
    Path(target): Path<String>,
    Asked(page): Asked,
) -> Answer<Listing<Event>> {
    Ok(Json(Listing::of(app.engine.events(&caller, &target, &page).await?, |event| event)))
}
