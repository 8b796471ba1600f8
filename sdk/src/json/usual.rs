//! Fields that many providers write in the same few ways: texts that are empty where there is none, moments, and
//! amounts as numbers. Kept out of line, so that a component holds one reader of each kind.

use serde_json::Value;

use super::{Fields, text};
use crate::{Money, money};

impl Fields<'_> {
    /// A text that may be absent; an empty one is.
    #[inline(never)]
    pub fn filled(&self, name: &str) -> Option<String> {
        self.str_some(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A text within an object, both of which may be absent: `filled_in("phone", "number")`.
    #[inline(never)]
    pub fn filled_in(&self, name: &str, inner: &str) -> Option<String> {
        self.inner(name, |object| object.filled(inner)).flatten()
    }

    /// The texts of a list; what is none is left out.
    #[inline(never)]
    pub fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.items(name) {
            texts.extend(item.as_str().map(str::to_owned));
        }
        texts
    }

    /// A moment that may be absent, in milliseconds since 1970; `parse` is one of [`crate::time`]'s.
    #[inline(never)]
    pub fn moment(&self, name: &str, parse: fn(&str) -> Option<u64>) -> Option<u64> {
        let moment = parse(self.str_some(name)?);
        if moment.is_none() {
            self.wrong(name, "this is no moment");
        }
        moment
    }

    /// Whether a record is in use, where an absent flag says that it is.
    #[inline(never)]
    pub fn flag_unless_absent(&self, name: &str) -> bool {
        self.get(name).is_none() || self.flag(name)
    }

    /// An amount in whole units, such as `19.99`; absent where it is finer than the currency's minor unit.
    #[inline(never)]
    pub fn price(&self, name: &str, currency: &str) -> Option<Money> {
        let number = self.get(name)?.as_f64();
        if number.is_none() {
            self.wrong(name, "this is no number");
        }
        money::from_number(number?, currency).ok()
    }

    /// An amount in whole units that has to be there.
    #[inline(never)]
    pub fn amount(&self, name: &str, currency: &str) -> Money {
        let amount = self.price(name, currency);
        if amount.is_none() {
            self.wrong(name, format!("this is no amount of {currency}"));
        }
        amount.unwrap_or_else(|| Money::new(0, currency))
    }

    /// A number that may be absent, as decimal text such as `1.5` or `19`. What is no number is left out.
    #[inline(never)]
    pub fn decimal(&self, name: &str) -> Option<String> {
        self.get(name).and_then(decimal)
    }
}

/// A number as decimal text, such as `1.5` or `19`; none of anything else.
#[inline(never)]
pub fn decimal(value: &Value) -> Option<String> {
    let text = text(value);
    value.is_number().then(|| text.strip_suffix(".0").unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::time;

    fn check(document: &str, expect: Result<&str, &str>) {
        let found = read(document.as_bytes(), |record| {
            let money = |money: crate::Money| format!("{} {}", money.minor_units, money.currency);
            let texts = (record.filled("name"), record.filled_in("phone", "number"), record.texts("tags"));
            let numbers = (record.price("price", "EUR").map(money), record.decimal("count"));
            let rest = (record.moment("at", time::parse_rfc3339), record.flag_unless_absent("active"));
            format!("{texts:?} {numbers:?} {rest:?}")
        });
        assert_eq!(found.map_err(|error| error.to_string()), expect.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn what_is_absent_or_empty_is_none() {
        let none = "(None, None, []) (None, None) (None, true)";
        check("{}", Ok(none));
        check(r#"{"name": "", "phone": {"number": ""}, "tags": [], "price": null, "at": null}"#, Ok(none));
        check(r#"{"phone": {}, "price": 19.991, "count": "7"}"#, Ok(none));
        check(
            r#"{"name": "ä", "phone": {"number": "7"}, "tags": ["a", 1, ""], "price": 19.99, "count": 1.50,
                "at": "2026-03-01T09:30:00Z", "active": false}"#,
            Ok(r#"(Some("ä"), Some("7"), ["a", ""]) (Some("1999 EUR"), Some("1.5")) (Some(1772357400000), false)"#),
        );
        check(r#"{"count": 19.0}"#, Ok(r#"(None, None, []) (None, Some("19")) (None, true)"#));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        check(r#"{"name": 7}"#, Err("name: expected a string, found another number"));
        check(r#"{"phone": {"number": 7}}"#, Err("phone.number: expected a string, found another number"));
        check(r#"{"price": "1"}"#, Err("price: this is no number"));
        check(r#"{"at": "soon"}"#, Err("at: this is no moment"));
        check(r#"{"active": 1}"#, Err("active: expected true or false, found another number"));
    }

    #[test]
    fn an_amount_has_to_be_there() {
        let check = |document: &str, expect: Result<i64, &str>| {
            let found = read(document.as_bytes(), |record| record.amount("total", "EUR").minor_units);
            assert_eq!(found.map_err(|error| error.to_string()), expect.map_err(str::to_owned));
        };
        check(r#"{"total": 19.99}"#, Ok(1999));
        check(r#"{"total": 19.991}"#, Err("total: this is no amount of EUR"));
        check(r#"{"total": true}"#, Err("total: this is no number"));
        check("{}", Err("total: this is no amount of EUR"));
    }
}
