//! Conversions that a rule names: between numbers, truths and texts, and between spellings of a
//! moment. Nothing is converted that nobody asked for.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::Types;
use super::path::article;

/// The longest text that is converted, in bytes: every number and every date is far shorter.
const LONGEST: usize = 256;

/// What is done to a value on the rule's way. A rule for both ways names what is done on the way
/// in, and it is undone on the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Convert {
    /// A number becomes its text.
    NumberToString,
    /// A text becomes the number that it spells as JSON does.
    StringToNumber,
    /// A truth becomes `true` or `false` as a text.
    BooleanToString,
    /// The texts `true` and `false` become truths.
    StringToBoolean,
    /// A moment is spelled in another way.
    Date {
        /// How it is spelled.
        from: DateFormat,
        /// How it shall be.
        to: DateFormat,
    },
}

/// How a moment is spelled: `rfc3339`, `date` (a day, as in 2026-11-21), `unix_seconds` and
/// `unix_millis` (numbers), or a pattern of `strftime` such as `%d.%m.%Y`. What names no zone is in
/// UTC, and a day begins at midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum DateFormat {
    /// RFC 3339 §5.6, with a zone.
    Rfc3339,
    /// A day, as in RFC 3339 `full-date`.
    Date,
    /// Whole seconds since 1970.
    UnixSeconds,
    /// Whole milliseconds since 1970.
    UnixMillis,
    /// A pattern.
    Pattern(String),
}

impl Convert {
    /// What undoes it, where anything does.
    pub fn inverse(&self) -> Option<Self> {
        match self {
            Self::NumberToString => Some(Self::StringToNumber),
            Self::StringToNumber => Some(Self::NumberToString),
            Self::BooleanToString => Some(Self::StringToBoolean),
            Self::StringToBoolean => Some(Self::BooleanToString),
            Self::Date { from, to } if from.is_day() == to.is_day() => {
                Some(Self::Date { from: to.clone(), to: from.clone() })
            }
            Self::Date { .. } => None,
        }
    }

    /// What it takes.
    pub fn takes(&self) -> Types {
        match self {
            Self::NumberToString => Types::NUMBER,
            Self::StringToNumber | Self::StringToBoolean => Types::STRING,
            Self::BooleanToString => Types::BOOLEAN,
            Self::Date { from, .. } => from.types(),
        }
    }

    /// What it gives.
    pub fn gives(&self) -> Types {
        match self {
            Self::NumberToString | Self::BooleanToString => Types::STRING,
            Self::StringToNumber => Types::NUMBER,
            Self::StringToBoolean => Types::BOOLEAN,
            Self::Date { to, .. } => to.types(),
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Why the value can not be converted, without the value.
    pub fn apply(&self, value: &Value) -> Result<Value, String> {
        match (self, value) {
            (_, Value::String(text)) if text.len() > LONGEST => {
                Err(format!("a text of {} bytes is neither a number nor a date", text.len()))
            }
            (Self::NumberToString, Value::Number(number)) => Ok(number.to_string().into()),
            (Self::BooleanToString, Value::Bool(truth)) => Ok(truth.to_string().into()),
            (Self::StringToNumber, Value::String(text)) => number(text).map(Value::Number),
            (Self::StringToBoolean, Value::String(text)) => match text.as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err("the text is neither `true` nor `false`".to_owned()),
            },
            (Self::Date { from, to }, value) => to.write(from.read(value)?),
            (_, other) => Err(format!("{} is converted, and {} is there", self.takes().describe(), article(other))),
        }
    }
}

/// The number that a text spells as JSON does (RFC 8259 §6), with every digit of a whole one.
fn number(text: &str) -> Result<Number, String> {
    let number: Number = serde_json::from_str(text).map_err(|_| "the text is no number".to_owned())?;
    let whole = !text.contains(['.', 'e', 'E']);
    match whole && number.is_f64() && number.as_f64() != Some(0.0) {
        true => Err("the number has more digits than a JSON number keeps".to_owned()),
        false => Ok(number),
    }
}

impl DateFormat {
    /// Whether it tells no time of day.
    fn is_day(&self) -> bool {
        match self {
            Self::Date => true,
            Self::Pattern(pattern) => {
                !["%H", "%I", "%k", "%l", "%T", "%R", "%s", "%c", "%X", "%r"].iter().any(|time| pattern.contains(time))
            }
            _ => false,
        }
    }

