//! Permission strings: `integrations:read`, `plugins:*`, `*`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Every permission that a route asks for. A key can hold nothing else.
pub const ALL: &[&str] = &[
    "admin:system:read",
    "admin:system:write",
    "audit:read",
    "events:read",
    "executions:read",
    "integrations:create",
    "integrations:delete",
    "integrations:execute",
    "integrations:read",
    "integrations:update",
    "keys:read",
    "keys:write",
    "plugins:enable",
    "plugins:read",
    "plugins:write",
    "providers:read",
    "providers:write",
    "tenants:read",
    "tenants:write",
];

/// What only an operator's key may hold, as it reaches past one tenant.
const OPERATOR: &[&str] = &["admin:", "tenants:", "plugins:write", "providers:write"];

/// A permission that a key holds: one of [`ALL`], or a prefix and `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

impl Permission {
    /// Everything.
    pub fn everything() -> Self {
        Self("*".to_owned())
    }

    /// All that a tenant's own key may hold.
    pub fn of_a_tenant() -> Vec<Self> {
        let held = ALL.iter().filter(|name| !is_operators(name));
        held.map(|name| Self((*name).to_owned())).collect()
    }

    /// Whether holding this satisfies a route that asks for `wanted`.
    pub fn allows(&self, wanted: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => wanted.starts_with(prefix),
            None => self.0 == wanted,
        }
    }

    /// Whether a key bound to one tenant may hold this.
    pub fn fits_a_tenant(&self) -> bool {
        !ALL.iter().any(|name| self.allows(name) && is_operators(name))
    }
}

fn is_operators(name: &str) -> bool {
    OPERATOR.iter().any(|prefix| name.starts_with(prefix))
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
        if whole_segment && ALL.iter().any(|name| permission.allows(name)) {
            return Ok(permission);
        }
        Err(Error::invalid(format!("`{text}` is not a permission; the permissions are {}", ALL.join(", "))))
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

    #[test]
    fn a_star_covers_whole_segments_only() {
        let plugins: Permission = "plugins:*".parse().unwrap();
        assert!(plugins.allows("plugins:read") && !plugins.allows("providers:read"));
        assert!("plug*".parse::<Permission>().is_err());
        assert!("plugins:fly".parse::<Permission>().is_err());
    }

    #[test]
    fn a_tenant_holds_nothing_that_reaches_past_it() {
        assert!(Permission::of_a_tenant().iter().all(Permission::fits_a_tenant));
        for wide in ["*", "plugins:*", "admin:system:read", "tenants:*"] {
            assert!(!wide.parse::<Permission>().unwrap().fits_a_tenant(), "{wide}");
        }
    }
}
