//! What a fixture's values stand for in this request: `1999` of the fixture is `2500` here. An
//! answer is the fixture's with every value in its place.

use serde_json::Value;

/// Numbers below this mean too many things to stand for another.
const SMALLEST: i64 = 10;
/// Texts below this many bytes are not looked for within other texts.
const WITHIN: usize = 8;

/// Pairs of a fixture's value and the one that stands in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Bindings(Vec<(Value, Value)>);

impl Bindings {
    /// One text in place of another; where both are numbers, their numbers too.
    pub(super) fn text(&mut self, fixture: &str, own: &str) {
        self.scalar(&Value::from(fixture), &Value::from(own));
        if let (Ok(fixture), Ok(own)) = (fixture.parse::<i64>(), own.parse::<i64>()) {
            self.scalar(&Value::from(fixture), &Value::from(own));
        }
    }

    /// Every value of a document in place of the one at the same place of another.
    pub(super) fn document(&mut self, fixture: &Value, own: &Value) {
        match (fixture, own) {
            (Value::Object(fields), Value::Object(own)) => {
                let both = fields.iter().filter_map(|(name, field)| own.get(name).map(|own| (field, own)));
                both.for_each(|(field, own)| self.document(field, own));
            }
            (Value::Array(items), Value::Array(own)) => {
                items.iter().zip(own).for_each(|(item, own)| self.document(item, own));
            }
            (Value::String(fixture), Value::String(own)) => self.text(fixture, own),
            _ => self.scalar(fixture, own),
        }
    }

    fn scalar(&mut self, fixture: &Value, own: &Value) {
        let telling = match fixture {
            Value::String(text) => text.len() > 1,
            Value::Number(number) => number.as_i64().is_some_and(|number| number.abs() >= SMALLEST),
            _ => false,
        };
        let known = self.0.iter().any(|(other, _)| other == fixture);
        if telling && !known && fixture != own && !own.is_object() && !own.is_array() {
            self.0.push((fixture.clone(), own.clone()));
        }
    }

    /// The fixture's document with every value in its place.
    pub(super) fn fill(&self, document: &Value) -> Value {
        match document {
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, field)| (name.clone(), self.fill(field))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect()),
            scalar => self.in_place_of(scalar),
        }
    }

    /// The fixture's text with every longer value in its place.
    pub(super) fn fill_text(&self, text: &str) -> String {
        let texts = self.0.iter().filter_map(|(fixture, own)| Some((fixture.as_str()?, own.as_str()?)));
        let within = texts.filter(|(fixture, _)| fixture.len() >= WITHIN);
        within.fold(text.to_owned(), |text, (fixture, own)| text.replace(fixture, own))
    }

    fn in_place_of(&self, scalar: &Value) -> Value {
        if let Some((_, own)) = self.0.iter().find(|(fixture, _)| fixture == scalar) {
            return own.clone();
        }
        match scalar {
            Value::String(text) => Value::String(self.fill_text(text)),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_stand_where_the_fixtures_stood() {
        let mut bindings = Bindings::default();
        bindings.document(&json!({"to": ["ada@example.com"], "n": 3}), &json!({"to": ["bob@example.org"], "n": 4}));
        bindings.text("1999", "2500");
        bindings.text("pi_3PqLw2Kd", "pi_own");
        let filled = bindings.fill(&json!({
            "amount": 1999, "left": "1999", "n": 3, "to": "ada@example.com",
            "secret": "pi_3PqLw2Kd_secret", "list": [{ "of": "pi_3PqLw2Kd" }], "none": null,
        }));
        assert_eq!(
            filled,
            json!({
                "amount": 2500, "left": "2500", "n": 3, "to": "bob@example.org",
                "secret": "pi_own_secret", "list": [{ "of": "pi_own" }], "none": null,
            })
        );
    }
}
