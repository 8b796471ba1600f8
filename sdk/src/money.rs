//! Amounts as providers write them. Ours are minor units of ISO 4217; some providers want
//! decimal text, and some count in other units. Nothing here rounds.

use crate::{Error, Money, Result};

mod quantity;

pub use quantity::Quantity;

impl Money {
    /// An amount in minor units of a currency: `Money::new(1999, "EUR")`.
    pub fn new(minor_units: i64, currency: impl Into<String>) -> Self {
        Self { minor_units, currency: currency.into() }
    }
}

/// The currency of an amount, once it has the form of an ISO 4217 code.
///
/// # Errors
/// `invalid-input` for anything but three upper-case letters.
pub fn currency(money: &Money) -> Result<&str> {
    let code = money.currency.as_str();
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(code);
    }
    Err(Error::invalid_input(format!("`{code}` is not a currency; give an ISO 4217 code such as EUR")))
}

/// An amount that can be charged: more than nothing, in a well-formed currency.
///
/// # Errors
/// `invalid-input` otherwise.
pub fn positive(money: &Money) -> Result<&Money> {
    currency(money)?;
    if money.minor_units > 0 {
        return Ok(money);
    }
    Err(Error::invalid_input(format!("the amount {} must be more than 0 minor units", money.minor_units)))
}

/// The amount for so many of a thing; for one where that is not said.
///
/// # Errors
/// `invalid-input` for none, and where the whole is too large.
pub fn times(amount: &Money, quantity: Option<u32>) -> Result<Money> {
    let quantity = i64::from(quantity.unwrap_or(1));
    if quantity == 0 {
        return Err(Error::invalid_input("`quantity` is 0; give 1 or more"));
    }
    let units = amount.minor_units.checked_mul(quantity);
    let units =
        units.ok_or_else(|| Error::invalid_input("the amount times `quantity` is too large; give a smaller one"))?;
    Ok(Money::new(units, &amount.currency))
}

/// How many decimals the currency's minor unit has (ISO 4217, list one): 2 for all that are not listed otherwise.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// The amount as decimal text with all of its decimals: `19.99`, `1999` for JPY, `-0.05`.
pub fn to_decimal(money: &Money) -> String {
    let decimals = decimals(&money.currency);
    let scale = 10_u64.pow(decimals);
    let sign = if money.minor_units < 0 { "-" } else { "" };
    let units = money.minor_units.unsigned_abs();
    match decimals {
        0 => format!("{sign}{units}"),
        _ => format!("{sign}{}.{:0width$}", units / scale, units % scale, width = decimals as usize),
    }
}

/// Reads decimal text as an amount. Trailing zeros beyond the currency's decimals are let through.
///
/// # Errors
/// `provider` for text that is not a plain decimal, is finer than the minor unit, or is too large.
pub fn from_decimal(text: &str, currency: &str) -> Result<Money> {
    let wrong = || Error::provider(format!("`{text}` is not an amount of {currency}"));
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let decimals = decimals(currency) as usize;
    let (kept, beyond) = fraction.split_at_checked(decimals.min(fraction.len())).ok_or_else(wrong)?;
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(kept) || !beyond.bytes().all(|byte| byte == b'0') {
        return Err(wrong());
    }
    let sign = if digits.len() < text.len() { "-" } else { "" };
    let units = format!("{sign}{whole}{kept:0<decimals$}").parse().map_err(|_| wrong())?;
    Ok(Money::new(units, currency))
}

/// The amount as a JSON number in whole units, for providers that want `19.99`: the nearest float, which is
/// written with the same decimals again up to 15 digits.
pub fn to_number(money: &Money) -> f64 {
    money.minor_units as f64 / scale(&money.currency)
}

