//! Shape to JSON Schema (draft 2020-12).

use serde_json::{Map, Value, json};

use super::{Case, Field, Kind, Label, Shape, Signature};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a function's parameters.
pub(crate) fn of_parameters(signature: &Signature) -> Value {
    let docs = signature.record().and_then(|_| signature.parameters.first()?.shape.docs.clone());
    with_draft(described(object(signature.fields()), docs.as_deref()))
}

/// The schema of what a function answers when it succeeds.
pub(crate) fn of_result(signature: &Signature) -> Value {
    with_draft(signature.result.as_ref().map_or_else(|| json!({ "type": "null" }), of_shape))
}

fn with_draft(schema: Value) -> Value {
    let Value::Object(rest) = schema else { return schema };
    let mut whole = Map::from_iter([("$schema".to_owned(), Value::from(DRAFT))]);
    whole.extend(rest);
    Value::Object(whole)
}

/// The schema of one shape.
pub(crate) fn of_shape(shape: &Shape) -> Value {
    described(of_kind(&shape.kind), shape.docs.as_deref())
}

fn of_kind(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer(width) => integer(width.range()),
        Kind::Float32 => json!({ "type": "number", "minimum": f32::MIN, "maximum": f32::MAX }),
        Kind::Float64 => json!({ "type": "number" }),
        Kind::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::List(item) => json!({ "type": "array", "items": of_shape(item) }),
        Kind::Tuple(items) => tuple(items),
        Kind::Option(inner) => json!({ "anyOf": [of_shape(inner), { "type": "null" }] }),
        Kind::Result(ok, error) => {
            json!({ "oneOf": [arm("ok", ok.as_deref()), arm("error", error.as_deref())] })
        }
        Kind::Record(fields) => object(fields),
        Kind::Variant(cases) => json!({ "oneOf": cases.iter().map(case).collect::<Vec<_>>() }),
        Kind::Enum(labels) => described(json!({ "type": "string", "enum": names(labels) }), members(labels).as_deref()),
        Kind::Flags(labels) => json!({
            "type": "array", "uniqueItems": true,
            "items": described(json!({ "type": "string", "enum": names(labels) }), members(labels).as_deref()),
        }),
    }
}

fn integer((minimum, maximum): (i128, i128)) -> Value {
    // Every bound fits i64 or u64, which is what a JSON number holds exactly.
    let number = |value: i128| i64::try_from(value).map_or_else(|_| json!(value as u64), |value| json!(value));
    json!({ "type": "integer", "minimum": number(minimum), "maximum": number(maximum) })
}

fn tuple(items: &[Shape]) -> Value {
    let shapes: Vec<Value> = items.iter().map(of_shape).collect();
    json!({ "type": "array", "prefixItems": shapes, "items": false, "minItems": items.len(), "maxItems": items.len() })
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.json.clone(), property(field))).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| !field.shape.is_optional()).map(|f| f.name.json.as_str()).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(field: &Field) -> Value {
    let schema = of_shape(&field.shape);
    // What is said of the field says more than what is said of its type.
    match &field.name.docs {
        Some(docs) => replaced(schema, docs),
        None => schema,
    }
}

fn case(case: &Case) -> Value {
    let mut properties = Map::from_iter([("kind".to_owned(), json!({ "const": case.name.json }))]);
    let mut required = vec!["kind"];
    if let Some(shape) = &case.shape {
        properties.insert("value".to_owned(), of_shape(shape));
        required.extend((!shape.is_optional()).then_some("value"));
    }
    let schema =
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    described(schema, case.name.docs.as_deref())
}

fn arm(name: &str, shape: Option<&Shape>) -> Value {
    let inner = shape.map_or_else(|| json!({ "type": "null" }), of_shape);
    json!({ "type": "object", "properties": { name: inner }, "required": [name], "additionalProperties": false })
}

fn names(labels: &[Label]) -> Vec<&str> {
    labels.iter().map(|label| label.json.as_str()).collect()
}

/// What is said of the members, as one text: JSON Schema has no place for each.
fn members(labels: &[Label]) -> Option<String> {
    let said: Vec<String> =
        labels.iter().filter_map(|label| Some(format!("`{}`: {}", label.json, label.docs.as_deref()?))).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

fn described(mut schema: Value, docs: Option<&str>) -> Value {
    let (Some(docs), Some(object)) = (docs, schema.as_object_mut()) else { return schema };
    let text = match object.get("description").and_then(Value::as_str) {
        Some(members) => format!("{docs}\n{members}"),
        None => docs.to_owned(),
    };
    object.insert("description".to_owned(), text.into());
    schema
}

fn replaced(mut schema: Value, docs: &str) -> Value {
    if let Some(object) = schema.as_object_mut() {
        let keep = matches!(object.get("enum"), Some(Value::Array(_)));
        if !keep {
            object.remove("description");
        }
    }
    described(schema, Some(docs))
}
