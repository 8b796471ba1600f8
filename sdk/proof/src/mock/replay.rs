//! Sends the requests of fixtures to mocks, and wrong ones beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use gatehouse_sdk::conformance::{Description, Document};
use gatehouse_sdk::harness::fixture::ExpectedRequest;
use ureq::Agent;
use ureq::http::{Request, StatusCode};

use super::program::Mock;
use super::{Claims, is_sent};
use crate::evidence::{Evidence, name_of};

/// A request and the path at which a mock has it.
struct Sent<'a> {
    name: String,
    path: String,
    request: &'a ExpectedRequest,
}

/// Sends everything, one document after the other.
///
/// # Errors
/// Every request that was refused, and that no wrong one was.
pub(super) fn all(program: &Path, evidence: &Evidence, claims: &Claims<'_>) -> Result<(), Vec<String>> {
    let (mut problems, mut refused) = (Vec::new(), 0);
    for (file, sent) in by_document(evidence, claims) {
        let Some(description) = Description::named(file) else { continue };
        match Mock::start(program, description.published(), claims.rules.added_by_host) {
            Ok(mock) => {
                let (found, wrong) = one(&mock, &sent);
                problems.extend(found);
                refused += wrong;
            }
            Err(problem) => problems.push(format!("{file}: {problem}")),
        }
    }
    if refused == 0 {
        problems.push("the mock refused none of the wrong requests, so it checks nothing".to_owned());
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Each request with the first document that knows its path, as the offline check has it, and none of them twice.
fn by_document<'a>(evidence: &'a Evidence, claims: &Claims<'a>) -> BTreeMap<&'a str, Vec<Sent<'a>>> {
    let mut all: BTreeMap<&str, Vec<Sent<'_>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for case in evidence.cases.iter().filter(|case| is_sent(case, claims)) {
        for request in case.exchange.iter().map(|exchange| &exchange.request) {
            let place = |document: &Document<'a>| {
                let path = format!("{}{}", document.prepend, request.path.strip_prefix(document.strip)?);
                Description::named(document.file)?.knows(&request.method, &path).then_some((document.file, path))
            };
            // The key by which a provider knows a repeat makes no other request of it.
            let same = ExpectedRequest { idempotency_key: None, ..request.clone() };
            if !seen.insert(format!("{same:?}")) {
                continue;
            }
            if let Some((file, path)) = claims.rules.documents.iter().find_map(place) {
                all.entry(file).or_default().push(Sent { name: name_of(case), path, request });
            }
        }
    }
    all
}

/// What was refused of the right requests, and how many of the wrong ones were.
fn one(mock: &Mock, sent: &[Sent<'_>]) -> (Vec<String>, usize) {
    let agent = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
    let (mut problems, mut refused) = (Vec::new(), 0);
    for right in sent {
        match send(&agent, mock, right, false) {
            Ok((status, text)) if status.as_u16() < 400 || understood(status, &text) => {}
            Ok((status, text)) => {
                let Sent { name, path, request } = right;
                problems.push(format!("{name}: {} {path} was refused with {status}: {text}", request.method));
            }
            Err(error) => problems.push(format!("{}: {error}", right.name)),
        }
        if right.request.query.is_empty() && body(right.request, true).is_none() {
            // There is nothing about it that could be wrong.
            continue;
        }
        let wrong = send(&agent, mock, right, true);
        refused += usize::from(wrong.is_ok_and(|(status, _)| status.is_client_error()));
    }
    (problems, refused)
}

/// Whether a request was found to be right and only no answer could be made up for it: one of a shape that refers to
/// itself too often, or one that is no JSON. A wrong request is refused before that.
fn understood(status: StatusCode, text: &str) -> bool {
    let no_answer = ["errors#SCHEMA_TOO_COMPLEX", "Cannot find serializer for"];
    status == StatusCode::INTERNAL_SERVER_ERROR && no_answer.iter().any(|reason| text.contains(reason))
}

/// Sends a request; a wrong one has a text where its body is to be, and no parameters.
fn send(agent: &Agent, mock: &Mock, sent: &Sent<'_>, wrong: bool) -> Result<(StatusCode, String), String> {
    let request = sent.request;
    let query = if wrong || request.query.is_empty() { String::new() } else { format!("?{}", encoded(&request.query)) };
    let mut builder =
        Request::builder().method(request.method.as_str()).uri(format!("{}{}{query}", mock.origin, sent.path));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let answer = match body(request, wrong) {
        Some((kind, text)) => {
            let built = builder.header("content-type", kind).body(text).map_err(|error| error.to_string())?;
            agent.run(built)
        }
        None => agent.run(builder.body(()).map_err(|error| error.to_string())?),
    };
    let mut answer = answer.map_err(|error| error.to_string())?;
    let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
    Ok((answer.status(), text.chars().take(600).collect()))
}

/// The content type and the text of a body, where there is one.
fn body(request: &ExpectedRequest, wrong: bool) -> Option<(&'static str, String)> {
    match (&request.json, &request.form) {
        (Some(_), _) if wrong => Some((JSON, "\"wrong\"".to_owned())),
        (_, Some(_)) if wrong => Some((FORM, "wrong=1".to_owned())),
        (Some(json), _) => Some((JSON, json.to_string())),
        (_, Some(form)) => Some((FORM, encoded(form))),
        (None, None) => None,
    }
}

/// How long the mock may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Pairs as a form or a query has them (WHATWG URL, `application/x-www-form-urlencoded`).
fn encoded(pairs: &[(String, String)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    text.finish()
}
