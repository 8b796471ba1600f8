//! What gateways to accounting software share: addresses as tables of names, documents in one currency, and what a
//! look-up concludes.

use crate::accounting::{Address, Invoice};
use crate::json::{Fields, Object};
use crate::outcomes::Finding;
use crate::records::Ours;
use crate::{Error, Money, Result, json, money};

/// What a provider calls the parts of an address.
#[derive(Debug, Clone, Copy)]
pub struct Postal {
    /// The lines above the city. What does not fit is joined in the last.
    pub lines: &'static [&'static str],
    /// The city.
    pub city: &'static str,
    /// The state, province or county.
    pub region: &'static str,
    /// The postal code.
    pub postal_code: &'static str,
    /// The country, which providers take as any text.
    pub country: &'static str,
}

impl Postal {
    /// Reads an address that has anything. Its country is kept where it is a code, as ours is.
    #[inline(never)]
    pub fn read(&self, address: &Fields<'_>) -> Option<Address> {
        let mut lines = Vec::new();
        for name in self.lines {
            lines.extend(address.filled(name));
        }
        let is_code = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        let address = Address {
            lines,
            city: address.filled(self.city),
            region: address.filled(self.region),
            postal_code: address.filled(self.postal_code),
            country: address.filled(self.country).filter(is_code),
        };
        let is_empty = address.lines.is_empty() && address.city.is_none() && address.postal_code.is_none();
        Some(address).filter(|_| !is_empty)
    }

    /// Writes an address of ours, given as JSON. Where `blank` says so, what is absent is written as an empty text.
    #[inline(never)]
    pub fn written(&self, ours: &Fields<'_>, blank: bool) -> Object {
        let mut record = Object::new();
        let mut given = ours.texts("lines").into_iter();
        for (place, name) in self.lines.iter().enumerate() {
            let mut line = given.next();
            if let Some(last) = line.as_mut().filter(|_| place + 1 == self.lines.len()) {
                for more in given.by_ref() {
                    last.push_str(", ");
                    last.push_str(&more);
                }
            }
            record = set(record, name, line, blank);
        }
        for (ours_name, name) in
            [("city", self.city), ("region", self.region), ("postal_code", self.postal_code), ("country", self.country)]
        {
            record = set(record, name, ours.text_some(ours_name), blank);
        }
        record
    }
}

fn set(record: Object, name: &str, text: Option<String>, blank: bool) -> Object {
    record.set_some(name, text.or_else(|| blank.then(String::new)))
}

/// Refuses an amount of a line that is not in the document's currency.
///
/// # Errors
/// `invalid-input`, with both.
#[inline(never)]
pub fn in_currency<'a>(amount: &'a Money, currency: &str) -> Result<&'a Money> {
    if amount.currency == currency {
        return Ok(amount);
    }
    let given = &amount.currency;
    Err(Error::invalid_input(format!("a line is in {given}, the invoice in `{currency}`; give one currency")))
}

/// Refuses a payment that is not in the currency of its invoice.
///
/// # Errors
/// `invalid-input`, with both.
#[inline(never)]
pub fn paid_in(amount: &Money, invoice: &Invoice) -> Result<()> {
    let (given, wanted) = (&amount.currency, &invoice.total.currency);
    if given == wanted {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "the payment is in `{given}`, the invoice in {wanted}; give the invoice's currency"
    )))
}

/// An item's price as a number, where it has one. Providers keep items in the currency of the books.
///
/// # Errors
/// `invalid-input` where it is in another.
#[inline(never)]
pub fn price_in(price: Option<&Money>, currency: &str, provider: &str) -> Result<Option<f64>> {
    let Some(price) = price else { return Ok(None) };
    match money::currency(price)? {
        given if given == currency => Ok(Some(money::to_number(price))),
        given => {
            Err(Error::invalid_input(format!("the price is in `{given}`; {provider} keeps items in {currency} here")))
        }
    }
}