/// Reads a JSON number in whole units, such as `19.99`.
///
/// # Errors
/// `provider` for a number that is finer than the minor unit, or too large to be exact as a float.
pub fn from_number(number: f64, currency: &str) -> Result<Money> {
    let scaled = number * scale(currency);
    let units = scaled.round();
    // A float has 15 exact digits: what is further off than their last one was not written as minor units.
    if units.abs() <= 9e15 && (scaled - units).abs() <= units.abs() * 1e-14 + 1e-9 {
        return Ok(Money::new(units as i64, currency));
    }
    Err(Error::provider(format!("a number is not an amount of {currency}: it is too fine or too large")))
}

fn scale(currency: &str) -> f64 {
    f64::from(10_u32.pow(decimals(currency)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_goes_both_ways() {
        for (units, currency, text) in [
            (1999, "EUR", "19.99"),
            (5, "EUR", "0.05"),
            (-5, "EUR", "-0.05"),
            (-1999, "USD", "-19.99"),
            (1999, "JPY", "1999"),
            (0, "KWD", "0.000"),
            (1234, "KWD", "1.234"),
            (i64::MAX, "EUR", "92233720368547758.07"),
            (i64::MIN, "EUR", "-92233720368547758.08"),
        ] {
            let money = Money::new(units, currency);
            assert_eq!(to_decimal(&money), text);
            assert_eq!(from_decimal(text, currency).unwrap(), money);
        }
    }

    #[test]
    fn several_cost_several_times_as_much() {
        let times = |quantity| times(&Money::new(1999, "EUR"), quantity).map(|money| money.minor_units).ok();
        assert_eq!([None, Some(1), Some(3), Some(0)].map(times), [Some(1999), Some(1999), Some(5997), None]);
        assert!(super::times(&Money::new(i64::MAX, "EUR"), Some(2)).is_err());
    }

    #[test]
    fn nothing_is_rounded() {
        for (text, currency, expect) in [
            ("19.9", "EUR", Some(1990)),
            ("19", "EUR", Some(1900)),
            ("19.990000", "EUR", Some(1999)),
            ("19.", "EUR", Some(1900)),
            ("19.00", "JPY", Some(19)),
            ("19.991", "EUR", None),
            ("19.5", "JPY", None),
            ("1e3", "EUR", None),
            ("+1", "EUR", None),
            ("--1", "EUR", None),
            (".5", "EUR", None),
            ("", "EUR", None),
            ("1,00", "EUR", None),
            ("1.é", "EUR", None),
            ("92233720368547758.08", "EUR", None),
        ] {
            assert_eq!(from_decimal(text, currency).ok().map(|money| money.minor_units), expect, "{text} {currency}");
        }
    }

    #[test]
    fn a_charge_needs_a_currency_and_more_than_nothing() {
        for (units, currency, good) in [
            (1, "EUR", true),
            (0, "EUR", false),
            (-1, "EUR", false),
            (1, "eur", false),
            (1, "EURO", false),
            (1, "", false),
        ] {
            assert_eq!(positive(&Money::new(units, currency)).is_ok(), good, "{units} {currency}");
        }
    }

    #[test]
    fn numbers_go_both_ways() {
        for (units, currency, number) in [
            (1999, "EUR", 19.99),
            (-5, "EUR", -0.05),
            (110, "USD", 1.10),
            (1_234_567_890_123, "EUR", 12_345_678_901.23),
            (1999, "JPY", 1999.0),
            (1001, "KWD", 1.001),
            (0, "EUR", 0.0),
        ] {
            let money = Money::new(units, currency);
            assert_eq!(to_number(&money).to_bits(), f64::to_bits(number));
            assert_eq!(from_number(number, currency), Ok(money));
        }
        for cents in (0..20_000_000_i64).step_by(997) {
            let money = Money::new(cents, "EUR");
            assert_eq!(from_number(to_number(&money), "EUR"), Ok(money));
        }
        for (number, currency) in [(19.991, "EUR"), (0.5, "JPY"), (1e300, "EUR"), (f64::NAN, "EUR"), (0.0001, "KWD")] {
            assert!(from_number(number, currency).is_err(), "{number} {currency}");
        }
    }
}
