//! Stripe's amounts. They are ISO 4217 minor units but for a few currencies, which Stripe counts
//! in units of its own (its document "Supported currencies", zero-decimal, three-decimal and special cases).

use gatehouse_sdk::{Error, Money, Result, money};

/// How Stripe counts a currency, next to the minor unit of ISO 4217.
enum Unit {
    /// As ISO 4217 does.
    Same,
    /// In hundredths of our minor unit.
    Hundredths,
    /// In hundreds of our minor unit.
    Hundreds,
    /// As ISO 4217 does, and the last digit has to be 0.
    Tens,
}

fn unit(currency: &str) -> Unit {
    match currency {
        "ISK" | "UGX" => Unit::Hundredths,
        "MGA" => Unit::Hundreds,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Unit::Tens,
        _ => Unit::Same,
    }
}

/// An amount to charge or refund, in Stripe's units.
///
/// # Errors
/// `invalid-input` where it is not more than nothing, or where Stripe has no such amount.
pub(crate) fn amount_to_stripe(amount: &Money) -> Result<i64> {
    money::positive(amount)?;
    let units = amount.minor_units;
    let wrong = |step: i64| {
        Error::invalid_input(format!(
            "{units} {} is finer than Stripe takes; give a multiple of {step}",
            amount.currency
        ))
    };
    match unit(&amount.currency) {
        Unit::Same => Ok(units),
        Unit::Tens if units % 10 == 0 => Ok(units),
        Unit::Tens => Err(wrong(10)),
        Unit::Hundreds if units % 100 == 0 => Ok(units / 100),
        Unit::Hundreds => Err(wrong(100)),
        Unit::Hundredths => units
            .checked_mul(100)
            .ok_or_else(|| Error::invalid_input(format!("the amount {units} is too large; give a smaller one"))),
    }
}

/// Stripe's amount as ours. A part of a minor unit, which Stripe's own rules exclude, is cut off.
pub(crate) fn money_from_stripe(amount: i64, currency: &str) -> Money {
    let currency = currency.to_ascii_uppercase();
    let units = match unit(&currency) {
        Unit::Same | Unit::Tens => amount,
        Unit::Hundreds => amount.saturating_mul(100),
        Unit::Hundredths => amount / 100,
    };
    Money::new(units, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        for (units, currency, stripe) in [
            (1999, "EUR", Some(1999)),
            (500, "JPY", Some(500)),
            (5, "ISK", Some(500)),
            (5, "UGX", Some(500)),
            (1200, "MGA", Some(12)),
            (1250, "MGA", None),
            (5120, "KWD", Some(5120)),
            (5124, "KWD", None),
            (i64::MAX, "ISK", None),
            (0, "EUR", None),
            (-1, "EUR", None),
            (1, "eur", None),
        ] {
            let money = Money::new(units, currency);
            assert_eq!(amount_to_stripe(&money).ok(), stripe, "{units} {currency}");
            if let Some(amount) = stripe {
                assert_eq!(money_from_stripe(amount, &currency.to_lowercase()), money);
            }
        }
    }
}
