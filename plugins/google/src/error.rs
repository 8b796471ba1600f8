//! Google's errors in our words (Gmail's page "Resolve errors", Calendar's "Handle API errors"): a reason says more
//! than the status, as a limit is told by 403 as well as by 429.

use gatehouse_sdk::http::Response;
use gatehouse_sdk::{Error, ErrorKind};

/// What a reason says more than its status.
const KINDS: &[(&str, ErrorKind)] = &[
    ("rateLimitExceeded", ErrorKind::RateLimited),
    ("userRateLimitExceeded", ErrorKind::RateLimited),
    ("dailyLimitExceeded", ErrorKind::RateLimited),
    ("quotaExceeded", ErrorKind::RateLimited),
    ("calendarUsageLimitsExceeded", ErrorKind::RateLimited),
    ("concurrentLimitExceeded", ErrorKind::RateLimited),
    ("RATE_LIMIT_EXCEEDED", ErrorKind::RateLimited),
    ("authError", ErrorKind::Unauthorized),
    ("failedPrecondition", ErrorKind::Forbidden),
    ("duplicate", ErrorKind::Conflict),
    ("conditionNotMet", ErrorKind::Conflict),
];

/// The error in an answer that is not a success. A body that makes no sense leaves the status to speak.
#[inline(never)]
pub(crate) fn from_response(response: &Response) -> Error {
    let said = response.read(|body| {
        let read = |error: &gatehouse_sdk::json::Fields<'_>| {
            let reasons = error.each("errors", |one| one.text_some("reason"));
            let reason = reasons.into_iter().next().flatten();
            (error.text_some("message"), reason.or_else(|| error.text_some("status")))
        };
        body.inner("error", read)
    });
    let (text, reason) = said.ok().flatten().unwrap_or_default();
    let text = text.filter(|text| !text.is_empty());
    let error = response.error(text.unwrap_or_else(|| format!("google answered with status {}", response.status())));
    // What a 5xx did to a write nobody knows, whatever its reason is.
    if response.status() >= 500 { error.with_code(reason) } else { error.coded(reason.as_deref(), KINDS) }
}
