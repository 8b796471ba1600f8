//! What a document has against a request or a response of a fixture.

use std::collections::BTreeMap;

use serde_json::Value;

use super::operation::{Found, Parameter};
use super::tree::{self, Tree};
use super::{Description, Rules, coerce, unknown};
use crate::harness::fixture::{ExpectedRequest, PlayedResponse};
use crate::paging;

/// Headers that OpenAPI leaves to other parts of the document.
const OTHER_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// What the document has against a request.
pub(super) fn request(
    description: &Description,
    found: &Found,
    request: &ExpectedRequest,
    rules: &Rules<'_>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, value) in &found.path {
        let parameter = found.parameters.iter().find(|known| known.place == "path" && known.name == *name);
        // In a path, a plus is a plus.
        let value = paging::decode(&value.replace('+', "%2B"));
        if let (Some(parameter), Some(value)) = (parameter, value) {
            problems.extend(wrong(description, parameter, &Tree::Text(value), ".path"));
        }
    }
    let mut query = request.query.clone();
    let in_path = request.path.split_once('?').and_then(|(_, query)| paging::pairs(query).ok());
    query.extend(in_path.unwrap_or_default());
    query.retain(|(name, _)| !rules.unlisted.contains(&name.as_str()));
    problems.extend(pairs(description, found, "query", &query));
    for (name, value) in &request.headers {
        let known = |parameter: &&Parameter| parameter.place == "header" && parameter.name.eq_ignore_ascii_case(name);
        if let Some(parameter) = found.parameters.iter().find(known) {
            problems.extend(wrong(description, parameter, &Tree::Text(value.clone()), ".headers"));
        }
    }
    problems.extend(missing(found, request, &query, rules.added_by_host));
    let is_unlisted =
        |problem: &String| rules.unlisted.iter().any(|name| problem.ends_with(&format!("/{name}: is not known")));
    problems.extend(body(description, found, request).into_iter().filter(|problem| !is_unlisted(problem)));
    problems
}

/// What the document has against a response.
pub(super) fn response(description: &Description, found: &Found, response: &PlayedResponse) -> Vec<String> {
    let Some(json) = &response.json else { return Vec::new() };
    match description.answer(found, response.status) {
        Ok(Some(schema)) => located(".json", description.problems(&schema, json)),
        Ok(None) => Vec::new(),
        // Documents leave out errors more often than not.
        Err(()) if response.status >= 400 => Vec::new(),
        Err(()) => vec![format!(".status: {} is not described", response.status)],
    }
}

/// Pairs that are not known, or do not have the described form.
fn pairs(description: &Description, found: &Found, place: &str, pairs: &[(String, String)]) -> Vec<String> {
    let mut problems = Vec::new();
    let known: Vec<&Parameter> = found.parameters.iter().filter(|parameter| parameter.place == place).collect();
    // A name may be described with its brackets, such as `search[email]`.
    let (whole, nested): (Vec<_>, Vec<_>) =
        pairs.iter().cloned().partition(|(name, _)| known.iter().any(|parameter| parameter.name == *name));
    let mut trees: BTreeMap<String, Tree> = tree::of_pairs(&nested);
    for (name, value) in whole {
        match trees.get_mut(&name) {
            Some(Tree::Keyed(values)) => drop(values.insert(values.len().to_string(), Tree::Text(value))),
            Some(Tree::Text(before)) => {
                let both = [("0".to_owned(), Tree::Text(before.clone())), ("1".to_owned(), Tree::Text(value))];
                trees.insert(name, Tree::Keyed(both.into()));
            }
            None => drop(trees.insert(name, Tree::Text(value))),
        }
    }
    let place = format!(".{}", if place == "formData" { "form" } else { place });
    for (name, tree) in &trees {
        match known.iter().find(|parameter| parameter.name == *name || parameter.name == format!("{name}[]")) {
            Some(parameter) => problems.extend(wrong(description, parameter, tree, &place)),
            None => problems.push(format!("{place}: `{name}` is not known")),
        }
    }
    problems
}

fn wrong(description: &Description, parameter: &Parameter, tree: &Tree, place: &str) -> Vec<String> {
    let value = coerce::value(description, &parameter.schema, tree);
    located(&format!("{place}.{}", parameter.name), strict(description, &parameter.schema, &value))
}

/// Required parameters that are not there.
fn missing(found: &Found, request: &ExpectedRequest, query: &[(String, String)], added: &[&str]) -> Vec<String> {
    let has = |pairs: &[(String, String)], wanted: &str| {
        pairs.iter().any(|(name, _)| name == wanted || name.split('[').next() == Some(wanted))
    };
    let there = |parameter: &Parameter| match parameter.place.as_str() {
        "query" => has(query, &parameter.name),
        "formData" => request.form.as_deref().is_some_and(|form| has(form, &parameter.name)),
        "header" => {
            OTHER_HEADERS.contains(&parameter.name.to_ascii_lowercase().as_str())
                || request.headers.keys().any(|name| name.eq_ignore_ascii_case(&parameter.name))
        }
        _ => true,
    };
    let required = found.parameters.iter().filter(|parameter| parameter.required);
    let missing = required.filter(|parameter| !there(parameter) && !added.contains(&parameter.name.as_str()));
    missing.map(|parameter| format!(": `{}` is missing in its {}", parameter.name, parameter.place)).collect()
}

fn body(description: &Description, found: &Found, request: &ExpectedRequest) -> Vec<String> {
    let in_swagger = found.parameters.iter().any(|parameter| parameter.place == "formData");
    match (&request.form, &request.json) {
        (Some(form), _) if in_swagger => pairs(description, found, "formData", form),
        (Some(form), _) => {
            let fields = tree::of_pairs(form);
            match schema_of(description, found, "form") {
                Ok(schema) => {
                    let value = coerce::value(description, &schema, &Tree::Keyed(fields));
                    located(".form", strict(description, &schema, &value))
                }
                // An empty form is no body at all.
                Err(_) if form.is_empty() => Vec::new(),
                Err(problem) => vec![problem],
            }
        }
        (None, Some(json)) => match schema_of(description, found, "json") {
            Ok(schema) => located(".json", strict(description, &schema, json)),
            Err(problem) => vec![problem],
        },
        (None, None) => match description.body(found, "json") {
            Some((_, true)) => vec![": a body is needed".to_owned()],
            _ => Vec::new(),
        },
    }
}

fn schema_of(description: &Description, found: &Found, format: &str) -> Result<String, String> {
    match description.body(found, format) {
        Some((Some(schema), _)) => Ok(schema),
        Some((None, _)) => Err(format!(": the body is not described as {format}")),
        None => Err(": no body is described".to_owned()),
    }
}

/// What the schema says, and which fields it does not know.
fn strict(description: &Description, schema: &str, value: &Value) -> Vec<String> {
    let unknown = unknown::fields(description, schema, value, "");
    let unknown = unknown.into_iter().map(|path| format!("{path}: is not known"));
    description.problems(schema, value).into_iter().chain(unknown).collect()
}

fn located(place: &str, problems: Vec<String>) -> Vec<String> {
    problems.into_iter().map(|problem| format!("{place}{problem}")).collect()
}
