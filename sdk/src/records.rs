//! Records of a provider on their way to ours and back: one reader a kind, one place that says what does not fit, and
//! the loop that writes pushed changes.

use crate::http::Response;
use crate::json::{self, Mismatch, Value};
use crate::sync::{Change, Outcome, RecordData};
use crate::{Error, Result};

/// How a kind of record is read.
pub type Read<T> = fn(&Value) -> core::result::Result<T, Mismatch>;

/// A record in our words, for all that tells it: pulled records, and what a look-up finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Ours {
    /// Its id as we tell it.
    pub id: String,
    /// When the provider last changed it, in milliseconds since 1970.
    pub updated_at_ms: Option<u64>,
    /// Whether it was removed, taken back or is out of use: a deleted one to who synchronises.
    pub gone: bool,
    /// The whole of it, without what is absent.
    pub data: Value,
}

impl Ours {
    /// Whether a field is this text; any is where none is asked for.
    #[inline(never)]
    pub fn is(&self, name: &str, text: Option<&str>) -> bool {
        text.is_none() || self.data.get(name).and_then(Value::as_str) == text
    }

    /// Whether a list has this text.
    #[inline(never)]
    pub fn names(&self, list: &str, text: &str) -> bool {
        let items = self.data.get(list).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).any(|item| item == text)
    }
}

impl From<Ours> for RecordData {
    fn from(ours: Ours) -> Self {
        let Ours { id, updated_at_ms, gone, data } = ours;
        Self { id, updated_at_ms, deleted: gone, data: json::text(&data) }
    }
}

/// Reads a record that an answer holds.
///
/// # Errors
/// See [`Response::senseless`], where it does not fit.
pub fn one<T>(response: &Response, found: &Value, read: Read<T>) -> Result<T> {
    read(found).map_err(|problem| misshaped(response, &problem))
}

/// Reads records of a list, which was only read.
///
/// # Errors
/// As [`odd`], where one does not fit.
pub fn all<T>(found: &[Value], read: Read<T>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for record in found {
        all.push(read(record).map_err(odd)?);
    }
    Ok(all)
}

/// A record in an answer does not fit.
#[cold]
#[inline(never)]
pub fn misshaped(response: &Response, problem: &Mismatch) -> Error {
    response.senseless(format!("a record of the provider does not have the expected shape: {problem}"))
}

/// A record that was only read does not fit: `provider`.
#[cold]
#[inline(never)]
pub fn odd(problem: Mismatch) -> Error {
    Error::provider(format!("a record of the provider does not have the expected shape: {problem}"))
}

/// A record that is to be written does not fit: `invalid-input`.
#[cold]
#[inline(never)]
pub fn wrong(problem: Mismatch) -> Error {
    Error::invalid_input(format!("the record does not have the expected shape: {problem}"))
}

/// Writes pushed changes of the one kind of records that is written, each for itself.
///
/// # Errors
/// `unsupported` for another kind.
pub fn push(
    entity: &str,
    written: &str,
    changes: Vec<Change>,
    write: fn(&Change) -> Result<String>,
) -> Result<Vec<Outcome>> {
    if entity != written {
        return Err(Error::unsupported(format!("`{entity}` is not written; {written} are")));
    }
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push(Outcome { status: write(&change), reference: change.reference });
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::http::Effect;
    use crate::json::read_value;

    const READ: Read<String> = |found| read_value(found, |found| found.text("id"));

    #[test]
    fn what_does_not_fit_is_an_error_of_the_right_kind() {
        let good = json::document(br#"[{"id": "a"}, {"id": "b"}]"#).unwrap();
        let bad = json::document(br#"[{"id": "a"}, {"id": 7}]"#).unwrap();
        let list = |found: &Value| all(found.as_array().unwrap(), READ).map_err(|error| error.kind);
        assert_eq!(list(&good), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(list(&bad), Err(ErrorKind::Provider));
        let answer = |effect, place: usize| {
            let response = Response::of_parts(200, &[], b"", effect);
            one(&response, &bad.as_array().unwrap()[place], READ).map_err(|error| error.kind)
        };
        assert_eq!(answer(Effect::Write, 0), Ok("a".to_owned()));
        assert_eq!(answer(Effect::Write, 1), Err(ErrorKind::UnknownOutcome));
        assert_eq!(answer(Effect::Read, 1), Err(ErrorKind::Provider));
    }

    #[test]
    fn a_change_is_written_for_itself() {
        let change = |reference: &str, deleted| Change {
            reference: reference.to_owned(),
            id: None,
            data: "{}".to_owned(),
            deleted,
        };
        let write = |change: &Change| match change.deleted {
            true => Err(Error::invalid_input("no")),
            false => Ok(change.reference.clone()),
        };
        let outcomes = push("contacts", "contacts", vec![change("a", true), change("b", false)], write).unwrap();
        let told: Vec<_> =
            outcomes.iter().map(|outcome| (outcome.reference.as_str(), outcome.status.is_ok())).collect();
        assert_eq!(told, [("a", false), ("b", true)]);
        let other = push("orders", "contacts", Vec::new(), write).unwrap_err();
        assert_eq!(
            (other.kind, other.message.as_str()),
            (ErrorKind::Unsupported, "`orders` is not written; contacts are")
        );
    }

    #[test]
    fn one_in_our_words_is_asked_and_told() {
        let data = json::document(br#"{"reference": "r", "invoices": ["a", 1, "b"]}"#).unwrap();
        let ours = Ours { id: "i".to_owned(), updated_at_ms: Some(7), gone: true, data };
        for (name, text, expect) in [
            ("reference", Some("r"), true),
            ("reference", Some("s"), false),
            ("reference", None, true),
            ("number", Some("r"), false),
            ("invoices", Some("a"), false),
        ] {
            assert_eq!(ours.is(name, text), expect, "{name} {text:?}");
        }
        for (list, text, expect) in [("invoices", "b", true), ("invoices", "c", false), ("reference", "r", false)] {
            assert_eq!(ours.names(list, text), expect, "{list} {text}");
        }
        let record = RecordData::from(ours);
        assert_eq!((record.id.as_str(), record.updated_at_ms, record.deleted), ("i", Some(7), true));
        assert_eq!(record.data, r#"{"invoices":["a",1,"b"],"reference":"r"}"#);
    }
}
