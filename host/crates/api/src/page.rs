//! Lists: `?limit=&cursor=` in, `{items, next}` out.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::{Page, Paged, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Failure;

/// The most that one page holds.
pub(crate) const MOST: usize = 200;
/// What a page holds where nothing is said.
const USUAL: usize = 50;

/// A page of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct Listing<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; absent at the end.
    pub(crate) next: Option<String>,
}

/// A list that is never long.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{T}Items")]
pub(crate) struct Items<T> {
    /// All of it.
    pub(crate) items: Vec<T>,
}

impl<T> Listing<T> {
    /// A page of what the store gave, each put into its outward shape.
    pub(crate) fn of<R>(paged: Paged<R>, show: impl FnMut(R) -> T) -> Self {
        let next = paged.next.map(|cursor| cursor.to_string());
        Self { items: paged.items.into_iter().map(show).collect(), next }
    }
}

/// The page that a request asks for.
pub(crate) struct Asked(pub(crate) Page);

#[derive(Deserialize)]
struct Raw {
    limit: Option<String>,
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let raw = raw(parts, state).await?;
        Ok(Self(Page { after: cursor(raw.cursor)?, ..Page::first(limit(raw.limit)?) }))
    }
}

/// The part of a feed that a request asks for.
pub(crate) struct FeedAsked {
    /// After which place.
    pub(crate) after: Option<Position>,
    /// How many at most.
    pub(crate) limit: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for FeedAsked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let raw = raw(parts, state).await?;
        Ok(Self { after: cursor(raw.cursor)?, limit: limit(raw.limit)? })
    }
}

async fn raw<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Raw> {
    let query = Query::<Raw>::from_request_parts(parts, state).await;
    query.map(|Query(raw)| raw).map_err(|_| Error::invalid("the query does not read"))
}

fn limit(asked: Option<String>) -> Result<usize> {
    let Some(text) = asked else { return Ok(USUAL) };
    let limit = text.parse::<usize>().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| wrong("limit", format!("`{text}` is not a number from 1 to {MOST}")))
}

fn cursor<C: FromStr>(asked: Option<String>) -> Result<Option<C>> {
    let cursor = asked.map(|text| text.parse()).transpose();
    cursor.map_err(|_| wrong("cursor", "is not one that this list gave".to_owned()))
}

fn wrong(name: &str, message: String) -> Error {
    Error::problems("the query does not fit", vec![Problem::at(format!("?{name}"), message)])
}
