//! Roles: names for sets of permissions. Eight are built in; a tenant can make its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem, Result};
use crate::permission::{Permission, Reach};
use crate::time::Timestamp;

/// A role, built in or made by a tenant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// Its name, by which keys hold it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Whether it comes with the product and can not be changed.
    pub built_in: bool,
    /// When it was made; absent where it is built in.
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// When it was changed last; absent where it is built in.
    #[schemars(with = "Option<String>")]
    pub updated_at: Option<Timestamp>,
}

/// The roles that come with the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// All that a tenant may do.
    TenantOwner,
    /// All of it but deciding what roles may do.
    TenantAdmin,
    /// Integrations, their calls and their events.
    Developer,
    /// Reads what a developer reads, with payloads redacted.
    Support,
    /// Reads everything of a tenant, with payloads redacted.
    Auditor,
    /// Runs the deployment and can not enter a tenant.
    PlatformAdmin,
    /// Judges and uploads plugins.
    PluginReviewer,
    /// Everything, tenants by name included.
    Operator,
}

impl BuiltIn {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::TenantOwner,
        Self::TenantAdmin,
        Self::Developer,
        Self::Support,
        Self::Auditor,
        Self::PlatformAdmin,
        Self::PluginReviewer,
        Self::Operator,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TenantOwner => "tenant-owner",
            Self::TenantAdmin => "tenant-admin",
            Self::Developer => "developer",
            Self::Support => "support",
            Self::Auditor => "auditor",
            Self::PlatformAdmin => "platform-admin",
            Self::PluginReviewer => "plugin-reviewer",
            Self::Operator => "operator",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether only an operator's key holds it; the others are for a tenant's keys.
    pub fn is_for_operators(self) -> bool {
        matches!(self, Self::PlatformAdmin | Self::PluginReviewer | Self::Operator)
    }

    /// What it may do. A permission that is added later falls to the roles by these same rules.
    pub fn permissions(self) -> Vec<Permission> {
        let reads = |name: &str| name.ends_with(":read") && name != "payloads:read";
        match self {
            Self::TenantOwner => Permission::of_a_tenant(),
            Self::TenantAdmin => Permission::each(|one| one.reach <= Reach::Tenant && one.name != "roles:write"),
            Self::Developer => Permission::each(|one| one.reach <= Reach::Integration),
            Self::Support => Permission::each(|one| one.reach <= Reach::Integration && reads(one.name)),
            Self::Auditor => Permission::each(|one| one.reach <= Reach::Tenant && reads(one.name)),
            Self::PlatformAdmin => Permission::each(|one| match one.reach {
                Reach::Operator => one.name != "tenants:act",
                Reach::Catalogue => true,
                Reach::Tenant => matches!(one.name, "audit:read" | "keys:read" | "keys:write" | "roles:read"),
                Reach::Capability | Reach::Integration => false,
            }),
            Self::PluginReviewer => {
                let holds = |name: &str| matches!(name, "plugins:approve" | "plugins:write");
                Permission::each(|one| one.reach == Reach::Catalogue || holds(one.name))
            }
            Self::Operator => vec![Permission::everything()],
        }
    }

    /// The role as it is shown.
    pub fn role(self) -> Role {
        Role {
            name: self.name().to_owned(),
            description: self.says().to_owned(),
            permissions: self.permissions(),
            built_in: true,
            created_at: None,
            updated_at: None,
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::TenantOwner => "Everything within the tenant.",
            Self::TenantAdmin => "Everything within the tenant but deciding what roles may do.",
            Self::Developer => "Integrations, their calls and their events.",
            Self::Support => "Reads integrations, calls and events; parameters, results and contents are redacted.",
            Self::Auditor => "Reads everything of the tenant; parameters, results and contents are redacted.",
            Self::PlatformAdmin => "Runs the deployment: tenants, plugins, operators' keys. No tenant's data.",
            Self::PluginReviewer => "Reads, judges and uploads plugins.",
            Self::Operator => "Everything; acts for a tenant where it names it, which is audited.",
        }
    }
}

/// Checks the name of a role that a tenant makes.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] at `$.name`.
pub fn check_name(name: &str) -> Result<()> {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (2..=64).contains(&name.len())
        && name.bytes().all(letters)
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    let message = match (fits, BuiltIn::named(name)) {
        (true, None) => return Ok(()),
        (_, Some(_)) => format!("`{name}` is the name of a built-in role; choose another"),
        (false, None) => "must have 2 to 64 lower-case letters, digits and dashes, a letter first".to_owned(),
    };
    Err(Error::problems("the role's name does not fit", vec![Problem::at("$.name", message)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(role: BuiltIn) -> Vec<String> {
        role.permissions().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_operators_reach_past_a_tenant() {
        for role in BuiltIn::ALL {
            let within = role.permissions().iter().all(|held| held.stays_within(Reach::Tenant));
            assert_eq!(within, !role.is_for_operators(), "{}", role.name());
            assert_eq!(BuiltIn::named(role.name()), Some(role));
        }
    }

    #[test]
    fn roles_hold_what_they_are_for_and_nothing_else() {
        let check = |role: BuiltIn, holds: &[&str], lacks: &[&str]| {
            let held = role.permissions();
            let may = |name: &str| held.iter().any(|permission| permission.allows(name));
            holds.iter().for_each(|name| assert!(may(name), "{} lacks {name}", role.name()));
            lacks.iter().for_each(|name| assert!(!may(name), "{} holds {name}", role.name()));
        };
        let reads = ["integrations:read", "executions:read", "events:read", "plugins:read", "providers:read"];
        let writes = ["integrations:create", "integrations:execute", "keys:write", "roles:write", "plugins:enable"];
        check(BuiltIn::TenantOwner, &[&reads[..], &writes[..], &["payloads:read"]].concat(), &["tenants:read"]);
        check(BuiltIn::TenantAdmin, &["keys:write", "roles:read", "payloads:read"], &["roles:write", "tenants:act"]);
        check(BuiltIn::Developer, &["integrations:execute", "payloads:read"], &["keys:read", "plugins:enable"]);
        check(BuiltIn::Support, &reads, &[&writes[..], &["payloads:read", "keys:read"]].concat());
        check(BuiltIn::Auditor, &[&reads[..], &["keys:read", "roles:read"]].concat(), &writes);
        check(BuiltIn::Auditor, &[], &["payloads:read"]);
        check(BuiltIn::PlatformAdmin, &["tenants:write", "keys:write", "plugins:write"], &reads[..3]);
        check(BuiltIn::PlatformAdmin, &[], &["tenants:act", "payloads:read", "integrations:execute"]);
        check(
            BuiltIn::PluginReviewer,
            &["plugins:approve", "plugins:write", "plugins:read"],
            &["tenants:read", "keys:read"],
        );
        check(BuiltIn::Operator, &["tenants:act", "integrations:execute"], &[]);
        assert!(names(BuiltIn::Support).iter().all(|name| name.ends_with(":read")));
        assert!(names(BuiltIn::Auditor).iter().all(|name| name.ends_with(":read")));
    }

    #[test]
    fn names_of_roles_are_plain_and_not_taken() {
        for good in ["billing", "first-line-2", "ab"] {
            check_name(good).unwrap();
        }
        for bad in ["", "a", "Billing", "2nd", "-x", "a b", "a/b", "operator", "tenant-owner", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
