//! Tenants: made and listed by operators.

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::Tenant;
use gatehouse_store::records::TenantKey;
use gatehouse_store::{Page, Paged};

use crate::{Caller, Engine, name};

/// The generation that a tenant's first key has.
pub(crate) const FIRST_TENANT_KEY: u32 = 1;

impl Engine {
    /// Makes a tenant together with the key that seals its credentials.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for an empty name.
    pub async fn create_tenant(&self, by: &Caller, name: &str) -> Result<Tenant> {
        name::check("tenant", name)?;
        let name = name.trim();
        let tenant = Tenant { id: self.new_id()?, name: name.to_owned(), created_at: self.now() };
        let wrapped = self.0.vault.new_tenant_key(tenant.id, FIRST_TENANT_KEY)?;
        let mut work = self.work(by);
        work.admin().create(&tenant)?;
        work.tenant(tenant.id).create(&TenantKey { version: FIRST_TENANT_KEY, wrapped })?;
        work.audit("tenant.created", tenant.id, None, Some(&tenant))?;
        work.commit().await?;
        Ok(tenant)
    }

    /// Every tenant, in the order they were made.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn tenants(&self, page: &Page) -> Result<Paged<Tenant>> {
        self.0.store.admin().list::<Tenant>(page).await
    }

    /// One tenant.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn get_tenant(&self, by: &Caller, id: TenantId) -> Result<Tenant> {
        self.tenant(by, id).await
    }
}
