//! A request's body as bytes, with the content type that goes with it.

use bytes::Bytes;
use http::HeaderValue;
use serde::de::IgnoredAny;

use crate::message::{Body, Method, SendError};

/// The bytes and, where the host knows it, their content type.
pub(crate) fn encode(method: Method, body: Body, max: usize) -> Result<(Bytes, Option<HeaderValue>), SendError> {
    if method.is_safe() && body != Body::Empty {
        return Err(SendError::Invalid(format!("a {} carries no body; use the query", method.as_str())));
    }
    let (bytes, content_type) = match body {
        Body::Empty => (Bytes::new(), None),
        Body::Bytes(bytes) => (Bytes::from(bytes), None),
        Body::Json(text) => (json(text)?, Some(HeaderValue::from_static("application/json"))),
        Body::Form(pairs) => (form(&pairs), Some(HeaderValue::from_static("application/x-www-form-urlencoded"))),
    };
    if bytes.len() > max {
        let message = format!("request_bytes: the body has {} bytes and may have {max}", bytes.len());
        return Err(SendError::Limit(message));
    }
    Ok((bytes, content_type))
}

fn json(text: String) -> Result<Bytes, SendError> {
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| SendError::Invalid(format!("the JSON body does not parse: {error}")))?;
    Ok(Bytes::from(text))
}

fn form(pairs: &[(String, String)]) -> Bytes {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    pairs.iter().for_each(|(name, value)| _ = form.append_pair(name, value));
    Bytes::from(form.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, body: Body, expect: Result<(&str, &str), &str>) {
        match (encode(method, body, 32), expect) {
            (Ok((bytes, content_type)), Ok((text, wanted))) => {
                assert_eq!(bytes, text.as_bytes());
                assert_eq!(content_type.map_or(String::new(), |value| value.to_str().unwrap().to_owned()), wanted);
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_body_has_its_bytes_and_its_type() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        check(Method::Post, Body::Empty, Ok(("", "")));
        check(Method::Put, Body::Bytes(b"raw".to_vec()), Ok(("raw", "")));
        check(Method::Post, Body::Json("{\"a\": 1}".to_owned()), Ok(("{\"a\": 1}", "application/json")));
        check(Method::Post, Body::Json("{\"a\": 1} {}".to_owned()), Err("does not parse"));
        check(Method::Post, Body::Json("[".repeat(300)), Err("does not parse"));
        let form = Body::Form(vec![pair("a[b]", "x y"), pair("&=", "ä")]);
        check(Method::Post, form, Ok(("a%5Bb%5D=x+y&%26%3D=%C3%A4", "application/x-www-form-urlencoded")));
        check(Method::Get, Body::Json("{}".to_owned()), Err("carries no body"));
        check(Method::Post, Body::Bytes(vec![0; 33]), Err("request_bytes"));
    }
}
