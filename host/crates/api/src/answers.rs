//! Which problems a route can answer with, derived from what the route is. A route that is added
//! later has its answers documented without anyone listing them.

use std::collections::BTreeSet;

use axum::http::Method;

use crate::kinds::ProblemKind as Kind;
use crate::table::{Access, Asks, Repeats, Route, Takes};

/// Every kind of problem that the route can answer with.
pub(crate) fn problems(route: &Route) -> BTreeSet<Kind> {
    // Any request can have a correlation id that does not fit, and any can meet a server in trouble.
    let mut kinds = BTreeSet::from([Kind::Invalid, Kind::Internal, Kind::Unavailable]);
    if route.access != Access::Public {
        // Also of the tenant that an operator says it acts for, and of writing that down.
        kinds.extend([Kind::Unauthenticated, Kind::Forbidden, Kind::NotFound, Kind::StorageFull]);
        kinds.extend([Kind::RateLimited, Kind::Overloaded]);
    }
    if route.signed {
        kinds.extend([Kind::Unauthenticated, Kind::Forbidden, Kind::RateLimited, Kind::StorageFull]);
    }
    if route.path.contains('{') {
        kinds.extend([Kind::NotFound, Kind::Conflict]);
    }
    if route.method != Method::GET {
        kinds.extend([Kind::Conflict, Kind::StorageFull, Kind::TooLarge]);
    }
    if !matches!(route.takes, Takes::Nothing) {
        kinds.extend([Kind::UnsupportedMediaType, Kind::TooLarge]);
    }
    if route.repeats == Repeats::Answer && route.access != Access::Public {
        kinds.extend([Kind::Conflict, Kind::TooLarge]);
    }
    if route.matches {
        kinds.insert(Kind::Stale);
    }
    kinds.extend(of_provider(route.asks).iter().copied());
    kinds
}

fn of_provider(asks: Asks) -> &'static [Kind] {
    match asks {
        Asks::Nothing => &[],
        Asks::OnTheWay => &[Kind::ProviderRefused, Kind::CircuitOpen],
        Asks::Capability => &[
            Kind::ProviderRefused,
            Kind::CircuitOpen,
            Kind::TooLarge,
            Kind::Cancelled,
            Kind::Running,
            Kind::ProviderInvalidInput,
            Kind::ProviderUnauthorized,
            Kind::ProviderForbidden,
            Kind::ProviderNotFound,
            Kind::ProviderConflict,
            Kind::Declined,
            Kind::ProviderRateLimited,
            Kind::ProviderUnavailable,
            Kind::ProviderError,
            Kind::Unsupported,
            Kind::UnknownOutcome,
            Kind::GatewayFault,
        ],
    }
}
