//! The fields of one credential as a tenant gave them, on their way to being sealed.

use std::collections::BTreeMap;
use std::fmt;

use gatehouse_domain::{Error, Problem, Result};
use jsonschema::error::ValidationErrorKind;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::secret::Secret;

/// A shorter value would be given away by its ends.
const HINT_FROM: usize = 20;

/// A credential's fields by name. Every value is a string.
#[derive(Default)]
pub struct Credentials(BTreeMap<String, Secret>);

impl Credentials {
    /// Credentials from names and values.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), Secret::from(value.into()))).collect())
    }

    /// Credentials from what was sealed.
    pub(crate) fn of(fields: BTreeMap<String, Secret>) -> Self {
        Self(fields)
    }

    /// Checks the fields against the manifest's JSON Schema of the credential.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`], where each problem names the field and the
    /// rule and never the value.
    pub fn check(&self, schema: &Value) -> Result<()> {
        let validator = jsonschema::validator_for(schema).map_err(|error| {
            Error::invalid(format!("the manifest's schema of the credential is not a JSON schema: {error}"))
        })?;
        let mut plain = self.plain();
        let problems: Vec<Problem> = validator.iter_errors(&plain).flat_map(|error| describe(&error)).collect();
        wipe(&mut plain);
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::problems("the credential does not fit the plugin's schema", problems))
    }

    /// For each field its beginning and end where the value is long enough, else `…`.
    pub fn hints(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, value)| (name.clone(), hint(value))).collect()
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn plain(&self) -> Value {
        let text = |value: &Secret| Value::from(value.expose_text().unwrap_or_default());
        Value::Object(self.0.iter().map(|(name, value)| (name.clone(), text(value))).collect::<Map<_, _>>())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|name| (name, "[redacted]"))).finish()
    }
}

impl<'de> Deserialize<'de> for Credentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Credentials;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose values are strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Credentials, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let Text(value) = map.next_value()?;
            if fields.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("a credential field occurs twice"));
            }
        }
        Ok(Credentials(fields))
    }
}

/// A string and nothing else. The error serde makes by itself would quote the value.
struct Text(Secret);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer);
        text.map(|text| Self(Secret::from(text)))
            .map_err(|_| serde::de::Error::custom("every credential field must be a string"))
    }
}

fn hint(value: &Secret) -> String {
    let text = value.expose_text().unwrap_or_default();
    if text.chars().count() < HINT_FROM {
        return "…".to_owned();
    }
    let head: String = text.chars().take(4).collect();
    let mut tail: Vec<char> = text.chars().rev().take(4).collect();
    tail.reverse();
    let shown: String = [head, "…".to_owned(), tail.into_iter().collect()].concat();
    // A key file, for example: line breaks and control characters would spoil a page.
    shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn wipe(value: &mut Value) {
    for field in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Value::String(text) = field {
            text.zeroize();
        }
    }
}

fn describe(error: &jsonschema::ValidationError<'_>) -> Vec<Problem> {
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Problem::at(format!("$.credentials.{name}"), "is required")]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| unknown_field(name)).collect()
        }
        kind => vec![Problem::at(path_of(error), rule(kind))],
    }
}

fn path_of(error: &jsonschema::ValidationError<'_>) -> String {
    format!("$.credentials{}", error.instance_path().as_str().replace('/', "."))
}

/// Someone may have pasted the value where the name belongs, so only what looks like a name
/// is repeated.
fn unknown_field(name: &str) -> Problem {
    let is_name = name.len() <= 24 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let path = if is_name { format!("$.credentials.{name}") } else { "$.credentials".to_owned() };
    Problem::at(path, "the plugin's credential has no such field")
}

fn rule(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
        ValidationErrorKind::Pattern { pattern } => format!("must match the pattern `{pattern}`"),
        ValidationErrorKind::Format { format } => format!("must have the format `{format}`"),
        ValidationErrorKind::Enum { options } => format!("must be one of {options}"),
        ValidationErrorKind::Constant { expected_value } => format!("must be {expected_value}"),
        ValidationErrorKind::Type { .. } => "must have the type that the plugin's schema gives it".to_owned(),
        other => format!("breaks the rule `{}` of the plugin's schema", other.keyword()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(credentials: Value, expect: &[&str]) {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["api_key"],
            "properties": {
                "api_key": { "type": "string", "minLength": 8, "pattern": "^sk_" },
                "region": { "enum": ["eu", "us"] },
            },
        });
        let credentials: Credentials = serde_json::from_value(credentials).unwrap();
        let error = credentials.check(&schema).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(error.is_empty(), expect.is_empty(), "{error}");
        for part in expect {
            assert!(error.contains(part), "{error} lacks {part}");
        }
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn problems_name_the_field_and_the_rule_and_never_the_value() {
        check(json!({ "api_key": "sk_12345678" }), &[]);
        check(json!({}), &["$.credentials.api_key: is required"]);
        check(json!({ "api_key": "sk_" }), &["$.credentials.api_key", "at least 8"]);
        check(json!({ "api_key": "pk_canary-canary" }), &["$.credentials.api_key", "`^sk_`"]);
        check(json!({ "api_key": "sk_12345678", "region": "canary" }), &["$.credentials.region", "eu"]);
        check(json!({ "api_key": "sk_12345678", "regoin": "canary" }), &["$.credentials.regoin", "no such field"]);
        check(json!({ "api_key": "sk_12345678", "sk_canary42": "" }), &["$.credentials: ", "no such field"]);
    }

    #[test]
    fn only_an_object_of_strings_is_read_and_no_value_is_quoted() {
        for text in
            ["[]", "\"sk_canary\"", "{\"a\":4242}", "{\"a\":{\"b\":\"canary\"}}", "{\"a\":\"1\",\"a\":\"canary\"}"]
        {
            let error = serde_json::from_str::<Credentials>(text).unwrap_err().to_string();
            assert!(!error.contains("4242"), "{error}");
        }
    }

    #[test]
    fn a_hint_shows_the_ends_of_long_values_only() {
        let pairs = [("long", "sk_test_12345678904242"), ("short", "sk_test_4242"), ("text", "äöüß–äöüß–äöüß–äöü\nx")];
        let hints = Credentials::from_pairs(pairs).hints();
        assert_eq!(hints["long"], "sk_t…4242");
        assert_eq!(hints["short"], "…");
        assert_eq!(hints["text"], "äöüß…öü x");
        let pem = Credentials::from_pairs([("pem", "-----BEGIN KEY-----\nab")]).hints();
        assert_eq!(pem["pem"], "----…- ab");
    }

    #[test]
    fn its_debug_form_names_the_fields_only() {
        let shown = format!("{:?}", Credentials::from_pairs([("api_key", "sk_canary")]));
        assert!(shown.contains("api_key") && !shown.contains("canary"), "{shown}");
    }
}
