//! GraphQL over HTTP: documents go out, `data` comes back, and each of the three places in which a
//! GraphQL service puts an error becomes an [`Error`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::http::{Effect, Request, Response};
use crate::json::{self, Fields, Value};
use crate::{Error, ErrorKind, Result};

mod cost;

/// What services call the reasons that we know, in `extensions.code`.
const KINDS: &[(&str, ErrorKind)] = &[
    ("ACCESS_DENIED", ErrorKind::Forbidden),
    ("BAD_USER_INPUT", ErrorKind::InvalidInput),
    ("FORBIDDEN", ErrorKind::Forbidden),
    ("GRAPHQL_PARSE_FAILED", ErrorKind::InvalidInput),
    ("GRAPHQL_VALIDATION_FAILED", ErrorKind::InvalidInput),
    ("MAX_COST_EXCEEDED", ErrorKind::InvalidInput),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("THROTTLED", ErrorKind::RateLimited),
    ("UNAUTHENTICATED", ErrorKind::Unauthorized),
];

/// What a mutation has against its input: `userErrors` in its payload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserError {
    /// The path to the wrong field of the input.
    #[serde(default)]
    pub field: Option<Vec<String>>,
    /// A sentence for a person.
    pub message: String,
    /// The provider's own code.
    #[serde(default)]
    pub code: Option<String>,
}

#[derive(Serialize)]
struct Document<'a, V> {
    query: &'a str,
    variables: V,
}

/// A request with a query: it only reads.
pub fn query(path: &str, document: &str, variables: &impl Serialize) -> Request {
    mutation(path, document, variables).only_reads()
}

/// A request with a mutation: it may change something.
pub fn mutation(path: &str, document: &str, variables: &impl Serialize) -> Request {
    Request::post(path).json(&Document { query: document, variables })
}

/// The `data` of an answer.
///
/// # Errors
/// As [`value`], and where the data does not have this shape.
pub fn data<T: DeserializeOwned>(response: &Response) -> Result<T> {
    json::from_value(&value(response)?)
        .map_err(|error| response.senseless(format!("the provider's data does not have the expected shape: {error}")))
}

/// The `data` of an answer as it is, for [`json::read_value`]: the smallest way to read it.
///
/// # Errors
/// What the status says where it is not a success; what the first of `errors` says where there are
/// some, a throttled request with the time after which its cost is affordable.
#[inline(never)]
pub fn value(response: &Response) -> Result<Value> {
    if !response.is_success() {
        return Err(response.error(format!("the provider answered with status {}", response.status())));
    }
    let answer = response.read(Answer::of)?;
    match (answer.failure, answer.data) {
        (Some(failure), data) => Err(error_of(&failure, data.is_some(), answer.wait_ms, response)),
        (None, Some(data)) => Ok(data),
        (None, None) => Err(response.senseless("the provider's answer has neither data nor errors")),
    }
}

/// Refuses a mutation's payload that has `userErrors`. The code of the first decides the kind, by
/// the gateway's own table; `invalid-input` where it is not in it.
///
/// # Errors
/// All messages, with the fields that they are about.
pub fn no_user_errors(errors: &[UserError], kinds: &[(&str, ErrorKind)]) -> Result<()> {
    let Some(first) = errors.first() else { return Ok(()) };
    let texts: Vec<String> = errors.iter().map(text_of).collect();
    Err(Error::invalid_input(texts.join("; ")).coded(first.code.as_deref(), kinds))
}

fn text_of(error: &UserError) -> String {
    match error.field.as_deref() {
        Some(field) if !field.is_empty() => format!("`{}`: {}", field.join("."), error.message),
        _ => error.message.clone(),
    }
}

/// What is read of an answer.
struct Answer {
    data: Option<Value>,
    failure: Option<Failure>,
    wait_ms: Option<u64>,
}

/// The first of an answer's `errors`.
struct Failure {
    message: String,
    code: Option<String>,
}

impl Answer {
    fn of(answer: &Fields<'_>) -> Self {
        let failure = |error: &Fields<'_>| Failure {
            message: error.text("message"),
            code: error
                .inner("extensions", |more| more.get("code").and_then(Value::as_str).map(str::to_owned))
                .flatten(),
        };
        let mut failures = answer.each("errors", failure);
        Self {
            data: answer.get("data").cloned(),
            failure: (!failures.is_empty()).then(|| failures.swap_remove(0)),
            wait_ms: answer.get("extensions").and_then(cost::wait_ms),
        }
    }
}

fn error_of(failure: &Failure, has_data: bool, wait_ms: Option<u64>, response: &Response) -> Error {
    let code = failure.code.as_deref();
    let wait = response.retry_after_ms().or(wait_ms);
    base_of(code, has_data, response, &failure.message).coded(code, KINDS).with_retry_after_ms(wait)
}

/// Without data nothing was executed (GraphQL specification, October 2021, §7.1.2); with it, a part
/// of a mutation may have been.
fn base_of(code: Option<&str>, has_data: bool, response: &Response, message: &str) -> Error {
    let error = match (code, response.effect()) {
        (Some("INTERNAL_SERVER_ERROR"), Effect::Read) => Error::unavailable(message),
        (Some("INTERNAL_SERVER_ERROR"), Effect::Write) => Error::unknown_outcome(message),
        (_, effect) if has_data => Error::senseless(effect, message),
        _ => Error::provider(message),
    };
    error.with_status(response.status())
}

#[cfg(test)]
mod tests;
