//! Settings in layers: what the plugin's schema has by default, what the tenant's install says for
//! all integrations of the plugin, and what an integration says for itself. Pure; who may say what
//! is checked elsewhere.

use serde_json::{Map, Value};

/// The settings that calls of an integration have: each of the later layers takes the place of the
/// one before, name by name. A `null` of the integration's own takes back what the install says.
pub fn in_force(schema: &Value, config: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut all = defaults(schema);
    all.extend(config.clone());
    all.extend(own.clone());
    all
}

/// What the schema has by default, by the names of its properties (JSON Schema validation §9.2).
pub fn defaults(schema: &Value) -> Map<String, Value> {
    let with_default = properties(schema).filter_map(|(name, rule)| Some((name.clone(), rule.get("default")?.clone())));
    with_default.collect()
}

/// The names that the schema requires and `given` lacks, in the schema's order.
pub fn missing(schema: &Value, given: &Map<String, Value>) -> Vec<String> {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let names = required.filter_map(Value::as_str).filter(|name| !given.contains_key(*name));
    names.map(str::to_owned).collect()
}

/// Whether the schema marks a name as a secret: it is written and never read back.
pub fn is_secret(schema: &Value, name: &str) -> bool {
    properties(schema).any(|(known, rule)| known == name && rule.get("writeOnly") == Some(&Value::Bool(true)))
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(config: &Value, own: &Value, expect: &Value, lacks: &[&str]) {
        let schema = json!({
            "required": ["region", "page"],
            "properties": { "region": {}, "page": { "default": 50 }, "token": { "writeOnly": true } },
        });
        let found = in_force(&schema, config.as_object().unwrap(), own.as_object().unwrap());
        assert_eq!(Value::Object(found.clone()), *expect, "{config} {own}");
        assert_eq!(missing(&schema, &found), lacks, "{config} {own}");
        assert!(is_secret(&schema, "token") && !is_secret(&schema, "region") && !is_secret(&schema, "other"));
    }

    #[test]
    fn the_later_layer_counts() {
        check(&json!({}), &json!({}), &json!({ "page": 50 }), &["region"]);
        check(&json!({ "region": "eu" }), &json!({}), &json!({ "region": "eu", "page": 50 }), &[]);
        check(&json!({ "region": "eu", "page": 9 }), &json!({ "page": 7 }), &json!({ "region": "eu", "page": 7 }), &[]);
        check(&json!({ "region": "eu" }), &json!({ "region": null }), &json!({ "region": null, "page": 50 }), &[]);
    }

    #[test]
    fn a_schema_without_properties_has_no_defaults() {
        for schema in [json!({}), json!(true), json!({ "properties": [], "required": "all" })] {
            assert!(defaults(&schema).is_empty() && missing(&schema, &Map::new()).is_empty());
        }
    }
}
