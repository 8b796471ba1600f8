//! What a cell has to answer: from the route's declared permission, from what the caller was
//! given, and from whose record is asked for. It knows nothing of how the server decides.

use gatehouse_api::table::{Access, Route};

use super::callers::{Column, Kind, Sees, Standing};

/// Whose record a request is about. Where a path names none, the tenant that the request says it
/// acts for takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Own,
    Foreign,
    Absent,
}

impl Whose {
    pub(super) const ALL: [Self; 3] = [Self::Own, Self::Foreign, Self::Absent];
}

/// What has to be answered: the status, and for a refusal its type and a part of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expect {
    Good(u16),
    Problem(u16, &'static str, String),
}

/// Whose records a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Realm {
    /// The deployment's: the same for every caller that is let in.
    Deployment,
    /// A tenant's: an operator has to name one.
    Tenant,
    /// A tenant's, or the operators' own for an operator that names no tenant.
    Either,
}

/// The parameters of a path.
pub(super) fn parameters(route: &Route) -> Vec<&'static str> {
    route.path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}')).collect()
}

fn realm(route: &Route) -> Realm {
    match route.path.split('/').nth(1).unwrap() {
        "tenants" | "providers" | "publishers" | "metrics" | "admin" => Realm::Deployment,
        "plugins" if route.path.starts_with("/plugins/tenant") => Realm::Tenant,
        "plugins" if route.path.ends_with("/review") => Realm::Tenant,
        "plugins" => Realm::Deployment,
        "keys" | "audit" => Realm::Either,
        "roles" if route.method == "GET" => Realm::Either,
        "oauth-apps" | "roles" | "integrations" | "executions" | "events" | "entities" | "policies" | "execute"
        | "batches" | "subscriptions" => Realm::Tenant,
        other => panic!("say in matrix/expect.rs whose records /{other} is about"),
    }
}

/// What the cell has to answer.
pub(super) fn of(route: &Route, column: &Column, whose: Whose) -> Expect {
    let Access::Needs(permission) = route.access else { return public(route) };
    refused(route, column, whose, permission).unwrap_or_else(|| on_record(route, column, whose))
}

/// Whether foreign records are there for this caller as its own are.
pub(super) fn is_open_to_all(route: &Route, column: &Column) -> bool {
    let catalogue = parameters(route).iter().all(|name| {
        matches!(
            *name,
            "tenant"
                | "plugin"
                | "version"
                | "review"
                | "screenshot"
                | "provider"
                | "capability"
                | "publisher"
                | "publisher_key"
        )
    });
    let names_tenant = parameters(route).is_empty() && column.may("tenants:act");
    names_tenant || (catalogue && !parameters(route).is_empty())
}

fn public(route: &Route) -> Expect {
    match route.path {
        // Nothing verifies, and what does not looks like an endpoint that is not there.
        "/webhooks/{endpoint}" | "/webhooks/{provider}/{tenant}" => problem(404, "not-found", "endpoint"),
        // Nobody began what they name. A person reads the answer, so it is a page.
        "/oauth/start/{link}" => Expect::Good(404),
        "/oauth/cb/{context}" | "/integrations/{provider}/oauth/callback" => Expect::Good(400),
        _ => Expect::Good(route.gives.0.as_u16()),
    }
}

/// The refusals that do not depend on any record, in the order in which they count.
fn refused(route: &Route, column: &Column, whose: Whose, permission: &str) -> Option<Expect> {
    match column.standing {
        Standing::Unknown => return Some(problem(401, "unauthenticated", "key")),
        Standing::Suspended => return Some(problem(403, "forbidden", "suspended")),
        Standing::Good => {}
    }
    let named = named_tenant(route, column, whose);
    match (column.kind, named) {
        (Kind::Tenant, Some(Whose::Foreign | Whose::Absent)) => {
            return Some(problem(403, "forbidden", "acts for no other"));
        }
        (Kind::Operator, Some(_)) if !column.may("tenants:act") => {
            return Some(problem(403, "forbidden", "tenants:act"));
        }
        (Kind::Operator, Some(Whose::Absent)) => return Some(problem(404, "not-found", "tenant")),
        _ => {}
    }
    if !column.may(permission) {
        return Some(problem(403, "forbidden", permission));
    }
    let homeless = column.kind == Kind::Operator && named.is_none() && realm(route) == Realm::Tenant;
    homeless.then(|| problem(403, "forbidden", "acts for no tenant"))
}

/// Which tenant the request names, if it names one.
pub(super) fn named_tenant(route: &Route, column: &Column, whose: Whose) -> Option<Whose> {
    match (parameters(route).is_empty(), whose) {
        (true, Whose::Foreign | Whose::Absent) => Some(whose),
        _ => column.acts.then_some(Whose::Own),
    }
}

