//! Permission strings: `integrations:read`, `plugins:*`, `*`. One table declares them all, with
//! how far each reaches; what a key, a role or a route names is one of these.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How far a permission reaches, from narrow to wide. A restricted key keeps only what reaches
/// no further than its restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// What is the same for every tenant: the catalogue of providers and plugins.
    Catalogue,
    /// One capability of one integration, and the records of its calls.
    Capability,
    /// One integration.
    Integration,
    /// A whole tenant: its keys, its roles, what is enabled for it.
    Tenant,
    /// More than one tenant: only an operator's key holds it.
    Operator,
}

/// A permission that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Declared {
    /// Its name, as a key holds it and a route asks for it.
    pub name: &'static str,
    /// How far it reaches.
    pub reach: Reach,
    /// What it allows, in a sentence.
    pub says: &'static str,
}

const fn declare(name: &'static str, reach: Reach, says: &'static str) -> Declared {
    Declared { name, reach, says }
}

/// Every permission, one a line. A key can hold nothing else, and a route can ask for nothing else.
#[rustfmt::skip]
pub const ALL: &[Declared] = &[
    declare("admin:system:read", Reach::Operator, "Look at the state of the whole deployment."),
    declare("admin:system:write", Reach::Operator, "Change the state of the whole deployment."),
    declare("audit:read", Reach::Tenant, "Read and verify the audit trail."),
    declare("deliveries:write", Reach::Integration, "Release or delete quarantined webhook deliveries, and have deliveries parsed again."),
    declare("events:read", Reach::Integration, "Read events and webhook deliveries."),
    declare("executions:read", Reach::Capability, "Read the records of calls."),
    declare("executions:resolve", Reach::Capability, "Say what became of a write whose answer was lost."),
    declare("integrations:create", Reach::Integration, "Make integrations."),
    declare("integrations:delete", Reach::Integration, "Delete integrations."),
    declare("integrations:execute", Reach::Capability, "Call the capabilities of integrations."),
    declare("integrations:read", Reach::Capability, "Read integrations, without their credentials."),
    declare("integrations:update", Reach::Integration, "Change and test integrations."),
    declare("keys:read", Reach::Tenant, "Read API keys, without their tokens."),
    declare("keys:write", Reach::Tenant, "Make, rotate and revoke API keys."),
    declare("links:read", Reach::Tenant, "Read which integrations are linked to what."),
    declare("links:write", Reach::Tenant, "Link integrations to entities of the host app, and unlink them."),
    declare("mappings:read", Reach::Integration, "Read mappings, their versions and the schemas they are checked against."),
    declare("mappings:write", Reach::Integration, "Save mappings and schemas, and preview mappings on records."),
    declare("payloads:read", Reach::Capability, "See parameters, results and the content of events; without it they are redacted."),
    declare("plugins:approve", Reach::Operator, "Approve and reject submitted plugin versions; what is uploaded with it is approved."),
    declare("plugins:enable", Reach::Tenant, "Enable, configure, upgrade and disable plugins for a tenant."),
    declare("plugins:read", Reach::Catalogue, "Read plugins and what they may do."),
    declare("plugins:write", Reach::Operator, "Upload, list and withdraw plugins; yank, deprecate, release and remove versions; hide reviews."),
    declare("policies:read", Reach::Tenant, "Read routing policies."),
    declare("policies:write", Reach::Tenant, "Make, change and delete routing policies."),
    declare("providers:read", Reach::Catalogue, "Read providers."),
    declare("providers:write", Reach::Operator, "Declare providers and say something of their capabilities."),
    declare("publishers:read", Reach::Operator, "Read publishers and their keys."),
    declare("publishers:write", Reach::Operator, "Enter publishers and their keys, and revoke keys."),
    declare("records:read", Reach::Integration, "Read synchronised records and the feed of their changes."),
    declare("records:write", Reach::Integration, "Change records, to be pushed to their provider."),
    declare("reviews:write", Reach::Tenant, "Rate and review the plugins that the tenant has."),
    declare("roles:read", Reach::Tenant, "Read roles."),
    declare("roles:write", Reach::Tenant, "Make, change and delete roles."),
    declare("subscriptions:read", Reach::Integration, "Read subscriptions and their deliveries, without their secrets."),
    declare("subscriptions:write", Reach::Integration, "Make, change, test and delete subscriptions, and send deliveries again."),
    declare("sync:read", Reach::Integration, "Read the runs, the logs and the settings of syncs."),
    declare("sync:write", Reach::Integration, "Start syncs, decide about held ones and change their settings."),
    declare("tenants:act", Reach::Operator, "Act for a tenant by naming it; every request is audited."),
    declare("tenants:read", Reach::Operator, "Read tenants."),
    declare("tenants:write", Reach::Operator, "Make, change, suspend and delete tenants."),
];

