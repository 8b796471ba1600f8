//! Razorpay's amounts: ISO 4217 minor units, where those of three decimals have to end in 0 (its page
//! "Create an Order", `amount`).

use gatehouse_sdk::{Error, Money, Result, money};

/// An amount that Razorpay takes.
///
/// # Errors
/// `invalid-input` where it is not more than nothing, or finer than Razorpay takes.
pub(crate) fn checked(amount: &Money) -> Result<&Money> {
    money::positive(amount)?;
    if money::decimals(&amount.currency) >= 3 && amount.minor_units % 10 != 0 {
        let (units, currency) = (amount.minor_units, &amount.currency);
        return Err(Error::invalid_input(format!(
            "{units} {currency} is finer than razorpay takes; give a multiple of 10"
        )));
    }
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_taken_as_they_are_or_refused() {
        for (units, currency, good) in [
            (5000, "INR", true),
            (295, "JPY", true),
            (295_990, "KWD", true),
            (295_991, "KWD", false),
            (99_991, "BHD", false),
            (0, "INR", false),
            (-1, "INR", false),
            (1, "inr", false),
        ] {
            assert_eq!(checked(&Money::new(units, currency)).is_ok(), good, "{units} {currency}");
        }
    }
}