/// What is answered once the caller may ask at all.
fn on_record(route: &Route, column: &Column, whose: Whose) -> Expect {
    let names = parameters(route);
    // An entity is the host app's: any may be named, and none is there or is not.
    let Some(name) = names.iter().find(|name| !name.starts_with("entity_")) else { return done(route, column) };
    let is_there = match (*name, whose) {
        (_, Whose::Absent) => false,
        ("tenant" | "plugin" | "provider" | "publisher", _) => true,
        (
            "integration" | "execution" | "event" | "key" | "role" | "policy" | "batch" | "subscription",
            Whose::Foreign,
        ) => false,
        ("integration" | "event" | "subscription", Whose::Own) => column.sees != Sees::Nothing,
        ("policy", Whose::Own) => true,
        ("execution", Whose::Own) => column.sees == Sees::All,
        // Of a restricted key's tenant, and not its own.
        ("batch", Whose::Own) => column.sees == Sees::All,
        // An operator that names no tenant looks among the operators' own.
        ("key" | "role", Whose::Own) => column.kind == Kind::Tenant || column.acts,
        (other, _) => panic!("say in matrix/expect.rs whose {{{other}}} there can be"),
    };
    if is_there { done(route, column) } else { problem(404, "not-found", "there is no") }
}

/// What is answered where the record is there for the caller.
fn done(route: &Route, column: &Column) -> Expect {
    if let Some(expect) = of_sync(route) {
        return expect;
    }
    match (route.method.as_str(), route.path, column.sees) {
        ("POST", "/plugins", _) => problem(422, "invalid", "component"),
        ("POST", "/plugins/{plugin}/versions/{version}/release", _) => problem(409, "conflict", "is not quarantined"),
        ("POST", "/publishers/{publisher}/rotate", _) => problem(422, "invalid", "the signature does not read"),
        // Nobody has begun one.
        (_, "/plugins/tenant/{plugin}/upgrade/promote" | "/plugins/tenant/{plugin}/upgrade/abort", _)
        | ("GET", "/plugins/tenant/{plugin}/upgrade", _) => problem(404, "not-found", "there is no canary"),
        ("POST", "/plugins/tenant/{plugin}/rollback", _) => problem(409, "conflict", "to roll back"),
        // The matrix's plugin shows no more than its icon and its readme.
        ("GET", "/plugins/{plugin}/changelog" | "/plugins/{plugin}/screenshots/{screenshot}", _) => {
            problem(404, "not-found", "of the plugin")
        }
        // The matrix's plugin has a key.
        ("GET", "/integrations/{integration}/oauth/url", _)
        | ("POST", "/integrations/{integration}/connect-links", _) => problem(409, "conflict", "does not sign in"),
        // A subscription would show contents that its maker can not read.
        ("POST", "/subscriptions", _) | ("PUT", "/subscriptions/{subscription}", _) if !column.may("payloads:read") => {
            problem(403, "forbidden", "payloads:read")
        }
        ("POST", "/subscriptions", Sees::Nothing) => problem(422, "invalid", "subscription"),
        ("POST", "/integrations", Sees::Nothing) => problem(403, "forbidden", "this"),
        ("POST", "/execute", Sees::Nothing) => problem(409, "conflict", "nobody can serve"),
        // Nobody has put another root key in place.
        ("POST", "/admin/rotation", _) => problem(409, "conflict", "in use already"),
        // What became of the matrix's own call is known, and its own batch is finished.
        ("POST", "/executions/{execution}/cancel", _) => problem(409, "conflict", "has ended as succeeded"),
        ("POST", "/batches/{batch}/cancel", _) => problem(409, "conflict", "is finished"),
        ("POST", "/executions/{execution}/resolve", _) => problem(409, "conflict", "is not unknown"),
        ("POST", "/integrations/{integration}/deliveries/{inbound}/replay", _) => {
            problem(409, "conflict", "is quarantined")
        }
        ("POST", "/execute" | "/batches" | "/integrations/{integration}/execute", Sees::OtherCapabilities) => {
            problem(403, "forbidden", "restricted to the capabilities")
        }
        // Its recorded call is one of a capability that this key does not know of.
        (_, path, Sees::OtherCapabilities) if path.contains("/cassettes/{cassette}") => {
            problem(404, "not-found", "there is no cassette")
        }
        _ => Expect::Good(route.gives.0.as_u16()),
    }
}

/// The matrix's integration has no records to synchronise; what they are is tested elsewhere.
fn of_sync(route: &Route) -> Option<Expect> {
    let rest = route.path.strip_prefix("/integrations/{integration}")?;
    let there_is_no = |what: &str| Some(problem(404, "not-found", &format!("there is no {what}")));
    match rest {
        "/sync" | "/sync/settings" | "/sync/status" => Some(problem(409, "conflict", "no records to synchronise")),
        _ if rest.starts_with("/sync/runs/{run}") => there_is_no("run"),
        "/records/{entity}/changes/{change}" | "/records/{entity}/changes/{change}/resolve" => there_is_no("change"),
        "/mappings/preview" => there_is_no("entity"),
        _ if rest.contains("{entity}") => there_is_no("entity"),
        _ => None,
    }
}

fn problem(status: u16, kind: &'static str, text: &str) -> Expect {
    Expect::Problem(status, kind, text.to_owned())
}