/// The permissions that no route asks for by itself, and who asks instead.
pub const ASKED_WITHIN: &[(&str, &str)] = &[
    ("payloads:read", "answers are redacted without it"),
    ("tenants:act", "the header `Gatehouse-Tenant` asks for it"),
    ("admin:system:read", "parts of the deployment's own state"),
];

/// How far the permission of this name reaches; none where there is no such permission.
pub fn reach_of(name: &str) -> Option<Reach> {
    ALL.iter().find(|declared| declared.name == name).map(|declared| declared.reach)
}

/// The first permission that `wanted` covers and `held` does not.
pub fn missing(held: &[Permission], wanted: &[Permission]) -> Option<&'static str> {
    let wanted = |name: &str| wanted.iter().any(|permission| permission.allows(name));
    let held = |name: &str| held.iter().any(|permission| permission.allows(name));
    ALL.iter().map(|declared| declared.name).find(|name| wanted(name) && !held(name))
}

/// A permission that a key or a role holds: one of [`ALL`], or a prefix and `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

impl Permission {
    /// Everything.
    pub fn everything() -> Self {
        Self("*".to_owned())
    }

    /// Each single permission that `keep` wants.
    pub fn each(keep: impl Fn(&Declared) -> bool) -> Vec<Self> {
        ALL.iter().filter(|declared| keep(declared)).map(|declared| Self(declared.name.to_owned())).collect()
    }

    /// All that a tenant's own key may hold.
    pub fn of_a_tenant() -> Vec<Self> {
        Self::each(|declared| declared.reach <= Reach::Tenant)
    }

    /// Whether holding this satisfies a route that asks for `wanted`.
    pub fn allows(&self, wanted: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => wanted.starts_with(prefix),
            None => self.0 == wanted,
        }
    }

    /// Whether nothing that this covers reaches further than `ceiling`.
    pub fn stays_within(&self, ceiling: Reach) -> bool {
        ALL.iter().all(|declared| declared.reach <= ceiling || !self.allows(declared.name))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Permission {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let permission = Self(text.to_owned());
        let whole_segment = text == "*" || text.ends_with(":*") || !text.contains('*');
        if whole_segment && ALL.iter().any(|declared| permission.allows(declared.name)) {
            return Ok(permission);
        }
        let names: Vec<&str> = ALL.iter().map(|declared| declared.name).collect();
        Err(Error::invalid(format!("`{text}` is not a permission; the permissions are {}", names.join(", "))))
    }
}

impl TryFrom<String> for Permission {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> String {
        permission.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Vec<Permission> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_star_covers_whole_segments_only() {
        let plugins: Permission = "plugins:*".parse().unwrap();
        assert!(plugins.allows("plugins:read") && !plugins.allows("providers:read"));
        for text in ["plug*", "plugins:fly", "", ":*", "*:*", "integrations:*:read", "admin:sys*", "**"] {
            assert!(text.parse::<Permission>().is_err(), "{text}");
        }
        assert!("admin:*".parse::<Permission>().unwrap().allows("admin:system:read"));
    }

    #[test]
    fn a_tenant_holds_nothing_that_reaches_past_it() {
        assert!(Permission::of_a_tenant().iter().all(|held| held.stays_within(Reach::Tenant)));
        for wide in ["*", "plugins:*", "admin:system:read", "tenants:*"] {
            assert!(!wide.parse::<Permission>().unwrap().stays_within(Reach::Tenant), "{wide}");
        }
        assert!(!parse(&["integrations:*"])[0].stays_within(Reach::Capability));
        assert!(parse(&["integrations:*"])[0].stays_within(Reach::Integration));
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |held: &[&str], wanted: &[&str], expect: Option<&str>| {
            assert_eq!(missing(&parse(held), &parse(wanted)), expect, "{held:?} {wanted:?}");
        };
        check(&["*"], &["*"], None);
        check(&["integrations:*"], &["integrations:read", "integrations:execute"], None);
        check(&["integrations:read"], &["integrations:*"], Some("integrations:create"));
        check(&[], &["keys:read"], Some("keys:read"));
        check(&["keys:write"], &[], None);
    }

    #[test]
    fn the_table_has_each_name_once_in_order_and_says_what_it_is() {
        let mut names: Vec<&str> = ALL.iter().map(|declared| declared.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, ALL.iter().map(|declared| declared.name).collect::<Vec<_>>());
        for declared in ALL {
            assert!(declared.says.ends_with('.') && declared.name.contains(':'), "{}", declared.name);
        }
    }
}
