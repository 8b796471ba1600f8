//! `QuickBooks`' errors in our words (its page "Error codes"): a fault holds a list of errors, each with a code. What
//! stands before the API, such as the check of the token, writes the same names in small letters.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::json::{Fields, Value};
use gatehouse_sdk::{Error, ErrorKind};

/// Codes that say more than the status, which is 400 for nearly all of them.
const KINDS: [(&str, ErrorKind); 16] = [
    ("120", ErrorKind::Forbidden),
    ("610", ErrorKind::NotFound),
    ("3001", ErrorKind::RateLimited),
    ("003001", ErrorKind::RateLimited),
    ("3100", ErrorKind::Forbidden),
    ("003100", ErrorKind::Forbidden),
    ("3200", ErrorKind::Unauthorized),
    ("003200", ErrorKind::Unauthorized),
    ("5010", ErrorKind::Conflict),
    ("5020", ErrorKind::Forbidden),
    ("6140", ErrorKind::Conflict),
    ("6190", ErrorKind::Forbidden),
    ("6210", ErrorKind::Conflict),
    ("6240", ErrorKind::Conflict),
    ("6480", ErrorKind::Conflict),
    ("6540", ErrorKind::Conflict),
];

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak; only of a 400
/// does the code say what it is.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| body.inner("Fault", fault).or_else(|| body.inner("fault", fault)));
    let (code, text) = said.ok().flatten().unwrap_or_default();
    let text = text.unwrap_or_else(|| format!("quickbooks answered with status {}", response.status()));
    let error = response.error(text);
    if response.status() == 400 { error.coded(code.as_deref(), &KINDS) } else { error.with_code(code) }
}

/// The first code, and all of the texts.
fn fault(fault: &Fields<'_>) -> (Option<String>, Option<String>) {
    let (mut code, mut text) = (None, String::new());
    for error in fault.items("Error").iter().chain(fault.items("error")) {
        let said = |name: &str| error.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        code = code.or_else(|| said("code").map(str::to_owned));
        let detail = said("Detail").or_else(|| said("detail"));
        let message = said("Message").or_else(|| said("message"));
        // The detail often begins with the message.
        let message = message.filter(|message| detail.is_none_or(|detail| !detail.starts_with(message)));
        for part in [message, detail].into_iter().flatten() {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(part);
        }
    }
    (code, Some(text).filter(|text| !text.is_empty()))
}
