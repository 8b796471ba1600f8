//! Text of a form, a query or a path as the JSON value that its schema means. It never changes text
//! that does not have the form of that value, so that the schema refuses it.

use serde_json::{Map, Value};

use super::Description;
use super::tree::Tree;

/// How deep a schema is followed.
const DEPTH: usize = 24;

/// The value that a tree means under the schema at a place.
pub(super) fn value(description: &Description, pointer: &str, tree: &Tree) -> Value {
    at_depth(description, pointer, tree, DEPTH)
}

fn at_depth(description: &Description, pointer: &str, tree: &Tree, depth: usize) -> Value {
    let Some((pointer, schema)) = description.resolved(pointer).filter(|_| depth > 0) else { return plain(tree) };
    for word in ["anyOf", "oneOf", "allOf"] {
        let count = schema.get(word).and_then(Value::as_array).map_or(0, Vec::len);
        let mut meant = (0..count).map(|index| {
            let choice = format!("{pointer}/{word}/{index}");
            let value = at_depth(description, &choice, tree, depth - 1);
            (description.problems(&choice, &value).is_empty(), value)
        });
        let first = meant.next();
        if let Some((good, value)) = first {
            let other = if good { None } else { meant.find(|(good, _)| *good) };
            return other.map_or(value, |(_, value)| value);
        }
    }
    match tree {
        Tree::Text(text) => leaf(description, &pointer, schema, text, depth),
        Tree::Keyed(_) if has_type(schema, "array") => list(description, &pointer, tree, depth),
        Tree::Keyed(fields) => {
            let field = |(name, tree): (&String, &Tree)| {
                let own = format!("{pointer}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
                let known = description.schemas.pointer(&own).is_some();
                let place = if known { own } else { format!("{pointer}/additionalProperties") };
                (name.clone(), at_depth(description, &place, tree, depth - 1))
            };
            Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
    }
}

/// The items of a list, in the order of their numbers.
fn list(description: &Description, pointer: &str, tree: &Tree, depth: usize) -> Value {
    let Tree::Keyed(fields) = tree else { return plain(tree) };
    let mut items: Vec<(usize, &Tree)> = Vec::new();
    for (name, item) in fields {
        let Ok(index) = name.parse() else { return plain(tree) };
        items.push((index, item));
    }
    items.sort_by_key(|(index, _)| *index);
    items.into_iter().map(|(_, item)| at_depth(description, &format!("{pointer}/items"), item, depth - 1)).collect()
}

fn leaf(description: &Description, pointer: &str, schema: &Value, text: &str, depth: usize) -> Value {
    let number = || text.parse::<i64>().ok().map(Value::from).or_else(|| Some(Value::from(text.parse::<f64>().ok()?)));
    let whole = || text.parse::<i64>().ok().map(Value::from);
    let meant = if has_type(schema, "string") {
        None
    } else if has_type(schema, "integer") {
        whole()
    } else if has_type(schema, "number") {
        number()
    } else if has_type(schema, "boolean") {
        text.parse::<bool>().ok().map(Value::from)
    } else if has_type(schema, "array") {
        // A list in one value is separated by commas (OpenAPI `explode: false`, Swagger `csv`).
        let items = text.split(',').map(|item| Tree::Text(item.to_owned()));
        let place = format!("{pointer}/items");
        Some(items.map(|item| at_depth(description, &place, &item, depth - 1)).collect())
    } else {
        None
    };
    meant.unwrap_or_else(|| Value::from(text))
}

fn has_type(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == name,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == name),
        _ => false,
    }
}

fn plain(tree: &Tree) -> Value {
    match tree {
        Tree::Text(text) => Value::from(text.as_str()),
        Tree::Keyed(fields) => Value::Object(fields.iter().map(|(name, tree)| (name.clone(), plain(tree))).collect()),
    }
}
