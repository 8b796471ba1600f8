//! Failover: only after a failure that is known to have done nothing.
//!
//! | what came back | next one? | why |
//! |---|---|---|
//! | unknown outcome | no | it may have been done; it is looked up, never sent elsewhere |
//! | a write that was answered with 2xx or 3xx | no | something was done, whatever was said afterwards |
//! | a write that was answered with 5xx, but for 503 | no | the provider may have done it before it failed |
//! | `unavailable`, `rate_limited` | yes | the contract says that nothing was done |
//! | `unauthorized`, `forbidden` | yes | the credential was refused before anything was done |
//! | `unsupported` | yes | this provider can not do it at all; another may |
//! | `declined` | no | the provider understood and said no; asking around would go behind its back |
//! | `invalid_input`, `not_found`, `conflict` | no | the request itself is wrong, wherever it is sent |
//! | `provider` | no | what the provider did is not told |
//! | trap, limit or fault of the host, no write answered | yes | nothing was done, and another gateway may do better |

use gatehouse_domain::execution::{Execution, Outcome, ProviderCall};
use gatehouse_domain::guest::GuestErrorKind as Kind;
use gatehouse_domain::{Error, ErrorKind};

/// Why the next candidate may be tried after an attempt, or why it must not.
pub(crate) fn may_fail_over(execution: &Execution) -> Result<&'static str, &'static str> {
    match execution.outcome {
        Outcome::Failed => {}
        Outcome::Succeeded => return Err("it was done"),
        Outcome::Cancelled => return Err("it was taken back"),
        Outcome::Unknown | Outcome::Running | Outcome::Queued => return Err("whether it was done is not known"),
    }
    for call in execution.calls.iter().filter(|call| call.writes()) {
        check_write(call)?;
    }
    match (&execution.error, &execution.fault) {
        (Some(error), _) => by_answer(error.kind),
        (None, Some(_)) => Ok("the gateway failed before anything was done"),
        (None, None) => Err("why it failed is not known"),
    }
}

/// Whether none of these requests can have changed anything at the provider.
pub(crate) fn did_nothing<'c>(calls: impl Iterator<Item = &'c ProviderCall>) -> bool {
    calls.filter(|call| call.writes()).all(|call| check_write(call).is_ok())
}

/// Whether a refusal before anything left lets the next candidate be tried: our own breaker,
/// bulkhead or budget said no, and may say yes to another integration.
pub(super) fn passes_on(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::RateLimited)
}

fn by_answer(kind: Kind) -> Result<&'static str, &'static str> {
    match kind {
        Kind::Unavailable => Ok("the provider could not answer, and nothing was done"),
        Kind::RateLimited => Ok("the provider took no more requests, and nothing was done"),
        Kind::Unauthorized | Kind::Forbidden => Ok("the provider refused the credential"),
        Kind::Unsupported => Ok("the provider can not do this at all"),
        Kind::Declined => Err("the provider understood and said no"),
        Kind::InvalidInput | Kind::NotFound | Kind::Conflict => Err("the request itself is wrong"),
        Kind::UnknownOutcome => Err("whether it was done is not known"),
        Kind::Provider => Err("what the provider did is not told"),
    }
}

fn check_write(call: &ProviderCall) -> Result<(), &'static str> {
    match call.status {
        _ if call.answer_lost => Err("the answer to a write was lost"),
        Some(status) if status < 400 => Err("a write was answered as done"),
        Some(status) if status >= 500 && status != 503 => Err("the provider failed at a write"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
