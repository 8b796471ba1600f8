//! How many or how much of a thing, as decimal text says it, and what so many cost. All of it is exact.

use crate::json::{self, Value};
use crate::{Error, Money, Result};

/// A quantity, exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    number: Value,
    digits: i64,
    /// What the digits are divided by.
    scale: i64,
}

impl Quantity {
    /// Reads decimal text, such as `1.5`.
    ///
    /// # Errors
    /// `invalid-input` for any other text, and for more digits than an `i64` has.
    #[inline(never)]
    pub fn of(text: &str) -> Result<Self> {
        let wrong = || Error::invalid_input(format!("the quantity `{text}` is no plain number; give one such as 1.5"));
        Self::read(text).ok_or_else(wrong)
    }

    fn read(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let number = json::document(text.as_bytes()).ok().filter(Value::is_number)?;
        let digits = format!("{whole}{part}").parse().ok()?;
        let scale = 10_i64.checked_pow(u32::try_from(part.len()).ok()?)?;
        Some(Self { number, digits, scale })
    }

    /// The quantity as a JSON number, written as it was read.
    pub fn into_number(self) -> Value {
        self.number
    }

    /// The amount for so many at this price, to the nearest multiple of `step` minor units: a half goes away from
    /// zero.
    ///
    /// # Errors
    /// `invalid-input` where it is too large.
    #[inline(never)]
    pub fn times(&self, price: &Money, step: i64) -> Result<Money> {
        let units = self.exact(price.minor_units, step);
        let units = units.ok_or_else(|| Error::invalid_input("the line is too large; give its `amount`"))?;
        Ok(Money::new(units, price.currency.as_str()))
    }

    fn exact(&self, minor_units: i64, step: i64) -> Option<i64> {
        let exact = minor_units.checked_mul(self.digits)?;
        let unit = self.scale.checked_mul(step)?;
        let half = if exact < 0 { -unit / 2 } else { unit / 2 };
        exact.checked_add(half)?.checked_div(unit)?.checked_mul(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_is_read_and_written_as_it_is() {
        for (text, good) in [
            ("1", true),
            ("1.50", true),
            ("-0.25", true),
            ("0", true),
            ("1.", false),
            (".5", false),
            ("1e3", false),
            ("+1", false),
            ("01", false),
            ("\"1\"", false),
            ("", false),
            ("1,5", false),
            ("99999999999999999999", false),
            ("0.99999999999999999999", false),
        ] {
            let read = Quantity::of(text);
            assert_eq!(read.is_ok(), good, "{text}");
            if let Ok(quantity) = read {
                let number: f64 = text.parse().unwrap();
                assert_eq!(quantity.into_number().as_f64(), Some(number), "{text}");
            }
        }
    }

    #[test]
    fn a_half_goes_away_from_zero() {
        for (quantity, units, step, expect) in [
            ("3", 1999, 1, Some(5997)),
            ("1.5", 333, 1, Some(500)),
            ("0.5", 1, 1, Some(1)),
            ("0.5", -1, 1, Some(-1)),
            ("-0.5", 1, 1, Some(-1)),
            ("0.49", 1, 1, Some(0)),
            ("1", 1235, 10, Some(1240)),
            ("1", 1234, 10, Some(1230)),
            ("0", 5, 1, Some(0)),
            ("2", i64::MAX, 1, None),
            ("0.000000000000000001", 5, 1000, None),
        ] {
            let found = Quantity::of(quantity).unwrap().times(&Money::new(units, "EUR"), step);
            assert_eq!(found.ok().map(|money| money.minor_units), expect, "{quantity} {units} {step}");
        }
    }
}