    fn types(&self) -> Types {
        match self {
            Self::UnixSeconds | Self::UnixMillis => Types::INTEGER,
            _ => Types::STRING,
        }
    }

    fn read(&self, value: &Value) -> Result<Timestamp, String> {
        let wrong = || format!("what is there is no date as `{}` spells it", self.name());
        let found = match (self, value) {
            (Self::UnixSeconds, value) => whole(value).and_then(|at| Timestamp::from_second(at).ok()),
            (Self::UnixMillis, value) => whole(value).and_then(|at| Timestamp::from_millisecond(at).ok()),
            (Self::Rfc3339, Value::String(text)) => text.parse().ok(),
            (Self::Date, Value::String(text)) => {
                strtime::parse("%Y-%m-%d", text).and_then(|day| day.to_date()).ok().and_then(midnight)
            }
            (Self::Pattern(pattern), Value::String(text)) => read_pattern(pattern, text),
            _ => None,
        };
        found.ok_or_else(wrong)
    }

    fn write(&self, at: Timestamp) -> Result<Value, String> {
        let patterned = |pattern: &str| {
            strtime::format(pattern, &at.to_zoned(TimeZone::UTC))
                .map(Value::from)
                .map_err(|_| format!("no date can be spelled as `{pattern}`"))
        };
        match self {
            Self::Rfc3339 => Ok(at.to_string().into()),
            Self::Date => patterned("%Y-%m-%d"),
            Self::UnixSeconds => Ok(at.as_second().into()),
            Self::UnixMillis => Ok(at.as_millisecond().into()),
            Self::Pattern(pattern) => patterned(pattern),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Rfc3339 => "rfc3339",
            Self::Date => "date",
            Self::UnixSeconds => "unix_seconds",
            Self::UnixMillis => "unix_millis",
            Self::Pattern(pattern) => pattern,
        }
    }
}

/// A whole number, however it is written.
fn whole(value: &Value) -> Option<i64> {
    let float = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(float))
}

fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// What a pattern tells: a moment with its zone, a time in UTC, or a day.
fn read_pattern(pattern: &str, text: &str) -> Option<Timestamp> {
    let read = strtime::parse(pattern, text).ok()?;
    read.to_timestamp().ok().or_else(|| {
        let local = read.to_datetime().ok().and_then(|local| local.to_zoned(TimeZone::UTC).ok());
        local.map(|zoned| zoned.timestamp()).or_else(|| read.to_date().ok().and_then(midnight))
    })
}

impl TryFrom<String> for DateFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match text.as_str() {
            "rfc3339" => Self::Rfc3339,
            "date" => Self::Date,
            "unix_seconds" => Self::UnixSeconds,
            "unix_millis" => Self::UnixMillis,
            pattern => {
                let tried = strtime::format(pattern, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
                let reads = tried.ok().filter(|_| pattern.contains('%') && pattern.len() <= 64);
                if reads.and_then(|spelled| read_pattern(pattern, &spelled)).is_none() {
                    let known = "rfc3339, date, unix_seconds, unix_millis and patterns such as `%d.%m.%Y`, which tell \
                                 a whole day";
                    return Err(format!("`{pattern}` spells no date; there are {known}"));
                }
                Self::Pattern(text)
            }
        })
    }
}

