//! The errors of SES in our words: a code in the header `x-amzn-errortype` or in the body, and a message.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::{Error, ErrorKind};

/// What a code says more than its status, which is 400 or 403 for most. SES's own, then those that all of AWS shares.
const KINDS: &[(&str, ErrorKind)] = &[
    ("MessageRejected", ErrorKind::Declined),
    ("MailFromDomainNotVerifiedException", ErrorKind::Declined),
    ("AccountSuspendedException", ErrorKind::Forbidden),
    ("SendingPausedException", ErrorKind::Forbidden),
    ("LimitExceededException", ErrorKind::Declined),
    ("NotFoundException", ErrorKind::NotFound),
    ("TooManyRequestsException", ErrorKind::RateLimited),
    ("Throttling", ErrorKind::RateLimited),
    ("ThrottlingException", ErrorKind::RateLimited),
    ("AccessDeniedException", ErrorKind::Forbidden),
    ("ExpiredToken", ErrorKind::Unauthorized),
    ("ExpiredTokenException", ErrorKind::Unauthorized),
    ("IncompleteSignature", ErrorKind::Unauthorized),
    ("IncompleteSignatureException", ErrorKind::Unauthorized),
    ("InvalidClientTokenId", ErrorKind::Unauthorized),
    ("InvalidSignatureException", ErrorKind::Unauthorized),
    ("MissingAuthenticationToken", ErrorKind::Unauthorized),
    ("MissingAuthenticationTokenException", ErrorKind::Unauthorized),
    ("SignatureDoesNotMatch", ErrorKind::Unauthorized),
    ("UnrecognizedClientException", ErrorKind::Unauthorized),
];

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        let text = body.text_some("message").or_else(|| body.text_some("Message"));
        (text, body.text_some("__type").or_else(|| body.text_some("code")))
    });
    let (text, in_body) = said.unwrap_or_default();
    let in_header = response.header("x-amzn-errortype").map(str::to_owned);
    let code = in_header.or(in_body);
    let code = code.as_deref().map(bare);
    let text = text.filter(|text| !text.is_empty());
    let text = text.unwrap_or_else(|| format!("ses answered with status {}", response.status()));
    let error = response.error(text);
    // What a 5xx did to a write nobody knows, whatever its code is.
    if response.status() >= 500 { error.with_code(code) } else { error.coded(code, KINDS) }
}

/// The code without the namespace before it and the address after it.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}
