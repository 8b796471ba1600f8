//! `ETag` out, `If-Match` in (RFC 9110 §8.8.3, §13.1.1).

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_engine::tag::{IfMatch, tag_of};
use serde::Serialize;

use crate::problem::Failure;

/// An answer that shows a record, with the tag of that record's version.
pub(crate) struct Tagged<T> {
    body: T,
    tag: String,
}

impl<T> Tagged<T> {
    /// `body` is what is shown of `record`.
    pub(crate) fn of<R: Serialize>(record: &R, body: T) -> Result<Self> {
        Ok(Self { tag: tag_of(record)?, body })
    }

    /// The same tag, with something else shown.
    pub(crate) fn showing<U>(self, body: U) -> Tagged<U> {
        Tagged { body, tag: self.tag }
    }
}

impl<T: Serialize> Tagged<T> {
    /// The record is shown as it is.
    pub(crate) fn whole(record: T) -> Result<Self> {
        Ok(Self { tag: tag_of(&record)?, body: record })
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", self.tag)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

/// What the caller believes the record to be.
pub(crate) struct Expected(pub(crate) IfMatch);

impl<S: Send + Sync> FromRequestParts<S> for Expected {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let values: Vec<_> = parts.headers.get_all(header::IF_MATCH).iter().collect();
        let texts = values.iter().map(|value| value.to_str().map_err(|_| malformed()));
        let texts = texts.collect::<Result<Vec<_>>>().map_err(Failure)?;
        read(&texts.join(",")).map(Self).map_err(Failure)
    }
}

fn read(text: &str) -> Result<IfMatch> {
    if text.is_empty() || text.trim() == "*" {
        return Ok(IfMatch::Anything);
    }
    let tag = |tag: &str| {
        let inner = tag.trim().strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        inner.filter(|inner| !inner.contains('"')).map(str::to_owned).ok_or_else(malformed)
    };
    Ok(IfMatch::OneOf(text.split(',').map(tag).collect::<Result<_>>()?))
}

fn malformed() -> Error {
    let problem = Problem::at("If-Match", "is not a list of tags such as \"5f…\", as ETag gives them, nor *");
    Error::problems("the condition does not read", vec![problem])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&[&str]>) {
        let expect = match expect {
            None => None,
            Some([]) => Some(IfMatch::Anything),
            Some(tags) => Some(IfMatch::OneOf(tags.iter().map(|tag| (*tag).to_owned()).collect())),
        };
        assert_eq!(read(text).ok(), expect, "{text}");
    }

    #[test]
    fn conditions_are_read_as_the_rfc_has_them() {
        check("", Some(&[]));
        check("*", Some(&[]));
        check("\"a\"", Some(&["a"]));
        check("\"a\" , \"b\"", Some(&["a", "b"]));
        check("a", None);
        check("\"a", None);
        // A weak tag never matches where a strong one is asked for.
        check("W/\"a\"", None);
        check("\"a\"b\"", None);
    }
}
