//! A provider's document: OpenAPI 3 or Swagger 2, read once for a whole test run, its schemas turned
//! into JSON Schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Map, Value, json};

/// What the document is called in references.
const NAME: &str = "urn:gatehouse:description";

/// A provider's document.
pub struct Description {
    /// As it was published.
    pub(super) document: Value,
    /// With every schema as JSON Schema; the same places hold the same things.
    pub(super) schemas: Value,
    registry: Registry<'static>,
    draft: Draft,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Description {
    /// The document of this file name, where it is at hand: in the folder that `GATEHOUSE_SPECS` names,
    /// or in `shared/specs` beside the repository. It is read once and kept.
    pub fn named(file: &str) -> Option<&'static Self> {
        static KNOWN: OnceLock<Mutex<BTreeMap<String, Option<&'static Description>>>> = OnceLock::new();
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(file.to_owned()).or_insert_with(|| {
            let text = std::fs::read(folder()?.join(file)).ok()?;
            let document = Self::of(serde_json::from_slice(&text).ok()?).ok()?;
            Some(Box::leak(Box::new(document)))
        })
    }

    /// A document.
    ///
    /// # Errors
    /// Where it is neither OpenAPI 3 nor Swagger 2, or holds references that lead nowhere.
    pub fn of(document: Value) -> Result<Self, String> {
        let version = ["openapi", "swagger"].iter().find_map(|name| document.get(name)?.as_str());
        let draft = match version {
            Some(version) if version.starts_with("3.1") => Draft::Draft202012,
            Some(version) if version.starts_with("3.0") || version == "2.0" => Draft::Draft4,
            other => return Err(format!("the document is neither OpenAPI 3 nor Swagger 2 but {other:?}")),
        };
        let schemas = translated(&document);
        let registry = Registry::new().draft(draft).add(NAME, schemas.clone()).and_then(|registry| registry.prepare());
        let registry = registry.map_err(|error| format!("the document can not be used: {error}"))?;
        Ok(Self { document, schemas, registry, draft, validators: Mutex::default() })
    }

    /// The document as it was published.
    pub fn published(&self) -> &Value {
        &self.document
    }

    /// What is wrong with a value under the schema at a place of the document.
    pub(super) fn problems(&self, pointer: &str, value: &Value) -> Vec<String> {
        let validator = match self.validator(pointer) {
            Ok(validator) => validator,
            Err(error) => return vec![format!(": the schema {pointer} can not be used: {error}")],
        };
        validator
            .iter_errors(value)
            .map(|error| format!("{}: {}", error.instance_path(), shortened(&error.to_string())))
            .collect()
    }

    /// Follows references until there is none, and answers where that is.
    pub(super) fn resolved<'a>(&'a self, pointer: &str) -> Option<(String, &'a Value)> {
        let mut pointer = pointer.to_owned();
        for _ in 0..32 {
            let value = self.schemas.pointer(&pointer)?;
            match value.get("$ref").and_then(Value::as_str) {
                Some(reference) => pointer = reference.strip_prefix('#')?.to_owned(),
                None => return Some((pointer, value)),
            }
        }
        None
    }

    fn validator(&self, pointer: &str) -> Result<Arc<Validator>, String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = validators.get(pointer) {
            return Ok(validator.clone());
        }
        let schema = json!({ "$ref": format!("{NAME}#{}", encoded(pointer)) });
        let options = jsonschema::options().with_draft(self.draft).with_registry(&self.registry);
        let options = options.with_format("uri", is_address);
        let validator = Arc::new(options.build(&schema).map_err(|error| error.to_string())?);
        validators.insert(pointer.to_owned(), validator.clone());
        Ok(validator)
    }
}

/// Whether a text is an address (RFC 3986). Providers call paths of their own hosts `uri` as well.
fn is_address(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.as_bytes());
    let absolute = scheme.is_some_and(|scheme| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    });
    text.bytes().all(letter) && (absolute || text.starts_with('/'))
}

/// A pointer as the fragment of an address.
fn encoded(pointer: &str) -> String {
    pointer.replace('%', "%25").replace('{', "%7B").replace('}', "%7D").replace(' ', "%20").replace('+', "%2B")
}

/// The folder of descriptions.
fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("GATEHOUSE_SPECS") {
        return Some(PathBuf::from(folder));
    }
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)?;
    here.ancestors().map(|above| above.join("shared/specs")).find(|folder: &PathBuf| Path::is_dir(folder))
}

/// The document with OpenAPI's own words turned into JSON Schema's.
fn translated(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut kept: Map<String, Value> =
                fields.iter().map(|(name, field)| (name.clone(), translated(field))).collect();
            // Older documents write `required: true` at a field, and `type: file` for an upload.
            if kept.get("required").is_some_and(Value::is_boolean) {
                kept.remove("required");
            }
            if kept.get("type").and_then(Value::as_str) == Some("file") {
                kept.remove("type");
            }
            let nullable = ["nullable", "x-nullable"].iter().any(|word| kept.get(*word) == Some(&Value::Bool(true)));
            if nullable { with_null(kept) } else { Value::Object(kept) }
        }
        Value::Array(items) => items.iter().map(translated).collect(),
        other => other.clone(),
    }
}

/// The schema, and null as well.
fn with_null(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Array(members)) = schema.get_mut("enum")
        && !members.contains(&Value::Null)
    {
        members.push(Value::Null);
    }
    match schema.get("type").cloned() {
        Some(Value::String(kind)) => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            Value::Object(schema)
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// A message without a whole document in it.
fn shortened(message: &str) -> String {
    match message.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_has_a_scheme_or_is_a_path() {
        for (text, good) in [
            ("https://a.example/b?c=%20#d", true),
            ("mailto:a@b.example", true),
            ("/2010-04-01/Accounts.json?Page=1", true),
            ("a.example/b", false),
            ("b c", false),
            ("https://a.example/b c", false),
            ("/b|c", false),
            ("1http://a.example", false),
            (":b", false),
            ("", false),
        ] {
            assert_eq!(is_address(text), good, "{text}");
        }
    }
}