impl From<DateFormat> for String {
    fn from(format: DateFormat) -> Self {
        format.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a conversion makes of a value; nothing where it fails.
    fn check(convert: Value, given: Value, expect: Option<Value>) {
        let convert: Convert = serde_json::from_value(convert).unwrap();
        assert_eq!(convert.apply(&given).ok(), expect, "{convert:?} of {given}");
        if let (Some(expect), Some(inverse)) = (expect, convert.inverse()) {
            let again = inverse.apply(&expect).and_then(|back| convert.apply(&back));
            assert_eq!(again, Ok(expect), "{convert:?} there and back");
        }
    }

    #[test]
    fn only_what_fits_is_converted() {
        check(json!("number_to_string"), json!(12), Some(json!("12")));
        check(json!("number_to_string"), json!(-0.5), Some(json!("-0.5")));
        check(json!("number_to_string"), json!(u64::MAX), Some(json!("18446744073709551615")));
        check(json!("number_to_string"), json!("12"), None);
        check(json!("number_to_string"), json!(true), None);
        check(json!("string_to_number"), json!("12"), Some(json!(12)));
        check(json!("string_to_number"), json!("-1.5"), Some(json!(-1.5)));
        check(json!("string_to_number"), json!("18446744073709551616"), None);
        for wrong in ["", "1,5", "0x1", "NaN", "1 000", "01", "true", "1e999", &"1".repeat(300)] {
            check(json!("string_to_number"), json!(wrong), None);
        }
        check(json!("string_to_number"), json!(1), None);
        check(json!("boolean_to_string"), json!(true), Some(json!("true")));
        check(json!("boolean_to_string"), json!(1), None);
        check(json!("string_to_boolean"), json!("false"), Some(json!(false)));
        check(json!("string_to_boolean"), json!("False"), None);
        check(json!("string_to_boolean"), json!([]), None);
    }

    #[test]
    fn moments_are_spelled_in_other_ways() {
        let date = |from: &str, to: &str| json!({ "date": { "from": from, "to": to } });
        check(date("unix_seconds", "rfc3339"), json!(0), Some(json!("1970-01-01T00:00:00Z")));
        check(date("unix_millis", "rfc3339"), json!(1_500.0), Some(json!("1970-01-01T00:00:01.5Z")));
        check(date("rfc3339", "unix_millis"), json!("2026-11-21T09:00:00+01:00"), Some(json!(1_795_248_000_000_i64)));
        check(date("rfc3339", "date"), json!("2026-11-21T23:30:00-02:00"), Some(json!("2026-11-22")));
        check(date("%d.%m.%Y", "date"), json!("21.11.2026"), Some(json!("2026-11-21")));
        check(date("date", "%d/%m/%y"), json!("2026-11-21"), Some(json!("21/11/26")));
        check(date("%Y-%m-%d %H:%M:%S", "rfc3339"), json!("2026-11-21 09:00:00"), Some(json!("2026-11-21T09:00:00Z")));
        check(date("date", "unix_seconds"), json!("1970-01-02"), Some(json!(86_400)));
        for (from, wrong) in [
            ("rfc3339", json!("2026-11-21")),
            ("rfc3339", json!("21.11.2026")),
            ("rfc3339", json!(0)),
            ("date", json!("2026-02-30")),
            ("date", json!("2026-11-21T00:00:00Z")),
            ("unix_seconds", json!("0")),
            ("unix_seconds", json!(1.5)),
            ("unix_seconds", json!(i64::MAX)),
            ("%d.%m.%Y", json!("11/21/2026")),
            ("%d.%m.%Y", json!(null)),
        ] {
            check(date(from, "rfc3339"), wrong, None);
        }
    }

    #[test]
    fn a_day_does_not_give_its_time_back() {
        let undone = |from: &str, to: &str| {
            let convert: Convert = serde_json::from_value(json!({ "date": { "from": from, "to": to } })).unwrap();
            convert.inverse().is_some()
        };
        assert!(undone("rfc3339", "unix_millis") && undone("date", "%d.%m.%Y"));
        assert!(!undone("rfc3339", "date") && !undone("%d.%m.%Y", "unix_seconds"));
        assert!(undone("%Y-%m-%d %H:%M", "rfc3339"));
    }

    #[test]
    fn formats_that_tell_no_day_are_refused() {
        for wrong in ["", "iso", "%H:%M", "%Q", "%", "yyyy-mm-dd", &"%Y".repeat(40)] {
            assert!(DateFormat::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