/// What is found among records that could be the one: it is done by the only one where `is_known` says that no other
/// write makes such a record, and absent where there is none. Where `more` were not read, nobody can say.
#[inline(never)]
pub fn finding(found: &[Ours], more: bool, is_known: bool) -> Finding {
    match found {
        [] if !more => Finding::Absent,
        [only] if !more && is_known => Finding::Done(json::text(&only.data)),
        _ => Finding::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Postal =
        Postal { lines: &["l1", "l2"], city: "town", region: "state", postal_code: "zip", country: "land" };

    #[test]
    fn an_address_is_read_where_it_has_anything() {
        let check = |document: &str, expect: Option<(&[&str], Option<&str>)>| {
            let found = json::read(document.as_bytes(), |address| NAMES.read(address)).unwrap();
            let expect = expect.map(|(lines, country)| {
                (lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), country.map(str::to_owned))
            });
            assert_eq!(found.map(|address| (address.lines, address.country)), expect, "{document}");
        };
        check(r#"{"l1": "a", "l2": "b", "land": "DE"}"#, Some((&["a", "b"], Some("DE"))));
        check(r#"{"l1": "", "l2": "b", "land": "Germany"}"#, Some((&["b"], None)));
        check(r#"{"town": "Bonn", "land": "de"}"#, Some((&[], None)));
        check(r#"{"zip": "1"}"#, Some((&[], None)));
        check(r#"{"state": "NW", "land": "DE", "town": ""}"#, None);
        check("{}", None);
    }

    #[test]
    fn an_address_is_written_and_the_last_line_takes_the_rest() {
        let check = |document: &str, blank: bool, expect: &str| {
            let written = json::read(document.as_bytes(), |ours| NAMES.written(ours, blank)).unwrap();
            assert_eq!(written.to_string(), expect, "{document}");
        };
        check(r#"{"lines": ["a", "b", "c"], "city": "Bonn"}"#, false, r#"{"l1":"a","l2":"b, c","town":"Bonn"}"#);
        check(r#"{"lines": ["a"], "country": "DE"}"#, false, r#"{"l1":"a","land":"DE"}"#);
        check("{}", false, "{}");
        check(
            r#"{"lines": ["a"], "city": "Bonn"}"#,
            true,
            r#"{"l1":"a","l2":"","land":"","state":"","town":"Bonn","zip":""}"#,
        );
    }

    #[test]
    fn only_one_that_is_known_is_it() {
        let data = Object::new().set("id", "a").into();
        let record = Ours { id: "a".to_owned(), updated_at_ms: None, gone: false, data };
        let two = [record.clone(), record];
        for (found, more, is_known, expect) in [
            (&two[..0], false, true, Finding::Absent),
            (&two[..0], false, false, Finding::Absent),
            (&two[..0], true, true, Finding::Pending),
            (&two[..1], false, true, Finding::Done(r#"{"id":"a"}"#.to_owned())),
            (&two[..1], false, false, Finding::Pending),
            (&two[..1], true, true, Finding::Pending),
            (&two[..], false, true, Finding::Pending),
        ] {
            assert_eq!(finding(found, more, is_known), expect, "{found:?} {more} {is_known}");
        }
    }

    #[test]
    fn amounts_have_the_currency_of_the_invoice() {
        let euros = Money::new(5, "EUR");
        assert_eq!(in_currency(&euros, "EUR"), Ok(&euros));
        let message = in_currency(&euros, "USD").unwrap_err().message;
        assert_eq!(message, "a line is in EUR, the invoice in `USD`; give one currency");
        assert_eq!(price_in(Some(&euros), "EUR", "acme"), Ok(Some(0.05)));
        assert_eq!(price_in(None, "EUR", "acme"), Ok(None));
        let message = price_in(Some(&euros), "USD", "acme").unwrap_err().message;
        assert_eq!(message, "the price is in `EUR`; acme keeps items in USD here");
    }
}
