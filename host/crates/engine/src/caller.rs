//! Who asks: the key that came with a request, checked, and how far it reaches.

use std::net::IpAddr;

use std::sync::Arc;

use gatehouse_domain::audit::Actor;
use gatehouse_domain::id::{RequestId, TenantId};
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::permission::{Permission, reach_of};
use gatehouse_domain::{Error, ErrorKind, Result};

use crate::idempotency::Turn;

/// The permission without which what a call carried is not shown.
const PAYLOADS: &str = "payloads:read";

/// A key that was shown with a request and found good.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key.
    pub key: ApiKey,
    /// The request it came with.
    pub request: RequestId,
    /// Where the request has an idempotency key: what its change waits for.
    pub turn: Option<Arc<Turn>>,
    /// Where the request came from, as far as it can be told.
    pub address: Option<IpAddr>,
    /// What the key may do: its own permissions and those that its role has now.
    pub permissions: Vec<Permission>,
    /// The tenant that an operator's key acts for in this request, because the request says so.
    pub acting_for: Option<TenantId>,
}

impl Caller {
    /// The tenant that the caller acts for: its key's own, or the one that an operator names.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for an operator's key that names none.
    pub fn tenant(&self) -> Result<TenantId> {
        let message = "this is an operator's key and acts for no tenant; name one with the header `Gatehouse-Tenant`, \
                       or use a key made with POST /api/v1/keys {tenant}";
        self.tenant_if_any().ok_or_else(|| Error::new(ErrorKind::Forbidden, message))
    }

    /// The tenant that the caller acts for, if it acts for one.
    pub fn tenant_if_any(&self) -> Option<TenantId> {
        self.key.tenant.or(self.acting_for)
    }

    /// Who the audit trail names.
    pub fn actor(&self) -> Actor {
        let id = self.key.id;
        if self.key.tenant.is_some() { Actor::Key { id } } else { Actor::Operator { id } }
    }

    /// The environment that its key is for.
    pub fn environment(&self) -> KeyEnvironment {
        self.key.environment
    }

    /// Whether it may do what `wanted` names. What reaches further than the key's restrictions
    /// allow is no longer held, wherever it came from.
    pub fn may(&self, wanted: &str) -> bool {
        let within = reach_of(wanted).is_some_and(|reach| reach <= self.key.ceiling());
        within && self.permissions.iter().any(|held| held.allows(wanted))
    }

    /// Checks one permission.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`], naming the permission.
    pub fn must(&self, permission: &str) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Error::forbidden(permission)) }
    }

    /// Whether it may see parameters, results and the content of events.
    pub fn sees_payloads(&self) -> bool {
        self.may(PAYLOADS)
    }

    /// Each single permission that it really has, for what it makes: nobody gives more.
    pub(crate) fn held(&self) -> Vec<Permission> {
        Permission::each(|declared| self.may(declared.name))
    }

    /// The same caller, so that what it does to a tenant's own record stands in the tenant's
    /// audit trail as well.
    pub(crate) fn about(&self, tenant: TenantId) -> Self {
        Self { acting_for: Some(tenant), ..self.clone() }
    }
}
