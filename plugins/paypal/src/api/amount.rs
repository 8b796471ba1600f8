//! `PayPal`'s amounts: decimal text, with the decimals of ISO 4217 but for HUF and TWD, of which `PayPal` takes
//! whole units alone (its page "Currency codes").

use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, Money, Result, money as decimal};

/// Currencies that have hundredths in ISO 4217 and none at `PayPal`.
const WHOLE: [&str; 2] = ["HUF", "TWD"];

/// An amount as `PayPal` takes it.
///
/// # Errors
/// `invalid-input` where it is not more than nothing, or finer than `PayPal` takes.
pub(crate) fn checked(amount: &Money) -> Result<Object> {
    decimal::positive(amount)?;
    let (units, currency) = (amount.minor_units, amount.currency.as_str());
    let value = if !WHOLE.contains(&currency) {
        decimal::to_decimal(amount)
    } else if units % 100 == 0 {
        (units / 100).to_string()
    } else {
        return Err(Error::invalid_input(format!(
            "{units} {currency} is finer than paypal takes; give a multiple of 100"
        )));
    };
    Ok(Object::new().set("currency_code", currency).set("value", value))
}

/// Reads an amount of `PayPal`'s.
pub(crate) fn money(amount: &Fields<'_>) -> Money {
    let currency = amount.text("currency_code");
    let value = amount.text("value");
    decimal::from_decimal(&value, &currency).unwrap_or_else(|_| {
        amount.wrong("value", "is not an amount of this currency");
        Money::new(0, currency)
    })
}

#[cfg(test)]
mod tests {
    use gatehouse_sdk::json::{Value, read_value};

    use super::*;

    #[test]
    fn amounts_go_both_ways_or_are_refused() {
        for (units, currency, text) in [
            (1999, "EUR", Some("19.99")),
            (5, "USD", Some("0.05")),
            (1999, "JPY", Some("1999")),
            (1500, "HUF", Some("15")),
            (100, "TWD", Some("1")),
            (1999, "HUF", None),
            (50, "TWD", None),
            (12_345, "TND", Some("12.345")),
            (0, "EUR", None),
            (-5, "EUR", None),
            (5, "eur", None),
        ] {
            let amount = Money::new(units, currency);
            let written = checked(&amount).ok().map(Value::from);
            let value = written.as_ref().and_then(|written| written.get("value")?.as_str());
            assert_eq!(value, text, "{units} {currency}");
            if let Some(written) = &written {
                let read = read_value(written, money).unwrap();
                assert_eq!((read.minor_units, read.currency.as_str()), (units, currency));
            }
        }
    }
}
