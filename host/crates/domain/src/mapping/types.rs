//! Sets of JSON types: what a schema allows at a place, and what a rule can write there.

use std::ops::{BitAnd, BitOr};

use serde_json::Value;

/// A set of JSON types. Whole numbers and others are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// `null`.
    pub const NULL: Self = Self(1);
    /// `true` and `false`.
    pub const BOOLEAN: Self = Self(2);
    /// Whole numbers.
    pub const INTEGER: Self = Self(4);
    /// All numbers.
    pub const NUMBER: Self = Self(4 | 8);
    /// Texts.
    pub const STRING: Self = Self(16);
    /// Lists.
    pub const ARRAY: Self = Self(32);
    /// Objects.
    pub const OBJECT: Self = Self(64);
    /// What a table can hold.
    pub const SCALAR: Self = Self(2 | 4 | 8 | 16);
    /// All of them.
    pub const ANY: Self = Self(127);

    const NAMED: [(&'static str, Self); 7] = [
        ("null", Self::NULL),
        ("boolean", Self::BOOLEAN),
        ("number", Self::NUMBER),
        ("integer", Self::INTEGER),
        ("string", Self::STRING),
        ("array", Self::ARRAY),
        ("object", Self::OBJECT),
    ];

    /// The type that JSON Schema calls by this name (draft 2020-12 validation, §6.1.1).
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, types)| *types)
    }

    /// The type of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => Self::INTEGER,
            Value::Number(_) => Self(8),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Whether a value of one can be of the other. That both may be `null` makes no match, unless
    /// one is nothing else.
    pub fn can_be(self, other: Self) -> bool {
        let both = self & other;
        if self == Self::NULL || other == Self::NULL { both == Self::NULL } else { both & Self(126) != Self::NONE }
    }

    /// Without `null`.
    #[must_use]
    pub fn without_null(self) -> Self {
        self & Self(126)
    }

    /// Its names, as in `string or null`.
    pub fn describe(self) -> String {
        let mut left = self;
        let mut names = Vec::new();
        for (name, types) in Self::NAMED {
            if left & types == types && types != Self::NONE {
                names.push(name);
                left = Self(left.0 & !types.0);
            }
        }
        // A number that is never whole is one all the same.
        if left.0 & 8 != 0 {
            names.push("number");
        }
        if names.is_empty() { "nothing".to_owned() } else { names.join(" or ") }
    }
}

impl BitAnd for Types {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Types {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_meet_where_a_value_can_be_of_both() {
        for (one, other, expect) in [
            (Types::STRING, Types::STRING, true),
            (Types::STRING, Types::NUMBER, false),
            (Types::INTEGER, Types::NUMBER, true),
            (Types::NUMBER, Types::INTEGER, true),
            (Types::STRING | Types::NULL, Types::NUMBER | Types::NULL, false),
            (Types::NULL, Types::NUMBER | Types::NULL, true),
            (Types::NULL, Types::NUMBER, false),
            (Types::ANY, Types::OBJECT, true),
            (Types::NONE, Types::ANY, false),
        ] {
            assert_eq!(one.can_be(other), expect, "{} {}", one.describe(), other.describe());
        }
        assert_eq!((Types::STRING | Types::NULL).describe(), "null or string");
        assert_eq!(Types::NUMBER.describe(), "number");
        assert_eq!(Types::INTEGER.describe(), "integer");
        assert_eq!(Types::of(&serde_json::json!(1.5)).describe(), "number");
        assert_eq!(Types::of(&serde_json::json!(2.0)), Types::INTEGER);
    }
}
