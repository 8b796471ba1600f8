//! JSON bodies, read so that an error names the place and never repeats a value.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use serde::de::DeserializeOwned;

use crate::problem::Failure;
use crate::strict::Strict;

/// A JSON body of a known shape. Unknown fields are refused where the type says so.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| Failure(unread(&error)))?;
        read(&bytes).map(Self).map_err(Failure)
    }
}

/// Why the bytes could not be read.
pub(crate) fn unread(error: &BytesRejection) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::new(ErrorKind::TooLarge, "the request's body is larger than this route takes");
    }
    Error::invalid("the request's body ended early")
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut json)).map_err(|error| {
        let path = json_path(&error.path().to_string());
        let problem = Problem::at(path, without_values(&error.inner().to_string()));
        Error::problems("the request's body does not fit", vec![problem])
    })?;
    json.end().map_err(|_| Error::invalid("the request's body goes on after its JSON document"))?;
    Ok(value)
}

/// `a.b[0]` as `$.a.b[0]`.
fn json_path(path: &str) -> String {
    match path {
        "." | "" => "$".to_owned(),
        path if path.starts_with('[') => format!("${path}"),
        path => format!("$.{path}"),
    }
}

/// An error's text without the text it quotes: `invalid type: string "sk_…"` could be a
/// credential in the wrong place.
fn without_values(message: &str) -> String {
    let (Some(start), Some(end)) = (message.find('"'), message.rfind('"')) else { return message.to_owned() };
    let head = message.get(..start).unwrap_or_default();
    let tail = message.get(end + 1..).unwrap_or_default();
    format!("{}{tail}", head.trim_end())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code, reason = "only read by serde")]
        items: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only read by serde")]
        size: u32,
    }

    fn check(body: &str, path: &str, message: &str) {
        let error = read::<Outer>(body.as_bytes()).unwrap_err();
        let problem = error.problems.first().unwrap();
        assert_eq!(problem.path, path, "{body}");
        assert!(problem.message.contains(message), "{}", problem.message);
        assert!(!problem.message.contains("hunter2"), "{}", problem.message);
    }

    #[test]
    fn errors_name_the_place_and_not_the_value() {
        check(r#"{"items":[{"size":1},{"size":"hunter2"}]}"#, "$.items[1].size", "expected u32");
        check(r#"{"items":"hunter2 \" hunter2"}"#, "$.items", "expected a sequence");
        check(r#"{"items":[],"colour":"hunter2"}"#, "$.colour", "unknown field");
        check(r#"{"items":["#, "$.items", "EOF");
        check("{}", "$", "missing field");
        check("[[]]", "$", "expected an object");
        check(r#"{"items":[[1]]}"#, "$.items[0]", "expected an object");
    }

    #[test]
    fn nothing_may_follow() {
        assert!(read::<Vec<u8>>(b"[] []").is_err());
        assert_eq!(read::<Vec<u8>>(b"[1]\n").unwrap(), [1]);
    }
}
