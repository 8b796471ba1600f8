//! What answers a route: the good answer, and every problem that the route can come to.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{headers, problem_schema};
use crate::answers::problems;
use crate::kinds::ProblemKind;
use crate::status;
use crate::table::Route;

/// Answers that many operations share.
#[derive(Default)]
pub(super) struct Shared(BTreeMap<String, (BTreeSet<ProblemKind>, Value)>);

impl Shared {
    /// A reference to the answer of a status with one of these kinds of problems.
    fn refer(&mut self, code: u16, kinds: BTreeSet<ProblemKind>) -> Value {
        let names =
            (1..).map(|number| if number == 1 { format!("Problem{code}") } else { format!("Problem{code}_{number}") });
        for name in names {
            match self.0.get(&name) {
                Some((known, _)) if *known != kinds => {}
                found => {
                    let reference = json!({ "$ref": format!("#/components/responses/{name}") });
                    if found.is_none() {
                        let answer = problem(code, &kinds);
                        self.0.insert(name, (kinds, answer));
                    }
                    return reference;
                }
            }
        }
        Value::Null
    }

    /// All of them.
    pub(super) fn take(self) -> Value {
        Value::Object(self.0.into_iter().map(|(name, (_, answer))| (name, answer)).collect())
    }
}

/// The answers of a route, by status.
pub(super) fn of(route: &Route, generator: &mut SchemaGenerator, shared: &mut Shared) -> Value {
    let mut answers: Map<String, Value> = Map::new();
    let mut by_status: BTreeMap<u16, BTreeSet<ProblemKind>> = BTreeMap::new();
    for kind in problems(route) {
        by_status.entry(status::of_problem(kind).as_u16()).or_default().insert(kind);
    }
    for (code, kinds) in &by_status {
        answers.insert(code.to_string(), shared.refer(*code, kinds.clone()));
    }
    for code in route.pages {
        let kinds = by_status.get(code);
        answers.insert(code.to_string(), page(kinds.map(|kinds| problem(*code, kinds))));
    }
    if let Some(schema) = route.accepts {
        answers.insert("202".to_owned(), accepted(&json!(schema(generator))));
    }
    // What tells of parts has the same shape where one of them is not well.
    if let Some(code) = route.also {
        answers.insert(code.as_str().to_owned(), good(route, generator));
    }
    answers.insert(route.gives.0.as_str().to_owned(), good(route, generator));
    Value::Object(answers)
}

fn good(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let (status, schema) = route.gives;
    let mut good = json!({
        "description": status.canonical_reason().unwrap_or("Done"),
        "headers": headers::refer(&headers::of_good(route)),
    });
    let content = match (schema, route.media) {
        // A provider that tests an endpoint is answered in its own way.
        (Some(schema), _) if route.signed => {
            json!({ "application/json": { "schema": schema(generator) }, "*/*": { "schema": { "type": "string" } } })
        }
        (Some(schema), _) => json!({ "application/json": { "schema": schema(generator) } }),
        (None, Some(media)) => json!({ media: { "schema": { "type": "string" } } }),
        (None, None) => return good,
    };
    if let Some(fields) = good.as_object_mut() {
        fields.insert("content".to_owned(), content);
    }
    good
}

fn accepted(schema: &Value) -> Value {
    let names = [("Location", "Location"), ("Preference-Applied", "Applied"), ("Retry-After", "RetryAfter")];
    json!({
        "description": "Accepted; Location names the record that tells what becomes of it",
        "headers": headers::refer(&names),
        "content": { "application/json": { "schema": schema } },
    })
}

/// A page; or a problem, where the request did not come as far as the page.
fn page(problem: Option<Value>) -> Value {
    let mut answer = problem.unwrap_or_else(|| {
        json!({
            "description": "A page for the person whose browser this is",
            "headers": headers::refer(&[]),
            "content": {},
        })
    });
    if let Some(content) = answer.get_mut("content").and_then(Value::as_object_mut) {
        content.insert("text/html; charset=utf-8".to_owned(), json!({ "schema": { "type": "string" } }));
    }
    answer
}

fn problem(code: u16, kinds: &BTreeSet<ProblemKind>) -> Value {
    let uris: Vec<String> = kinds.iter().map(|kind| kind.uri()).collect();
    let meanings: Vec<String> = kinds.iter().map(|kind| format!("`{}`: {}", kind.name(), kind.means())).collect();
    let reason = StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()).unwrap_or("Refused");
    let names: &[(&str, &str)] = match code {
        401 => &[("WWW-Authenticate", "Authenticate")],
        409 | 429 | 502 | 503 => &[("Retry-After", "RetryAfter")],
        _ => &[],
    };
    let narrowed = json!({ "properties": { "type": { "enum": uris }, "status": { "const": code } } });
    json!({
        "description": format!("{reason}. {}", meanings.join(" ")),
        "headers": headers::refer(names),
        "content": { "application/problem+json": { "schema": { "allOf": [problem_schema(), narrowed] } } },
    })
}
