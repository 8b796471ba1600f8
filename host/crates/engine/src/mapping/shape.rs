//! What a JSON Schema (draft 2020-12) says of one place: whether there can be anything, and of which
//! types. It is asked before there is a record, so where a schema leaves something open, so does
//! the answer.

use gatehouse_domain::mapping::{Path, Step, Types};
use serde_json::Value;

/// How many references are followed before a schema counts as open.
const MOST_REFERENCES: u32 = 16;

/// What a schema says of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// What can be there.
    Types(Types),
    /// There is no such place: the named step of the path leads nowhere.
    Nowhere(String),
}

/// What a schema says of a place. A field that is not among the `properties` of an object is
/// unknown, unless `additionalProperties` or `patternProperties` say what others can be: a
/// name that was misspelled would pass otherwise.
pub(super) fn at(schema: &Value, path: &Path) -> Said {
    Walk { root: schema }.at(schema, path.steps(), 0)
}

/// The fields that have to be in an object of this schema.
pub(super) fn required(schema: &Value) -> Vec<String> {
    let walk = Walk { root: schema };
    let mut names = Vec::new();
    walk.required(schema, &mut names, 0);
    names
}

struct Walk<'s> {
    root: &'s Value,
}

impl<'s> Walk<'s> {
    fn at(&self, schema: &'s Value, steps: &[Step], depth: u32) -> Said {
        let Some(schema) = self.follow(schema, depth) else { return Said::Types(Types::ANY) };
        let Some((step, rest)) = steps.split_first() else { return Said::Types(self.types(schema, depth)) };
        if depth > MOST_REFERENCES {
            return Said::Types(Types::ANY);
        }
        // Each branch of a choice may lead on; of several schemas that all hold, each that knows
        // the place narrows it.
        if let Some(branches) = alternatives(schema) {
            let said = branches.iter().map(|branch| self.at(branch, steps, depth + 1));
            let own = self.inward(schema, step).map(|inner| self.at(inner, rest, depth));
            return said.chain(own).reduce(either).unwrap_or(Said::Types(Types::ANY));
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let said = parts.iter().map(|part| self.at(part, steps, depth + 1));
            let own = schema.get("properties").is_some().then(|| self.onward(schema, step, rest, depth));
            return said.chain(own).reduce(each).unwrap_or(Said::Types(Types::ANY));
        }
        self.onward(schema, step, rest, depth)
    }

    fn onward(&self, schema: &'s Value, step: &Step, rest: &[Step], depth: u32) -> Said {
        if let Some(inner) = self.inward(schema, step) {
            return self.at(inner, rest, depth);
        }
        let types = self.types(schema, depth);
        match step {
            Step::Name(name) if !types.can_be(Types::OBJECT) => {
                Said::Nowhere(format!("`{name}` is asked of what is {}", types.describe()))
            }
            Step::Name(name) => match schema.get("properties") {
                Some(_) if !is_open(schema) => Said::Nowhere(format!("there is no `{name}`")),
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) && !is_open(schema) => {
                    Said::Nowhere(format!("there is no `{name}`"))
                }
                _ => Said::Types(Types::ANY),
            },
            Step::Index(_) | Step::Each if !types.can_be(Types::ARRAY) => {
                Said::Nowhere(format!("items are asked of what is {}", types.describe()))
            }
            Step::Index(_) | Step::Each => Said::Types(Types::ANY),
        }
    }

    /// The schema of what a step leads to, where this one has it.
    fn inward(&self, schema: &'s Value, step: &Step) -> Option<&'s Value> {
        match step {
            Step::Name(name) => {
                let known = schema.get("properties").and_then(|fields| fields.get(name));
                known.or_else(|| schema.get("additionalProperties").filter(|others| others.is_object()))
            }
            Step::Index(index) => {
                let first = schema.get("prefixItems").and_then(|items| items.get(index));
                first.or_else(|| schema.get("items").filter(|items| items.is_object()))
            }
            Step::Each => schema.get("items").filter(|items| items.is_object()),
        }
    }

    /// The types that a schema allows.
    fn types(&self, schema: &'s Value, depth: u32) -> Types {
        let Some(schema) = self.follow(schema, depth) else { return Types::ANY };
        if schema == &Value::Bool(false) {
            return Types::NONE;
        }
        let named = |name: &Value| name.as_str().and_then(Types::named).unwrap_or(Types::ANY);
        let union = |values: &[Value], of: &dyn Fn(&Value) -> Types| {
            values.iter().map(of).fold(Types::NONE, |all, one| all | one)
        };
        let mut types = match schema.get("type") {
            Some(Value::Array(names)) => union(names, &named),
            Some(name) => named(name),
            None if schema.get("properties").is_some() => Types::OBJECT,
            None => Types::ANY,
        };
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            types = types & union(values, &Types::of);
        }
        if let Some(value) = schema.get("const") {
            types = types & Types::of(value);
        }
        if depth > MOST_REFERENCES {
            return types;
        }
        for words in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(words).and_then(Value::as_array) {
                types = types & branches.iter().fold(Types::NONE, |all, branch| all | self.types(branch, depth + 1));
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            types = parts.iter().fold(types, |all, part| all & self.types(part, depth + 1));
        }
        types
    }

    /// The schema that a reference within the document stands for; none where it leads elsewhere.
    fn follow(&self, schema: &'s Value, depth: u32) -> Option<&'s Value> {
        let mut schema = schema;
        for _ in depth..=MOST_REFERENCES {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
            schema = self.root.pointer(reference.strip_prefix('#')?)?;
        }
        None
    }

    fn required(&self, schema: &'s Value, names: &mut Vec<String>, depth: u32) {
        let Some(schema) = self.follow(schema, depth) else { return };
        let here = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        names.extend(here.filter_map(Value::as_str).map(str::to_owned));
        if depth > MOST_REFERENCES {
            return;
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.required(part, names, depth + 1);
        }
    }
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"].iter().find_map(|word| schema.get(word).and_then(Value::as_array))
}

