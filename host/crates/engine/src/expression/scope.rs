//! What an expression sees: a request or a record, as values of the language.

use std::collections::HashMap;

use cel::{Context, Value};
use gatehouse_domain::link::{Entity, Purpose};
use serde_json::{Map, Value as Json};

use super::language;

/// The names that an expression of a policy may use.
pub(crate) const REQUEST: &[&str] = &["parameters", "capability", "entity", "purpose"];
/// The names that a formula of a mapping may use.
pub(crate) const RECORD: &[&str] = &["record", "value", "settings"];

/// How much there is to look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// All of it: one for each value, and one more for each 64 bytes of text.
    pub(super) units: u64,
    /// The most items of one list or map.
    pub(super) longest: u64,
}

/// The variables of a run. What the request leaves out is an empty text, so that comparing
/// it is false and no error.
pub(crate) struct Scope {
    context: Context<'static, 'static>,
    size: Size,
    /// The size without what changes from run to run.
    fixed: Size,
}

impl Scope {
    /// The scope of a request.
    pub(crate) fn new(parameters: &Json, capability: &str, entity: Option<&Entity>, purpose: Option<&Purpose>) -> Self {
        let mut size = Size::default();
        let entity = HashMap::from([
            ("type", Value::from(entity.map_or("", Entity::entity_type))),
            ("id", Value::from(entity.map_or("", Entity::entity_id))),
        ]);
        let mut context = language();
        context.add_variable_from_value("parameters", convert(parameters, &mut size));
        context.add_variable_from_value("capability", Value::from(capability));
        context.add_variable_from_value("entity", entity);
        context.add_variable_from_value("purpose", Value::from(purpose.map_or("", Purpose::as_str)));
        Self { context, size, fixed: size }
    }

    /// The scope of a record that is mapped; `value` is null until it is set.
    pub(crate) fn of_record(record: &Json, settings: &Map<String, Json>) -> Self {
        let mut size = Size::default();
        let mut context = language();
        context.add_variable_from_value("record", convert(record, &mut size));
        context.add_variable_from_value("settings", object(settings, &mut size));
        context.add_variable_from_value("value", Value::Null);
        Self { context, size, fixed: size }
    }

    /// Puts another `value` in place.
    pub(crate) fn set_value(&mut self, value: &Json) {
        let mut size = self.fixed;
        self.context.add_variable_from_value("value", convert(value, &mut size));
        self.size = size;
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    pub(super) fn context(&self) -> &Context<'static, 'static> {
        &self.context
    }
}

/// JSON as values of the language; whole numbers are `int` where they fit, so that they
/// compare with what is written in an expression.
fn convert(json: &Json, size: &mut Size) -> Value {
    size.units += 1;
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::UInt(number),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => {
            size.units += text.len() as u64 / 64;
            Value::from(text.as_str())
        }
        Json::Array(items) => {
            size.longest = size.longest.max(items.len() as u64);
            Value::from(items.iter().map(|item| convert(item, size)).collect::<Vec<_>>())
        }
        Json::Object(fields) => object(fields, size),
    }
}

fn object(fields: &Map<String, Json>, size: &mut Size) -> Value {
    size.longest = size.longest.max(fields.len() as u64);
    let fields = fields.iter().map(|(name, value)| (name.clone(), convert(value, size)));
    Value::from(fields.collect::<HashMap<_, _>>())
}
