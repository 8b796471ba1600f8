//! The fields of a JSON object, read by name: the smallest way to read what a provider answers. A derived
//! reader costs a component 1 to 5 KB a struct, this one some hundred bytes, as nothing of it is generated.
//!
//! What does not fit is remembered and told once at the end, so that a gateway reads without a `?` a field.

use std::cell::RefCell;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::{Mismatch, document};

/// Reads a document: `json::read(body, |order| (order.text("id"), order.integer("amount")))`.
///
/// # Errors
/// What is wrong: the bytes are not JSON, it is not an object, or a field does not fit.
pub fn read<T>(bytes: &[u8], with: impl FnOnce(&Fields<'_>) -> T) -> Result<T, Mismatch> {
    read_value(&document(bytes)?, with)
}

/// Reads a part of a document that was read as a [`Value`].
///
/// # Errors
/// What is wrong: it is not an object, or a field does not fit.
pub fn read_value<T>(value: &Value, with: impl FnOnce(&Fields<'_>) -> T) -> Result<T, Mismatch> {
    let fields = Fields::of(value);
    let found = with(&fields);
    match fields.problem.into_inner() {
        None => Ok(found),
        Some(problem) => Err(problem),
    }
}

/// The fields of one object. A field that is null counts as absent, and unknown ones are not looked at.
#[derive(Debug)]
pub struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    problem: RefCell<Option<Mismatch>>,
}

impl<'a> Fields<'a> {
    #[inline(never)]
    fn of(value: &'a Value) -> Self {
        let fields = Self { object: value.as_object(), problem: RefCell::new(None) };
        if fields.object.is_none() {
            fields.note(unexpected(value, "an object"));
        }
        fields
    }

    /// A field as it is; `None` where it is absent or null.
    #[inline(never)]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object?.get(name).filter(|value| !value.is_null())
    }

    /// A text that has to be there.
    #[inline(never)]
    pub fn text(&self, name: &str) -> String {
        self.needed(name, self.str_some(name)).unwrap_or_default().to_owned()
    }

    /// A text that may be absent.
    #[inline(never)]
    pub fn text_some(&self, name: &str) -> Option<String> {
        self.str_some(name).map(str::to_owned)
    }

    /// A text that may be absent, where it is only looked at.
    #[inline(never)]
    pub fn str_some(&self, name: &str) -> Option<&'a str> {
        let value = self.get(name)?;
        self.kind(name, value, value.as_str(), "a string")
    }

    /// A whole number that has to be there.
    #[inline(never)]
    pub fn integer(&self, name: &str) -> i64 {
        self.needed(name, self.integer_some(name)).unwrap_or_default()
    }

    /// A whole number that may be absent.
    #[inline(never)]
    pub fn integer_some(&self, name: &str) -> Option<i64> {
        let value = self.get(name)?;
        self.kind(name, value, value.as_i64(), "a whole number")
    }

    /// A whole number without a sign that may be absent.
    #[inline(never)]
    pub fn count_some(&self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        self.kind(name, value, value.as_u64(), "a whole number that is not negative")
    }

    /// Whether a flag is set; an absent one is not.
    #[inline(never)]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(|value| self.kind(name, value, value.as_bool(), "true or false")).unwrap_or_default()
    }

    /// The entries of a list; an absent one is empty.
    #[inline(never)]
    pub fn items(&self, name: &str) -> &'a [Value] {
        let list = self.get(name).and_then(|value| self.kind(name, value, value.as_array(), "a list"));
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// What `with` reads of each object in a list; an absent list is empty.
    pub fn each<T>(&self, name: &str, mut with: impl FnMut(&Fields<'a>) -> T) -> Vec<T> {
        // A loop: the adapters of an iterator are generated for each type that is read.
        let mut found = Vec::new();
        for item in self.items(name) {
            let inner = Fields::of(item);
            found.push(with(&inner));
            self.inherit(inner, name, Some(found.len()));
        }
        found
    }

    /// What `with` reads of an object that may be absent.
    pub fn inner<T>(&self, name: &str, with: impl FnOnce(&Fields<'a>) -> T) -> Option<T> {
        let inner = Fields::of(self.get(name)?);
        let found = with(&inner);
        self.inherit(inner, name, None);
        Some(found)
    }

    /// Says that a field's value makes no sense: `order.wrong("status", "is not one that we know")`.
    #[cold]
    #[inline(never)]
    pub fn wrong(&self, name: &str, problem: impl Display) {
        self.note(Mismatch::new(problem.to_string()).below(name));
    }

    #[inline(never)]
    fn note(&self, problem: Mismatch) {
        self.problem.borrow_mut().get_or_insert(problem);
    }

    #[inline(never)]
    fn inherit(&self, inner: Fields<'_>, name: &str, place: Option<usize>) {
        let Some(problem) = inner.problem.into_inner() else { return };
        let problem = match place {
            Some(place) => problem.below(&place.saturating_sub(1).to_string()),
            None => problem,
        };
        self.note(problem.below(name));
    }

    fn needed<T>(&self, name: &str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.note(Mismatch::new(format!("missing field `{name}`")));
        }
        found
    }

    fn kind<T>(&self, name: &str, value: &Value, found: Option<T>, expected: &str) -> Option<T> {
        if found.is_none() {
            self.note(unexpected(value, expected).below(name));
        }
        found
    }
}