/// Whether fields that are not named can be there.
fn is_open(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(true)) || schema.get("patternProperties").is_some()
}

/// What can be there where one of two schemas holds.
fn either(one: Said, other: Said) -> Said {
    match (one, other) {
        (Said::Types(one), Said::Types(other)) => Said::Types(one | other),
        (Said::Types(types), Said::Nowhere(_)) | (Said::Nowhere(_), Said::Types(types)) => Said::Types(types),
        (nowhere, _) => nowhere,
    }
}

/// What can be there where both hold. One that does not know the place says nothing of it: the other
/// may add it.
fn each(one: Said, other: Said) -> Said {
    match (one, other) {
        (Said::Types(one), Said::Types(other)) => Said::Types(one & other),
        (Said::Types(types), Said::Nowhere(_)) | (Said::Nowhere(_), Said::Types(types)) => Said::Types(types),
        (nowhere, _) => nowhere,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, expect: &str) {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "age": { "type": ["integer", "null"] },
                "kind": { "enum": ["a", 1] },
                "maybe": { "anyOf": [{ "type": "number" }, { "type": "null" }] },
                "lines": { "type": "array", "items": { "$ref": "#/$defs/line" } },
                "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "boolean" }], "items": false },
                "free": {},
                "open": { "type": "object", "properties": { "a": {} }, "additionalProperties": true },
                "others": { "type": "object", "additionalProperties": { "type": "integer" } },
                "choice": { "oneOf": [
                    { "type": "object", "properties": { "card": { "type": "string" } } },
                    { "type": "object", "properties": { "bank": { "type": "number" } } },
                ] },
                "both": { "allOf": [{ "$ref": "#/$defs/line" }, { "properties": { "extra": { "const": true } } }] },
                "loop": { "$ref": "#/properties/loop" },
                "away": { "$ref": "https://example.org/schema" },
            },
            "$defs": { "line": { "type": "object", "properties": { "sku": { "type": "string" } }, "required": ["sku"] } },
        });
        let said = match at(&schema, &Path::parse(path).unwrap()) {
            Said::Types(Types::ANY) => "any".to_owned(),
            Said::Types(types) => types.describe(),
            Said::Nowhere(why) => why,
        };
        assert_eq!(said, expect, "{path}");
    }

    #[test]
    fn schemas_say_what_can_be_at_a_place() {
        check("$", "object");
        check("$.name", "string");
        check("$.age", "null or integer");
        check("$.kind", "integer or string");
        check("$.maybe", "null or number");
        check("$.lines", "array");
        check("$.lines[*].sku", "string");
        check("$.lines[3].sku", "string");
        check("$.lines[*].price", "there is no `price`");
        check("$.pair[1]", "boolean");
        check("$.free", "any");
        check("$.free.deep[*].x", "any");
        check("$.open.b", "any");
        check("$.others.x", "integer");
        check("$.choice.card", "string");
        check("$.choice.bank", "number");
        check("$.choice.cash", "there is no `cash`");
        check("$.both.sku", "string");
        check("$.both.extra", "boolean");
        check("$.both.none", "there is no `none`");
        check("$.loop.x", "any");
        check("$.away.x", "any");
        check("$.nme", "there is no `nme`");
        check("$.name.first", "`first` is asked of what is string");
        check("$.name[0]", "items are asked of what is string");
    }

    #[test]
    fn fields_are_required_by_all_that_holds() {
        let schema = json!({ "required": ["a"], "allOf": [{ "required": ["b"] }, { "$ref": "#/$defs/c" }],
                             "$defs": { "c": { "required": ["c"] } } });
        assert_eq!(required(&schema), ["a", "b", "c"]);
    }
}
