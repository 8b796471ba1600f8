//! Which operation of a document a request is, and what the document says of its parts.

use serde_json::Value;

use super::Description;

/// An operation that a request's method and path lead to.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The pointer to the operation.
    pub(super) at: String,
    /// The values that stand in the path, by parameter.
    pub(super) path: Vec<(String, String)>,
    /// The parameters of the operation and of its path.
    pub(super) parameters: Vec<Parameter>,
}

/// A parameter that the document describes.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) required: bool,
    /// The pointer to its schema.
    pub(super) schema: String,
}

impl Description {
    /// Whether the document has this method at this path.
    pub fn knows(&self, method: &str, path: &str) -> bool {
        self.operation(method, path).is_some()
    }

    /// The operation of a method and a path; of several that fit, the one with the fewest placeholders.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Found> {
        let path = path.split('?').next().unwrap_or_default();
        let method = method.to_ascii_lowercase();
        let paths = self.document.get("paths")?.as_object()?;
        let fitting = paths.iter().filter(|(_, item)| item.get(&method).is_some()).filter_map(|(template, _)| {
            let values = fit(template, path)?;
            Some((values, template))
        });
        let (path, template) = fitting.min_by_key(|(values, _)| values.len())?;
        let item = format!("/paths/{}", escaped(template));
        let at = format!("{item}/{method}");
        let mut parameters = self.parameters(&at);
        for shared in self.parameters(&item) {
            if !parameters.iter().any(|own| own.name == shared.name && own.place == shared.place) {
                parameters.push(shared);
            }
        }
        Some(Found { at, path, parameters })
    }

    fn parameters(&self, at: &str) -> Vec<Parameter> {
        let all = self.document.pointer(&format!("{at}/parameters")).and_then(Value::as_array);
        let places = (0..all.map_or(0, Vec::len)).map(|index| format!("{at}/parameters/{index}"));
        places.filter_map(|place| self.parameter(&place)).collect()
    }

    fn parameter(&self, at: &str) -> Option<Parameter> {
        let (at, _) = self.resolved(at)?;
        let parameter = self.document.pointer(&at)?;
        let text = |name: &str| parameter.get(name).and_then(Value::as_str).map(str::to_owned);
        // Swagger 2 writes the schema of a simple parameter into the parameter itself.
        let schema = if parameter.get("schema").is_some() { format!("{at}/schema") } else { at };
        let place = text("in")?;
        let required = place == "path" || parameter.get("required") == Some(&Value::Bool(true));
        Some(Parameter { name: text("name")?, place, required, schema })
    }

    /// The pointer to the schema of a body in this format, and whether a body must be there. `None` where the
    /// operation takes no body, `Some((None, _))` where it takes another format.
    pub(super) fn body(&self, found: &Found, format: &str) -> Option<(Option<String>, bool)> {
        if let Some(body) = found.parameters.iter().find(|parameter| parameter.place == "body") {
            return Some(((format == "json").then(|| body.schema.clone()), body.required));
        }
        let (at, _) = self.resolved(&format!("{}/requestBody", found.at))?;
        let body = self.document.pointer(&at)?;
        let required = body.get("required") == Some(&Value::Bool(true));
        Some((content(body, &at, format), required))
    }

    /// The pointer to the schema of a response in JSON. `Err` where the status is not described at all.
    pub(super) fn answer(&self, found: &Found, status: u16) -> Result<Option<String>, ()> {
        let all = format!("{}/responses", found.at);
        let names =
            [status.to_string(), format!("{}XX", status / 100), format!("{}xx", status / 100), "default".to_owned()];
        let at = names.iter().find_map(|name| self.resolved(&format!("{all}/{name}"))).map(|(at, _)| at).ok_or(())?;
        let Some(answer) = self.document.pointer(&at) else { return Err(()) };
        if answer.get("schema").is_some() {
            return Ok(Some(format!("{at}/schema")));
        }
        Ok(content(answer, &at, "json"))
    }
}

/// The pointer to the schema of the content in this format: `json` or `form`.
fn content(value: &Value, at: &str, format: &str) -> Option<String> {
    let kinds = value.get("content")?.as_object()?;
    let kind = kinds.keys().find(|kind| match format {
        "form" => kind.starts_with("application/x-www-form-urlencoded"),
        _ => {
            kind.split(';').next().is_some_and(|kind| kind.ends_with("/json") || kind.ends_with("+json"))
                || *kind == "*/*"
        }
    })?;
    Some(format!("{at}/content/{}/schema", escaped(kind)))
}

/// The values in a path, where it has the template's form.
fn fit(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (templates, parts) = (template.trim_matches('/').split('/'), path.trim_matches('/').split('/'));
    if templates.clone().count() != parts.clone().count() {
        return None;
    }
    let mut values = Vec::new();
    for (template, part) in templates.zip(parts) {
        match template.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
            None if template == part => {}
            Some((before, (name, after))) => {
                let value = part.strip_prefix(before)?.strip_suffix(after).filter(|value| !value.is_empty())?;
                values.push((name.to_owned(), value.to_owned()));
            }
            None => return None,
        }
    }
    Some(values)
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
