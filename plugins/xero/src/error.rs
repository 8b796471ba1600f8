//! Xero's errors in our words (its page "Response codes and errors"): validation errors in lists, problem documents
//! for tokens, and texts for the rest.

use gatehouse_sdk::Error;
use gatehouse_sdk::http::Response;
use gatehouse_sdk::json::Value;

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        let mut text = body.text_some("Message").or_else(|| body.text_some("Detail"));
        for element in body.items("Elements") {
            if let (Some(text), Some(details)) = (&mut text, details(element)) {
                text.push_str(&details);
            }
        }
        (body.text_some("Type"), text)
    });
    let (kind, text) = said.unwrap_or_default();
    let text = text.unwrap_or_else(|| format!("xero answered with status {}", response.status()));
    // Which of the limits it is: the minute's, the day's, or too many at the same time.
    let limit = response.header("x-rate-limit-problem").map(str::to_owned);
    response.error(text).with_code(kind.or(limit))
}

/// Why a record was not taken, where it says so.
pub(crate) fn refused(record: &Value) -> Option<Error> {
    let details = details(record)?;
    Some(Error::invalid_input(format!("xero did not take it{details}")))
}

/// The messages that stand at a record.
#[inline(never)]
fn details(record: &Value) -> Option<String> {
    let mut text = String::new();
    for error in record.get("ValidationErrors").and_then(Value::as_array).into_iter().flatten() {
        if let Some(message) = error.get("Message").and_then(Value::as_str) {
            text.push_str(" (");
            text.push_str(message);
            text.push(')');
        }
    }
    Some(text).filter(|text| !text.is_empty())
}
