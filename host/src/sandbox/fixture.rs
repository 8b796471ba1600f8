//! Fixtures as a component carries them: `{ "<function>": { "<case>": { … } } }`. Reading them
//! refuses whatever could not be played.

use std::collections::BTreeMap;

use gatehouse_domain::{Error, Problem, Result};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Every case of a plugin, in order of function and name.
#[derive(Debug, Clone, Default)]
pub struct Fixtures {
    /// The cases.
    pub cases: Vec<Case>,
}

/// One recorded call.
#[derive(Debug, Clone)]
pub struct Case {
    /// The WIT name of the function.
    pub function: String,
    /// The case's name.
    pub name: String,
    /// What was recorded.
    pub record: Record,
}

/// What was recorded of a call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The parameters, as the API takes them.
    #[serde(default)]
    pub input: Value,
    /// Settings, account, attempt and idempotency key of the call.
    #[serde(default)]
    pub context: Option<Value>,
    /// The requests to the provider and what came of each, in order.
    #[serde(default)]
    pub exchange: Vec<Exchange>,
    /// What the call answers.
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    /// The error that it answers.
    #[serde(default, deserialize_with = "present")]
    pub error: Option<Value>,
}

/// One request and what comes of it: a response or a failure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What arrives.
    pub request: Request,
    /// What is answered.
    #[serde(default)]
    pub response: Option<Response>,
    /// Why nothing is answered.
    #[serde(default)]
    pub failure: Option<Failure>,
}

/// A request. Credentials are never part of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The path, or an absolute URL whose path counts here.
    pub path: String,
    /// The query pairs, in any order.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// Headers that must be there.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A form's pairs, in any order.
    #[serde(default)]
    pub form: Option<Vec<(String, String)>>,
    /// A JSON body.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// The idempotency key, which is not compared here: every caller has its own.
    #[serde(default)]
    pub idempotency_key: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// The body as text.
    #[serde(default)]
    pub text: Option<String>,
}

/// Why nothing is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No answer in time.
    Timeout,
    /// No connection. A server that is reached can not play it.
    Connect,
    /// The connection breaks in the middle of the answer.
    Interrupted,
    /// The answer does not fit into what the host passes on.
    TooLarge,
}

impl Fixtures {
    /// Reads the JSON that a component carries; none at all for `null`.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] with one problem for each malformed case.
    pub fn from_json(json: &Value) -> Result<Self> {
        let by_function: Option<BTreeMap<String, BTreeMap<String, Value>>> = Deserialize::deserialize(json)
            .map_err(|error| Error::invalid(format!("the fixtures are not functions of cases: {error}")))?;
        let mut problems = Vec::new();
        let mut cases = Vec::new();
        for (function, named) in by_function.unwrap_or_default() {
            for (name, record) in named {
                match Record::deserialize(&record).map_err(|error| error.to_string()).and_then(checked) {
                    Ok(record) => cases.push(Case { function: function.clone(), name, record }),
                    Err(what) => problems.push(Problem::at(format!("{function}/{name}"), what)),
                }
            }
        }
        if problems.is_empty() {
            return Ok(Self { cases });
        }
        Err(Error::problems("the fixtures can not be played", problems))
    }
}

/// A `null` that is written is a value, and not an absent one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn checked(record: Record) -> Result<Record, String> {
    if record.output.is_some() == record.error.is_some() {
        return Err("needs either output or error".to_owned());
    }
    for (index, exchange) in record.exchange.iter().enumerate() {
        let at = |what: &str| Err(format!("exchange {index}: {what}"));
        let (request, response) = (&exchange.request, &exchange.response);
        if response.is_some() == exchange.failure.is_some() {
            return at("needs either a response or a failure");
        }
        if request.form.is_some() && request.json.is_some() {
            return at("a request has a form or json, not both");
        }
        if http_method(&request.method).is_none() {
            return at(&format!("`{}` is not a method in upper case", request.method));
        }
        if let Some(response) = response {
            if response.json.is_some() && response.text.is_some() {
                return at("a response has json or text, not both");
            }
            if !(200..=599).contains(&response.status) {
                return at(&format!("{} is not a status between 200 and 599", response.status));
            }
        }
    }
    Ok(record)
}

fn http_method(text: &str) -> Option<&'static str> {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|method| *method == text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn malformed_cases_are_all_named() {
        let request = json!({"method": "GET", "path": "/a"});
        let refused = Fixtures::from_json(&json!({
            "get": {
                "both": {"output": 1, "error": {}},
                "neither": {},
                "silent": {"output": 1, "exchange": [{"request": request}]},
                "two-bodies": {"output": 1, "exchange": [{"request": {"method": "POST", "path": "/", "form": [], "json": 1}, "failure": "timeout"}]},
                "status": {"output": 1, "exchange": [{"request": request, "response": {"status": 99}}]},
                "method": {"output": 1, "exchange": [{"request": {"method": "get", "path": "/"}, "failure": "timeout"}]},
                "unknown": {"output": 1, "outputs": 2},
                "null": {"output": null},
                "good": {"output": 1, "exchange": [{"request": request, "response": {"status": 200}}]},
            }
        }))
        .unwrap_err();
        let paths: Vec<&str> = refused.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            ["get/both", "get/method", "get/neither", "get/silent", "get/status", "get/two-bodies", "get/unknown"]
        );
        assert!(Fixtures::from_json(&Value::Null).unwrap().cases.is_empty());
        assert!(Fixtures::from_json(&json!([])).is_err());
    }
}
