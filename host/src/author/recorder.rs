//! What crosses between a gateway and the broker, kept as a fixture has it. It sees what the gateway sees: requests
//! before their credential is attached, and answers after every secret was taken out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_broker::Session;
use gatehouse_runtime::egress::{Body, BoxFuture, Egress, Request, Response, SendError};
use serde_json::{Map, Value, json};

/// The headers of an answer that gateways read; others tell of a day and of a machine.
const KEPT_HEADERS: [&str; 4] = ["content-type", "link", "location", "retry-after"];

/// An egress that keeps what passes.
pub(crate) struct Recorder {
    pub(crate) session: Session,
    exchange: Mutex<Vec<Value>>,
}

impl Recorder {
    /// One in front of a session.
    pub(crate) fn of(session: Session) -> Arc<Self> {
        Arc::new(Self { session, exchange: Mutex::default() })
    }

    /// What passed, in order, as `exchange.json` has it.
    pub(crate) fn exchange(&self) -> Vec<Value> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Egress for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        let asked = asked(&request);
        Box::pin(async move {
            let answer = self.session.send(request).await;
            let mut one = Map::from_iter([("request".to_owned(), asked)]);
            match &answer {
                Ok(response) => drop(one.insert("response".to_owned(), answered(response))),
                Err(error) => drop(one.insert("failure".to_owned(), failed(error))),
            }
            self.exchange.lock().unwrap_or_else(PoisonError::into_inner).push(Value::Object(one));
            answer
        })
    }

    fn scrub_text(&self, text: &str) -> String {
        self.session.scrub_text(text)
    }
}

fn asked(request: &Request) -> Value {
    let mut fields = Map::new();
    fields.insert("method".to_owned(), json!(request.method.as_str()));
    fields.insert("path".to_owned(), json!(request.url));
    if !request.query.is_empty() {
        fields.insert("query".to_owned(), json!(request.query));
    }
    if !request.headers.is_empty() {
        let headers: BTreeMap<_, _> = request.headers.iter().cloned().collect();
        fields.insert("headers".to_owned(), json!(headers));
    }
    match &request.body {
        Body::Json(text) => {
            drop(fields.insert("json".to_owned(), serde_json::from_str(text).unwrap_or_else(|_| json!(text))));
        }
        Body::Form(pairs) => drop(fields.insert("form".to_owned(), json!(pairs))),
        // A fixture has no bytes: the case says so when it is played.
        Body::Empty | Body::Bytes(_) => {}
    }
    if let Some(key) = &request.idempotency_key {
        fields.insert("idempotency_key".to_owned(), json!(key));
    }
    Value::Object(fields)
}

fn answered(response: &Response) -> Value {
    let mut fields = Map::from_iter([("status".to_owned(), json!(response.status))]);
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let json = serde_json::from_str::<Value>(&text).ok();
    let mut headers: BTreeMap<_, _> =
        response.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str())).cloned().collect();
    match json {
        Some(json) => {
            headers.remove("content-type");
            fields.insert("json".to_owned(), json);
        }
        None if !text.is_empty() => drop(fields.insert("text".to_owned(), json!(text))),
        None => {}
    }
    if !headers.is_empty() {
        fields.insert("headers".to_owned(), json!(headers));
    }
    Value::Object(fields)
}

fn failed(error: &SendError) -> Value {
    json!(match error {
        SendError::Timeout => "timeout",
        SendError::Interrupted(_) => "interrupted",
        SendError::TooLarge(_) => "too_large",
        SendError::Denied(_) | SendError::Invalid(_) | SendError::Connect(_) | SendError::Limit(_) => "connect",
    })
}

/// Replaces the texts below fields of these names by `redacted-1`, `redacted-2` …, the same for the same text wherever
/// else it stands, so that the case still plays.
pub(crate) fn redact(whole: &mut Value, fields: &[String]) {
    let mut found = Vec::new();
    collect(whole, fields, &mut found);
    // The longest first: one may be a part of another.
    found.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found.dedup();
    for (index, text) in found.iter().enumerate() {
        replace(whole, text, &format!("redacted-{}", index + 1));
    }
}

fn collect(value: &Value, fields: &[String], found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if fields.contains(name) && !text.is_empty() => found.push(text.clone()),
                    other => collect(other, fields, found),
                }
            }
        }
        Value::Array(items) => match items.as_slice() {
            // A pair of a form or a query.
            [Value::String(name), Value::String(text)] if fields.contains(name) && !text.is_empty() => {
                found.push(text.clone());
            }
            items => items.iter().for_each(|item| collect(item, fields, found)),
        },
        _ => {}
    }
}

/// Replaces a text wherever it stands in a text.
pub(crate) fn replace(value: &mut Value, text: &str, by: &str) {
    match value {
        Value::String(found) if found.contains(text) => *found = found.replace(text, by),
        Value::Object(object) => object.values_mut().for_each(|value| replace(value, text, by)),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, text, by)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_redacted_everywhere() {
        let mut whole = json!({
            "input": { "email": "ada@x.example", "to": ["ada@x.example"] },
            "form": [["email", "bob@x.example"], ["note", "for bob@x.example"]],
            "empty": { "email": "" }, "number": { "email": 7 },
        });
        redact(&mut whole, &["email".to_owned()]);
        let text = whole.to_string();
        assert!(!text.contains("ada@") && !text.contains("bob@"), "{text}");
        assert_eq!(whole["input"]["email"], whole["input"]["to"][0]);
        assert_ne!(whole["input"]["email"], whole["form"][0][1]);
        assert_eq!((&whole["empty"]["email"], &whole["number"]["email"]), (&json!(""), &json!(7)));
    }
}
