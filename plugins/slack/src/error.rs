//! Slack's errors in our words: the code beside `ok: false`, which mostly comes with status 200.

use gatehouse_sdk::Error;
use gatehouse_sdk::ErrorKind::{
    self, Conflict, Forbidden, InvalidInput, NotFound, Provider, RateLimited, Unauthorized,
};
use gatehouse_sdk::http::{Effect, Response};

/// Codes of the description's methods, and some of Slack's page "Errors" that hold for all of them.
const KINDS: &[(&str, ErrorKind)] = &[
    ("account_inactive", Unauthorized),
    ("invalid_auth", Unauthorized),
    ("not_authed", Unauthorized),
    ("org_login_required", Unauthorized),
    ("token_expired", Unauthorized),
    ("token_revoked", Unauthorized),
    ("cant_delete_message", Forbidden),
    ("cant_update_message", Forbidden),
    ("compliance_exports_prevent_deletion", Forbidden),
    ("missing_scope", Forbidden),
    ("no_permission", Forbidden),
    ("not_in_channel", Forbidden),
    ("channel_not_found", NotFound),
    ("message_not_found", NotFound),
    ("thread_not_found", NotFound),
    ("edit_window_closed", Conflict),
    ("is_archived", Conflict),
    ("is_inactive", Conflict),
    ("rate_limited", RateLimited),
    ("ratelimited", RateLimited),
    ("json_not_object", InvalidInput),
    ("limit_required", InvalidInput),
    ("msg_too_long", InvalidInput),
    ("no_text", InvalidInput),
    ("too_many_attachments", InvalidInput),
];

/// Codes after which nobody can say whether something was done.
const BROKEN: [&str; 5] =
    ["fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"];

/// The error in an answer with `ok: false`.
pub(crate) fn refused(response: &Response, code: &str, needed: Option<&str>) -> Error {
    let mut text = format!("slack says `{code}`");
    if let Some(scope) = needed {
        text.push_str(&format!("; the token needs the scope {scope}"));
    }
    Error::new(kind_of(code, response.effect()), text)
        .coded(Some(code), KINDS)
        .with_retry_after_ms(response.retry_after_ms())
}

fn kind_of(code: &str, effect: Effect) -> ErrorKind {
    match effect {
        Effect::Write if BROKEN.contains(&code) => ErrorKind::UnknownOutcome,
        Effect::Read if BROKEN.contains(&code) => ErrorKind::Unavailable,
        _ if code.starts_with("invalid_") || code.starts_with("missing_") => InvalidInput,
        _ => Provider,
    }
}

/// The error in an answer with a status of its own, such as 429. A body that makes no sense leaves the status to speak.
pub(crate) fn from_status(response: &Response) -> Error {
    let code = response.read(|body| body.text_some("error")).unwrap_or_default();
    let text = match &code {
        Some(code) => format!("slack says `{code}`"),
        None => format!("slack answered with status {}", response.status()),
    };
    response.error(text).with_code(code)
}
