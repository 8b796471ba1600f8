//! Who asks: the key that came with a request, checked.

use std::sync::Arc;

use gatehouse_domain::audit::Actor;
use gatehouse_domain::id::{RequestId, TenantId};
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::{Error, ErrorKind, Result};

use crate::idempotency::Turn;

/// A key that was shown with a request and found good.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key.
    pub key: ApiKey,
    /// The request it came with.
    pub request: RequestId,
    /// Where the request has an idempotency key: what its change waits for.
    pub turn: Option<Arc<Turn>>,
}

impl Caller {
    /// The tenant that the caller acts for.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for an operator's key, which acts for no tenant.
    pub fn tenant(&self) -> Result<TenantId> {
        let message =
            "this is an operator's key and acts for no tenant; use a key made with POST /api/v1/keys {tenant}";
        self.key.tenant.ok_or_else(|| Error::new(ErrorKind::Forbidden, message))
    }

    /// Who the audit trail names.
    pub fn actor(&self) -> Actor {
        let id = self.key.id;
        if self.key.tenant.is_some() { Actor::Key { id } } else { Actor::Operator { id } }
    }

    /// Checks one permission.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`], naming the permission.
    pub fn must(&self, permission: &str) -> Result<()> {
        if self.key.may(permission) { Ok(()) } else { Err(Error::forbidden(permission)) }
    }
}
