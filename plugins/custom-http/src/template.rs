//! Templates: `{name}` stands for a parameter, `{{name}}` for that text itself; every other brace is one. What a
//! parameter holds never becomes a part of the template, leaves its segment of a path, or ends a header.

use gatehouse_sdk::json::{self, Object, Value};
use gatehouse_sdk::{Result, http};

use crate::operation::Operation;

/// A template with the parameters that fill it.
pub(crate) struct Filling<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) parameters: &'a Value,
}

impl Filling<'_> {
    /// A path. Each placeholder needs its parameter, and stays within its segment.
    pub(crate) fn path(&self) -> Result<String> {
        let mut path = String::new();
        let template = self.operation.path.strip_prefix('/').unwrap_or(&self.operation.path);
        let mut segments = template.split('/').peekable();
        while let Some(template) = segments.next() {
            if template.is_empty() && segments.peek().is_none() {
                path.push('/');
                break;
            }
            let Some(segment) = self.text("path", template)? else {
                return Err(self.operation.wrong("path", &format!("needs the parameter of `{template}`; give it")));
            };
            if segment.contains(['/', '\\']) {
                let problem = format!("has `{template}`, whose parameter holds a slash; give one without");
                return Err(self.operation.wrong("path", &problem));
            }
            let encoded = http::path(&[&segment]);
            path.push_str(&encoded.map_err(|error| self.operation.wrong("path", &error.message))?);
        }
        Ok(path)
    }

    /// Named texts. One that is a placeholder alone is left out where its parameter is absent, and stands there several
    /// times where that is a list.
    pub(crate) fn pairs(&self, place: &str, templates: &[(String, String)]) -> Result<Vec<(String, String)>> {
        let mut pairs = Vec::new();
        for (name, template) in templates {
            let place = format!("{place}.{name}");
            let list = self.alone(&place, template)?.flatten().and_then(Value::as_array);
            if let Some(list) = list {
                for item in list {
                    pairs.push((name.clone(), self.scalar(&place, item)?));
                }
            } else if let Some(text) = self.text(&place, template)? {
                pairs.push((name.clone(), text));
            }
        }
        Ok(pairs)
    }

    /// A JSON body. A text that is a placeholder alone becomes the parameter's value of whatever kind, and its field is
    /// left out where that is absent.
    pub(crate) fn json(&self, place: &str, template: &Value) -> Result<Option<Value>> {
        Ok(Some(match template {
            Value::String(text) => match self.alone(place, text)? {
                Some(value) => return Ok(value.cloned()),
                None => return Ok(self.text(place, text)?.map(Value::from)),
            },
            Value::Array(items) => {
                let mut all = Vec::new();
                for item in items {
                    all.extend(self.json(place, item)?);
                }
                all.into()
            }
            Value::Object(fields) => {
                let mut all = Object::new();
                for (name, field) in fields {
                    all = all.set_some(name, self.json(&format!("{place}.{name}"), field)?);
                }
                all.into()
            }
            other => other.clone(),
        }))
    }

    /// The parameter of a template that is a placeholder alone.
    fn alone(&self, place: &str, template: &str) -> Result<Option<Option<&Value>>> {
        match named(template, 1) {
            Some((name, "")) => self.parameter(place, name).map(Some),
            _ => Ok(None),
        }
    }

    fn parameter(&self, place: &str, name: &str) -> Result<Option<&Value>> {
        if self.operation.parameter(name).is_none() {
            let problem = format!("names `{{{name}}}`, which is no parameter; declare it in `parameters.properties`");
            return Err(self.operation.wrong(place, &problem));
        }
        Ok(self.parameters.get(name))
    }

    /// Text with its placeholders filled; none where it is one alone whose parameter is absent.
    fn text(&self, place: &str, template: &str) -> Result<Option<String>> {
        if let Some(value) = self.alone(place, template)? {
            return value.map(|value| self.scalar(place, value)).transpose();
        }
        let (mut text, mut rest) = (String::new(), template);
        while let Some((before, from)) = rest.find('{').and_then(|at| rest.split_at_checked(at)) {
            text.push_str(before);
            let braces = if from.starts_with("{{") { 2 } else { 1 };
            let Some((name, after)) = named(from, braces) else {
                text.push('{');
                rest = from.get(1..).unwrap_or_default();
                continue;
            };
            rest = after;
            if braces == 2 {
                text.push_str(&format!("{{{name}}}"));
                continue;
            }
            let Some(value) = self.parameter(place, name)? else {
                return Err(self.operation.wrong(place, &format!("needs the parameter `{name}`; give it")));
            };
            text.push_str(&self.scalar(place, value)?);
        }
        text.push_str(rest);
        Ok(Some(text))
    }

    /// A text, a number or a truth as text.
    fn scalar(&self, place: &str, value: &Value) -> Result<String> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => json::text(value),
            _ => return Err(self.operation.wrong(place, "is filled with a list or an object, which is no text")),
        };
        let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if place.starts_with("headers.") && !text.bytes().all(printable) {
            return Err(self
                .operation
                .wrong(place, "is filled with more than printable ASCII; a header takes no other"));
        }
        Ok(text)
    }
}

/// The name within so many braces at the beginning of a text, and what comes after it.
fn named(text: &str, braces: usize) -> Option<(&str, &str)> {
    let inner = text.get(braces..)?;
    let end = inner.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let (name, after) = inner.split_at_checked(end)?;
    let after = after.strip_prefix(if braces == 2 { "}}" } else { "}" })?;
    (!name.is_empty()).then_some((name, after))
}
