//! Mappings: how a record of the provider's shape becomes one of the host app's shape, and back.
//! Shapes, paths, conversions and what can be checked without a schema; no formula runs here.
//!
//! A rule names a place on each side: `theirs`, the provider's, and `ours`, the host app's. On
//! the way in it reads `theirs` and writes `ours`; on the way out it is the other way round.
//!
//! What happens to one place of a record:
//!
//! | read | `missing: skip` | `missing: error` | `missing: {"use": v}` |
//! |---|---|---|---|
//! | nothing | nothing is written | the record fails | `v` is written |
//! | `null`, with `nulls: as_missing` | nothing is written | the record fails | `v` is written |
//! | `null`, with `nulls: keep` | `null` is written; a formula runs with it | the same | the same |
//! | a value of the wrong type | the record fails | the record fails | the record fails |
//! | a value that is not in the table | as `unknown` says | as `unknown` says | as `unknown` says |
//!
//! A `null` on the way to a place counts as nothing there. Where a list is missing that a path goes
//! through, there are no items, and nothing is written for them: `use` is for items that are there. What a formula gives is treated as
//! what is read: a `null` of it is written, or counts as nothing.

mod check;
mod convert;
mod path;
mod types;
mod write;

pub use convert::{Convert, DateFormat};
pub use path::{Hit, Path, Seen, Step};
pub use types::Types;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{IntegrationId, KeyId};
use crate::time::Timestamp;

/// The most rules of a mapping.
pub const MOST_RULES: usize = 200;
/// The most rows of all tables of a mapping.
pub const MOST_ROWS: usize = 5_000;
/// The largest mapping, in bytes of JSON.
pub const LARGEST_MAPPING: usize = 512 << 10;
/// The largest record that a mapping makes, in bytes of JSON.
pub const LARGEST_OUTPUT: usize = 1 << 20;

/// A mapping as it is kept: one version of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity whose records it is for, or the code of the capability whose calls it is for.
    pub entity: String,
    /// Which version it is, from 1.
    pub version: u32,
    /// What it does.
    #[serde(flatten)]
    pub rules: RuleSet,
    /// When it was saved.
    #[schemars(with = "String")]
    pub saved_at: Timestamp,
    /// The key that saved it.
    pub saved_by: KeyId,
}

/// What a mapping does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// The rules, carried out in this order; at most 200.
    pub rules: Vec<Rule>,
    /// The tables that `lookup` rules name; at most 5,000 rows together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Table>,
    /// What becomes of fields of a record that no rule reads.
    #[serde(default)]
    pub unmapped: Unmapped,
    /// Which calls it is applied to, where it is for a capability. Records of an entity always
    /// pass through its mapping.
    #[serde(default)]
    pub calls: Calls,
}

/// What becomes of fields that no rule reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmapped {
    /// They are left out.
    #[default]
    Drop,
    /// A field of the record itself stays as it is where no rule of that way reads it and none writes
    /// one of its name. Fields within such a field are not looked at.
    Keep,
}

/// Which calls of a capability a mapping is applied to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calls {
    /// Those that ask for it with `mapping: true`.
    #[default]
    WhenAsked,
    /// All but those that say `mapping: false`.
    Always,
}

/// Which way something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From the provider to the host app.
    In,
    /// From the host app to the provider.
    Out,
}

impl Way {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::In, Self::Out];
}

/// Which ways a rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Only from the provider to the host app.
    #[default]
    In,
    /// Only from the host app to the provider.
    Out,
    /// Both. The rule has to be one that can be undone: a `direct` one, or a `lookup` in a table
    /// in which neither side has a value twice.
    Both,
}

impl Direction {
    /// Whether a rule of this direction is for that way.
    pub fn goes(self, way: Way) -> bool {
        self == Self::Both || (self == Self::In) == (way == Way::In)
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which ways it is for.
    #[serde(default)]
    pub direction: Direction,
    /// The place on the provider's side: a singular JSONPath such as `$.address.city` or
    /// `$['odd name'][0]`, in which `[*]` stands for each item of a list, as in `$.items[*].sku`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<String>,
    /// The place on the host app's side. Where `theirs` has a `[*]`, this has one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<String>,
    /// How the one becomes the other.
    #[serde(default)]
    pub transform: Transform,
    /// What happens where there is nothing at the place that is read: `skip` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Otherwise>,
    /// What `null` counts as.
    #[serde(default)]
    pub nulls: Nulls,
}

/// How a rule makes one value of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Transform {
    /// The value as it is, or converted.
    Direct {
        /// What is done to the value; undone on the way out by a rule for both ways.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        convert: Option<Convert>,
    },
    /// What a table says of the value.
    Lookup {
        /// The table's name.
        table: String,
        /// What happens to a value that is not in the table: `error` where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Otherwise>,
    },
    /// What an expression in CEL gives, with `record`, the whole record that is read, `value`, what
    /// is at the place that the rule reads (`null` where it reads none), and `settings`, those of
    /// the integration.
    Formula {
        /// The expression.
        formula: String,
    },
    /// Always the same value. The rule names only the place that it writes.
    Constant {
        /// The value.
        value: Value,
    },
}

impl Default for Transform {
    fn default() -> Self {
        Self::Direct { convert: None }
    }
}

impl Transform {
    /// Its word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Direct { .. } => "direct",
            Self::Lookup { .. } => "lookup",
            Self::Formula { .. } => "formula",
            Self::Constant { .. } => "constant",
        }
    }
}

/// What happens instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// Nothing is written.
    Skip,
    /// The record fails.
    Error,
    /// This value is written as it is.
    Use(Value),
}

/// What `null` counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// A value like any other.
    #[default]
    Keep,
    /// Nothing there.
    AsMissing,
}

/// A table: which value of the provider stands for which of the host app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a table. Both values are texts, numbers or truths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The provider's value.
    pub theirs: Value,
    /// The host app's value.
    pub ours: Value,
}

impl Rule {
    /// The place that it reads on a way, as it is written.
    pub fn reads(&self, way: Way) -> Option<&str> {
        match way {
            Way::In => self.theirs.as_deref(),
            Way::Out => self.ours.as_deref(),
        }
    }

    /// The place that it writes on a way, as it is written.
    pub fn writes(&self, way: Way) -> Option<&str> {
        match way {
            Way::In => self.ours.as_deref(),
            Way::Out => self.theirs.as_deref(),
        }
    }
}

impl Row {
    /// The value that is looked up on a way, and the one that it stands for.
    pub fn on(&self, way: Way) -> (&Value, &Value) {
        match way {
            Way::In => (&self.theirs, &self.ours),
            Way::Out => (&self.ours, &self.theirs),
        }
    }
}

/// What a value is looked up by: texts, truths and numbers are told apart, and a number that is
/// whole is the same however it is written. Nothing else can be looked up.
pub fn lookup_key(value: &Value) -> Option<String> {
    match value {
        Value::String(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Number(number) => Some(match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => format!("{float:.0}"),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

/// What the host app says, or the provider showed, of how records of an entity look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntityShape {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    pub entity: String,
    /// Whose shape it is: [`Way::In`] that of what comes in, as the provider sends it, [`Way::Out`]
    /// that of what goes out, as the host app keeps it.
    pub side: Way,
    /// Its JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// The record that was seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// When it was kept.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

/// A record as its side has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// Its id at the provider.
    pub record: String,
    /// Its content.
    pub data: serde_json::Map<String, Value>,
}
