//! Every answer that any test gets is held against the OpenAPI document: its status, its media type,
//! its headers and its shape have to be there. So a route's documentation is tested wherever the
//! route is, also a route that is added later.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use gatehouse_api::Options;
use jsonschema::Validator;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

/// The document, as the server gives it.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| gatehouse_api::router::openapi(&Options::default()));

/// The checks of shapes, by where the schema stands in the document.
static SHAPES: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Holds an answer against the document. A path that no route has is nobody's, and so is a method.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, status: u16, headers: &HeaderMap, body: &Value) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let Some(template) = template(path) else { return };
    let operation = &DOCUMENT["paths"][&template][method.as_str().to_ascii_lowercase()];
    if !operation.is_object() {
        return;
    }
    let place = format!("{method} {template} answered {status}");
    let answer = &operation["responses"][status.to_string()];
    assert!(
        answer.is_object(),
        "{place}, which its documentation does not have: say in the route's entry in api/src/table \
         what it does (`.asks_provider()`, `.calls()`, `.pages()` …), or in api/src/answers.rs: {body:#}"
    );
    let answer = resolved(answer);
    headers_fit(&place, answer, headers);
    let media = headers.get("content-type").map(|value| value.to_str().unwrap());
    let documented = answer["content"].as_object();
    let Some(media) = media.filter(|_| documented.is_some() || !body.is_null()) else { return };
    let schema = documented.and_then(|types| types.get(media).or_else(|| types.get("*/*")));
    let schema = schema.unwrap_or_else(|| panic!("{place} as {media}, which its documentation does not have"));
    if media.ends_with("json") {
        let shape = shape(&format!("{method} {template} {status}"), &schema["schema"]);
        let wrong: Vec<String> =
            shape.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{place} with another shape than documented: {wrong:#?} in {body:#}");
    }
}

fn headers_fit(place: &str, answer: &'static Value, headers: &HeaderMap) {
    let documented = answer["headers"].as_object().unwrap_or_else(|| panic!("{place}: no header is documented"));
    for (name, header) in documented {
        let required = resolved(header)["required"] == true;
        assert!(!required || headers.contains_key(name), "{place} without the header {name}");
    }
    for name in ["etag", "location", "retry-after", "idempotent-replayed", "preference-applied"] {
        let known = documented.keys().any(|known| known.eq_ignore_ascii_case(name));
        assert!(known || !headers.contains_key(name), "{place} with the header {name}, which is not documented");
    }
}

/// The path of the route that a path belongs to: the one with the fewest parameters.
pub(crate) fn template(path: &str) -> Option<String> {
    let whole = format!("/api/v1{path}");
    let fits = |template: &&String| {
        let (mut words, mut given) = (template.split('/'), whole.split('/'));
        words.by_ref().zip(given.by_ref()).all(|(word, given)| word == given || word.starts_with('{'))
            && template.split('/').count() == whole.split('/').count()
    };
    let found = DOCUMENT["paths"].as_object().unwrap().keys().filter(fits);
    found.min_by_key(|template| template.matches('{').count()).cloned()
}

/// What a reference leads to, or the thing itself.
fn resolved(part: &'static Value) -> &'static Value {
    match part["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

fn shape(name: &str, schema: &Value) -> Arc<Validator> {
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let made = || {
        let whole = json!({ "allOf": [schema], "components": { "schemas": DOCUMENT["components"]["schemas"] } });
        Arc::new(jsonschema::draft202012::new(&whole).unwrap())
    };
    Arc::clone(shapes.entry(name.to_owned()).or_insert_with(made))
}
