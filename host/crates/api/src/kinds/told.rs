//! What is said of each kind of problem: its name, what it means, and what to do about it.

use super::ProblemKind as Kind;

/// Name, meaning and fix.
pub(super) fn of(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Invalid
        | Kind::UnsupportedMediaType
        | Kind::TooLarge
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::MethodNotAllowed => of_request(kind),
        Kind::Conflict | Kind::Stale | Kind::RateLimited | Kind::Cancelled | Kind::Running => of_state(kind),
        Kind::Unavailable | Kind::CircuitOpen | Kind::Overloaded | Kind::StorageFull | Kind::Internal => {
            of_server(kind)
        }
        _ => of_provider(kind),
    }
}

fn of_request(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::UnsupportedMediaType => (
            "unsupported-media-type",
            "The body's Content-Type is not one that the route takes.",
            "Send the media type that the OpenAPI document names.",
        ),
        Kind::TooLarge => (
            "too-large",
            "The request, or a part of it, is larger than the limit that `detail` names.",
            "Send less at once.",
        ),
        Kind::Unauthenticated => (
            "unauthenticated",
            "There is no key, or it is unknown, expired, revoked or used from an address that it is not good for.",
            "Send a good key as `Authorization: Bearer …`.",
        ),
        Kind::Forbidden => (
            "forbidden",
            "The key is good and lacks a permission, or may not act for this tenant, integration or capability.",
            "Use a key with the permission that `detail` names.",
        ),
        Kind::NotFound => (
            "not-found",
            "There is no such route or record, or it is another tenant's.",
            "Check the path and the id in it.",
        ),
        Kind::MethodNotAllowed => (
            "method-not-allowed",
            "The route is there and does not take the method.",
            "Use a method that the header Allow names.",
        ),
        _ => (
            "invalid",
            "The request can not be right; `errors` says where, by JSON path, `?name` or header.",
            "Put right what `errors` names and send it again.",
        ),
    }
}

fn of_state(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Stale => (
            "stale",
            "The record was changed since the version that If-Match names.",
            "Read it again, make the change on what it is now, and send that with its ETag.",
        ),
        Kind::RateLimited => (
            "rate-limited",
            "Too many requests at once, or too many for a provider.",
            "Wait as long as Retry-After says.",
        ),
        Kind::Cancelled => {
            ("cancelled", "The call was taken back before it had done anything.", "Nothing, or make it again.")
        }
        Kind::Running => {
            ("running", "The call was made before and still runs.", "Ask for its execution until it has ended.")
        }
        _ => (
            "conflict",
            "The record is in a state that does not allow this, or a name is taken.",
            "Do first what `detail` names, or leave it.",
        ),
    }
}

fn of_server(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Unavailable => (
            "unavailable",
            "A part that is needed can not serve now. Nothing was done.",
            "Send it again later, with the same Idempotency-Key.",
        ),
        Kind::CircuitOpen => (
            "circuit-open",
            "The provider failed so often that it is left alone for a while. Nothing was sent.",
            "Wait as long as Retry-After says.",
        ),
        Kind::Overloaded => (
            "overloaded",
            "As many calls run as may, and no place came free in time. Nothing was sent.",
            "Send less at once; wait as long as Retry-After says.",
        ),
        Kind::StorageFull => (
            "storage-full",
            "The disk is full: nothing new is taken, nothing is lost.",
            "An operator makes room; then send it again.",
        ),
        _ => ("internal", "The server failed. Its log has the reason, under x-request-id.", "Tell the operator."),
    }
}

fn of_provider(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::ProviderRefused => (
            "provider-refused",
            "The provider said no to what was asked of it on the way. Nothing was changed.",
            "Put right what `detail` names, a credential most often.",
        ),
        Kind::ProviderInvalidInput => (
            "provider-invalid-input",
            "The provider did not accept the parameters.",
            "Change the parameters as `detail` says.",
        ),
        Kind::ProviderUnauthorized => (
            "provider-unauthorized",
            "The provider does not accept the integration's credential.",
            "Connect the integration anew.",
        ),
        Kind::ProviderForbidden => (
            "provider-forbidden",
            "The provider does not allow this to the connected account.",
            "Give the account the right at the provider, or connect another.",
        ),
        Kind::ProviderNotFound => {
            ("provider-not-found", "The provider has no such thing.", "Check the ids in the parameters.")
        }
        Kind::ProviderConflict => (
            "provider-conflict",
            "What the call is about is in a state, at the provider, that does not allow it.",
            "Look it up at the provider, then decide.",
        ),
        Kind::Declined => (
            "declined",
            "The provider declined a payment. No money moved.",
            "Ask the payer for another means of payment.",
        ),
        Kind::ProviderRateLimited => (
            "provider-rate-limited",
            "The provider asks to be left alone for a while. Nothing was done.",
            "Wait as long as Retry-After says.",
        ),
        Kind::ProviderUnavailable => {
            ("provider-unavailable", "The provider can not serve now. Nothing was done.", "Send it again later.")
        }
        Kind::Unsupported => (
            "unsupported",
            "The gateway can not do this with these parameters.",
            "Leave out what `detail` names, or use another provider.",
        ),
        Kind::UnknownOutcome => (
            "unknown-outcome",
            "The answer to a write was lost: whether the provider did it is not known yet.",
            "Do not send it again: ask for its execution until what became of it is found out.",
        ),
        Kind::GatewayFault => (
            "gateway-fault",
            "The gateway's code failed, or went past a limit of its grant. Nothing was written.",
            "Tell the plugin's publisher what `detail` says.",
        ),
        _ => ("provider-error", "The provider's answer says that something else went wrong.", "Read `error`."),
    }
}