/// Names kinds only: a string of the document may be personal data.
#[cold]
#[inline(never)]
fn unexpected(value: &Value, expected: &str) -> Mismatch {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "another number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Mismatch::new(format!("expected {expected}, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        let found = read(text.as_bytes(), |order| {
            let lines = order.each("lines", |line| format!("{}x{}", line.integer("count"), line.text("sku")));
            let payer = order.inner("payer", |payer| payer.text_some("name")).flatten();
            if order.str_some("status") == Some("odd") {
                order.wrong("status", "is not one that we know");
            }
            let (flag, tags, at) = (order.flag("paid"), order.items("tags").len(), order.count_some("at"));
            format!("{} {lines:?} {payer:?} {flag} {tags} {at:?} {:?}", order.text("id"), order.integer_some("fee"))
        });
        assert_eq!(found.map_err(|error| error.to_string()), expect.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn fields_are_read_by_name() {
        check(r#"{"id": "a", "more": [{}]}"#, Ok("a [] None false 0 None None"));
        check(
            r#"{"id": "a", "fee": null, "paid": null, "lines": null, "payer": {}}"#,
            Ok("a [] None false 0 None None"),
        );
        check(
            r#"{"id": "ä", "fee": -2, "paid": true, "at": 7, "tags": [1, "x"], "payer": {"name": "Ada"},
                "lines": [{"sku": "b", "count": 3}]}"#,
            Ok("ä [\"3xb\"] Some(\"Ada\") true 2 Some(7) Some(-2)"),
        );
    }

    #[test]
    fn the_first_misfit_is_told_with_its_path_and_without_text() {
        check("{", Err("not a JSON document: EOF while parsing an object at line 1 column 1"));
        check("[]", Err("expected an object, found a list"));
        check("null", Err("expected an object, found null"));
        check("{}", Err("missing field `id`"));
        check(r#"{"id": 7}"#, Err("id: expected a string, found another number"));
        check(r#"{"id": "a", "fee": "secret"}"#, Err("fee: expected a whole number, found a string"));
        check(r#"{"id": "a", "fee": 1.5}"#, Err("fee: expected a whole number, found another number"));
        check(
            r#"{"id": "a", "at": -1}"#,
            Err("at: expected a whole number that is not negative, found another number"),
        );
        check(r#"{"id": "a", "paid": 1}"#, Err("paid: expected true or false, found another number"));
        check(r#"{"id": "a", "lines": {}}"#, Err("lines: expected a list, found an object"));
        check(r#"{"id": "a", "lines": [{"sku": "b", "count": 1}, {"count": 1}]}"#, Err("lines.1: missing field `sku`"));
        check(r#"{"id": "a", "lines": ["b"]}"#, Err("lines.0: expected an object, found a string"));
        check(r#"{"id": "a", "payer": {"name": []}}"#, Err("payer.name: expected a string, found a list"));
        check(r#"{"id": "a", "status": "odd"}"#, Err("status: is not one that we know"));
    }
}
