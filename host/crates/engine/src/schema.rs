//! JSON Schema checks of what tenants configure.

use gatehouse_domain::{Error, Problem, Result};
use serde_json::{Map, Value};

/// The setting by which an integration names another base: the host's own, beside the plugin's.
pub(crate) const BASE_URL: &str = "base_url";

/// Checks settings against a plugin's schema.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] with a problem a broken rule.
pub(crate) fn check_settings(schema: &Value, settings: &Map<String, Value>) -> Result<()> {
    let own: Map<String, Value> = settings
        .iter()
        .filter(|(name, _)| *name != BASE_URL)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    check(schema, &Value::Object(own), "$.settings")
}

/// As [`check_settings`], for settings that others complete: what is required may be missing.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] with a problem a broken rule, below `root`.
pub(crate) fn check_part(schema: &Value, part: &Map<String, Value>, root: &str) -> Result<()> {
    let mut schema = schema.clone();
    // Rules across fields can be met only by the whole, which is checked with each integration.
    for rule in ["required", "dependentRequired", "anyOf", "oneOf", "allOf", "if", "minProperties"] {
        schema.as_object_mut().and_then(|rules| rules.remove(rule));
    }
    let own = part.iter().filter(|(name, _)| *name != BASE_URL);
    check(&schema, &Value::Object(own.map(|(name, value)| (name.clone(), value.clone())).collect()), root)
}

fn check(schema: &Value, value: &Value, root: &str) -> Result<()> {
    let validator = jsonschema::draft202012::new(schema)
        .map_err(|error| Error::internal(format!("the plugin's schema for {root} does not compile: {error}")))?;
    judge(&validator, value, root, format!("{root} does not fit the plugin's schema"))
}

/// Checks a value against a compiled schema; `message` is what the error says as a whole.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Invalid`] with a problem a broken rule.
pub(crate) fn judge(validator: &jsonschema::Validator, value: &Value, root: &str, message: String) -> Result<()> {
    let problems: Vec<Problem> = validator
        .iter_errors(value)
        .map(|error| Problem::at(json_path(root, &error.instance_path().to_string()), error.to_string()))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::problems(message, problems))
}

/// `/a/0/b` under `$.settings` is `$.settings.a[0].b`.
fn json_path(root: &str, pointer: &str) -> String {
    pointer.split('/').skip(1).fold(root.to_owned(), |path, step| match step.parse::<usize>() {
        Ok(index) => format!("{path}[{index}]"),
        Err(_) => format!("{path}.{step}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_case(settings: Value, expect: Option<&str>) {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": { "regions": { "type": "array", "items": { "type": "string" } } },
        });
        let result = check_settings(&schema, settings.as_object().unwrap());
        let found = result.err().map(|error| error.problems.first().unwrap().path.clone());
        assert_eq!(found.as_deref(), expect);
    }

    #[test]
    fn settings_are_checked_to_the_path() {
        check_case(json!({}), None);
        check_case(json!({ "base_url": "http://127.0.0.1:1" }), None);
        check_case(json!({ "regions": ["eu", 7] }), Some("$.settings.regions[1]"));
        check_case(json!({ "colour": "red" }), Some("$.settings"));
    }
}
