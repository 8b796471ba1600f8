//! A JSON object that is written field by field, for bodies of requests and for the data of events: unlike a
//! derived writer, it costs a component no code for each shape.

use core::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// An object under construction: `Object::new().set("amount", 1999).set_some("receipt", receipt)`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object(Map<String, Value>);

impl Object {
    /// An object without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of a record that have a value; none where it is no object. It goes through text, as
    /// [`crate::outcomes::Finding::found`] does: one writer for each record is enough.
    pub fn of(record: &impl Serialize) -> Self {
        Self::from_text(&serde_json::to_string(record).unwrap_or_default())
    }

    #[inline(never)]
    fn from_text(text: &str) -> Self {
        let Ok(Value::Object(fields)) = super::document(text.as_bytes()) else { return Self::new() };
        // One by one: `retain` brings the code that takes entries out of a tree.
        let mut kept = Self::new();
        for (name, field) in fields {
            if !field.is_null() {
                kept.0.insert(name, field);
            }
        }
        kept
    }

    /// Sets a field.
    #[must_use]
    pub fn set(self, name: &str, value: impl Into<Value>) -> Self {
        self.put(name, value.into())
    }

    /// Sets a field where there is a value.
    #[must_use]
    pub fn set_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(name, value.into()),
            None => self,
        }
    }

    /// Sets a field to an amount as our events and records write it.
    #[must_use]
    pub fn set_money(self, name: &str, money: &crate::Money) -> Self {
        let amount = Self::new().set("minor_units", money.minor_units).set("currency", money.currency.as_str());
        self.set(name, amount)
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline(never)]
    fn put(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Object;

    #[test]
    fn fields_are_written_and_absent_ones_left_out() {
        let inner = Object::new().set("b", true).set_some("c", None::<i64>);
        let money = crate::Money::new(5, "JPY");
        let object = Object::new().set("a", "ä\"").set_some("n", Some(7)).set("inner", inner).set_money("m", &money);
        let text = r#"{"a":"ä\"","inner":{"b":true},"m":{"currency":"JPY","minor_units":5},"n":7}"#;
        assert_eq!(object.to_string(), text);
        assert!(Object::new().is_empty() && !object.is_empty());
        let error = crate::Error::conflict("why").with_status(409);
        assert_eq!(Object::of(&error).to_string(), r#"{"http_status":409,"kind":"conflict","message":"why"}"#);
        assert!(Object::of(&"text").is_empty());
    }
}
