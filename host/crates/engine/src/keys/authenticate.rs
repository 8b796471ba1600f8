//! Who shows a token: the key behind it, whether it works here and now, and what it may do.

use std::net::IpAddr;

use gatehouse_domain::id::{RequestId, TenantId};
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::permission::Permission;
use gatehouse_domain::role::{BuiltIn, Role};
use gatehouse_domain::tenant::{Tenant, TenantStatus};
use gatehouse_domain::token::Token;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::records::{KeyDigest, QueuedCall};

use crate::{Caller, Engine};

/// The permission of an operator that acts for a tenant.
pub(super) const ACT: &str = "tenants:act";

/// What came with a request.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The token.
    pub token: &'a str,
    /// The request.
    pub request: RequestId,
    /// Where the request came from, as far as it can be told.
    pub address: Option<IpAddr>,
    /// The tenant that an operator's key wants to act for, as the request names it.
    pub acting_for: Option<&'a str>,
}

impl Engine {
    /// The caller behind a token.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`], the same for every reason; [`ErrorKind::Forbidden`] where
    /// the tenant is suspended, or where the key may not act for the tenant that it names.
    pub async fn authenticate(&self, shown: Shown<'_>) -> Result<Caller> {
        let key = self.key_behind(&shown).await?;
        if let Some(tenant) = key.tenant {
            self.check_standing(tenant).await?;
        }
        let permissions = self.permissions_of(&key).await?;
        let mut caller =
            Caller { key, request: shown.request, address: shown.address, permissions, acting_for: None, turn: None };
        if let Some(name) = shown.acting_for {
            caller.acting_for = self.tenant_named(&caller, name).await?;
        }
        self.0.key_uses.note(&caller.key, self.now());
        Ok(caller)
    }

    /// The caller of a call that was accepted before and is made now. A key that was revoked or has
    /// expired meanwhile, or may no longer call, stops what it asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] and [`ErrorKind::Unauthenticated`].
    pub(crate) async fn caller_again(&self, tenant: TenantId, call: &QueuedCall) -> Result<Caller> {
        let key = match call.acting_for {
            None => self.0.store.tenant(tenant).get::<ApiKey>(&call.actor).await?,
            Some(_) => self.0.store.admin().get::<ApiKey>(&call.actor).await?,
        };
        let key = key.map(|stored| stored.record).filter(|key| key.is_active(self.now())).ok_or_else(|| {
            let message = format!("the key `{}` that asked for it no longer works", call.actor);
            Error::new(ErrorKind::Forbidden, message)
        })?;
        if call.acting_for.is_none() {
            self.check_standing(tenant).await?;
        }
        let permissions = self.permissions_of(&key).await?;
        let (request, acting_for) = (call.request, call.acting_for);
        let caller = Caller { key, request, address: None, permissions, acting_for, turn: None };
        caller.must("integrations:execute")?;
        Ok(caller)
    }

    /// What a key may do: its own permissions, and those of its role as the role is now. A role
    /// that is gone gives none.
    pub(crate) async fn permissions_of(&self, key: &ApiKey) -> Result<Vec<Permission>> {
        let mut permissions = key.permissions.clone();
        if let Some(name) = &key.role {
            permissions.extend(self.role_permissions(key.tenant, name).await?.unwrap_or_default());
        }
        Ok(permissions)
    }

    /// What a role may do; none where there is no such role for keys of this kind.
    pub(crate) async fn role_permissions(&self, of: Option<TenantId>, name: &str) -> Result<Option<Vec<Permission>>> {
        if let Some(role) = BuiltIn::named(name) {
            return Ok((role.is_for_operators() == of.is_none()).then(|| role.permissions()));
        }
        let Some(tenant) = of else { return Ok(None) };
        let stored = self.0.store.tenant(tenant).get::<Role>(&name.to_owned()).await?;
        Ok(stored.map(|role| role.record.permissions))
    }

    /// The key behind a token, where it works here and now. An unknown key costs the same work
    /// as a wrong secret: one read and one comparison.
    async fn key_behind(&self, shown: &Shown<'_>) -> Result<ApiKey> {
        let token = Token::parse(shown.token).ok_or_else(unauthenticated)?;
        let known = self.0.store.admin().get::<KeyDigest>(&token.id).await?;
        let digest = known.as_ref().map(|known| &known.digest);
        let fits = self.0.vault.verify_api_key(token.id, token.secret(), digest);
        let known = known.filter(|_| fits).ok_or_else(unauthenticated)?;
        let key = match known.tenant {
            Some(tenant) => self.0.store.tenant(tenant).get::<ApiKey>(&token.id).await?,
            None => self.0.store.admin().get::<ApiKey>(&token.id).await?,
        };
        let works = |key: &ApiKey| {
            key.is_active(self.now()) && key.environment == token.environment && key.may_come_from(shown.address)
        };
        key.map(|stored| stored.record).filter(works).ok_or_else(unauthenticated)
    }

    async fn check_standing(&self, tenant: TenantId) -> Result<()> {
        let stored = self.0.store.admin().get::<Tenant>(&tenant).await?;
        match stored.map(|tenant| tenant.status) {
            Some(TenantStatus::Active) => Ok(()),
            Some(TenantStatus::Suspended) => {
                Err(Error::new(ErrorKind::Forbidden, "the tenant is suspended; an operator can resume it"))
            }
            Some(TenantStatus::Deleted) | None => Err(unauthenticated()),
        }
    }

    /// The tenant that a request names. A tenant's own key may name its own, which changes nothing.
    async fn tenant_named(&self, by: &Caller, name: &str) -> Result<Option<TenantId>> {
        if let Some(own) = by.key.tenant {
            if own.to_string() == name {
                return Ok(None);
            }
            let message = "this is a tenant's key and acts for no other; leave the header `Gatehouse-Tenant` out";
            return Err(Error::new(ErrorKind::Forbidden, message));
        }
        by.must(ACT)?;
        let tenant = name.parse::<TenantId>().map_err(|error| {
            let problem = Problem::at("Gatehouse-Tenant", error.message);
            Error::problems("the header `Gatehouse-Tenant` does not fit", vec![problem])
        })?;
        self.present_tenant(tenant).await.map(|tenant| Some(tenant.id))
    }
}

fn unauthenticated() -> Error {
    let message = "the key is missing, mistyped, expired, revoked or used from an address that it does not allow; \
                   send `Authorization: Bearer gh_…`";
    Error::new(ErrorKind::Unauthenticated, message)
}
