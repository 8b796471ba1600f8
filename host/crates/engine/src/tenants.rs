//! Tenants: made, changed, suspended and deleted by operators. What happens to a tenant stands
//! in its own audit trail and in the operators'.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::{Tenant, TenantStatus};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::records::TenantKey;
use gatehouse_store::{Page, Paged, Stored};
use serde_json::{Map, Value};

use crate::tag::IfMatch;
use crate::{Caller, Engine, name};

mod erase;

pub(crate) use erase::erase_deleted;

/// The generation that a tenant's first key has.
const FIRST_TENANT_KEY: u32 = 1;

/// The most bytes of a tenant's metadata, as JSON.
const MOST_METADATA: usize = 16 << 10;

/// A tenant to make.
#[derive(Debug, Clone, Default)]
pub struct NewTenant {
    /// A name for people.
    pub name: String,
    /// Whatever the host app wants kept with it.
    pub metadata: Map<String, Value>,
}

/// What to change of a tenant; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// A new name.
    pub name: Option<String>,
    /// New metadata, all of it.
    pub metadata: Option<Map<String, Value>>,
}

impl Engine {
    /// Makes a tenant together with the key that seals its credentials.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for an empty name.
    pub async fn create_tenant(&self, by: &Caller, new: NewTenant) -> Result<Tenant> {
        name::check("tenant", &new.name)?;
        check_metadata(&new.metadata)?;
        let tenant = Tenant::new(self.new_id()?, new.name.trim().to_owned(), new.metadata, self.now());
        let mut work = self.work(&by.about(tenant.id));
        work.admin().create(&tenant)?;
        self.add_tenant_key(&mut work, tenant.id, FIRST_TENANT_KEY).await?;
        work.audit("tenant.created", tenant.id, None, Some(&tenant))?;
        work.commit().await?;
        Ok(tenant)
    }

    /// Every tenant, deleted ones among them, in the order they were made.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn tenants(&self, page: &Page) -> Result<Paged<Tenant>> {
        self.0.store.admin().list::<Tenant>(page).await
    }

    /// One tenant, also a deleted one.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`].
    pub async fn get_tenant(&self, id: TenantId) -> Result<Tenant> {
        let stored = self.0.store.admin().get::<Tenant>(&id).await?;
        stored.map(|tenant| tenant.record).ok_or_else(|| Error::not_found("tenant", id))
    }

    /// Changes a tenant's name and metadata.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`]; [`gatehouse_domain::ErrorKind::NotFound`], also
    /// for a deleted one; [`gatehouse_domain::ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn update_tenant(
        &self,
        by: &Caller,
        id: TenantId,
        ask: TenantChange,
        expected: &IfMatch,
    ) -> Result<Tenant> {
        let stored = self.present_tenant(id).await?;
        expected.check(&stored.record)?;
        let mut tenant = stored.record.clone();
        if let Some(name) = &ask.name {
            name::check("tenant", name)?;
            name.trim().clone_into(&mut tenant.name);
        }
        if let Some(metadata) = ask.metadata {
            check_metadata(&metadata)?;
            tenant.metadata = metadata;
        }
        self.replace_tenant(by, "tenant.updated", &stored, tenant).await
    }

    /// Refuses a tenant's own keys until it is resumed.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for a deleted one.
    pub async fn suspend_tenant(&self, by: &Caller, id: TenantId) -> Result<Tenant> {
        let stored = self.present_tenant(id).await?;
        if stored.status == TenantStatus::Suspended {
            return Ok(stored.record);
        }
        let status = TenantStatus::Suspended;
        let tenant = Tenant { status, suspended_at: Some(self.now()), ..stored.record.clone() };
        self.replace_tenant(by, "tenant.suspended", &stored, tenant).await
    }

    /// Lets a tenant's keys work again.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for a deleted one.
    pub async fn resume_tenant(&self, by: &Caller, id: TenantId) -> Result<Tenant> {
        let stored = self.present_tenant(id).await?;
        if stored.status == TenantStatus::Active {
            return Ok(stored.record);
        }
        let tenant = Tenant { status: TenantStatus::Active, suspended_at: None, ..stored.record.clone() };
        self.replace_tenant(by, "tenant.resumed", &stored, tenant).await
    }

    /// Deletes a tenant: the key that seals its credentials is destroyed and its API keys stop
    /// working in one commit. The rest of its records is erased in the background.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for a deleted one;
    /// [`gatehouse_domain::ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn delete_tenant(&self, by: &Caller, id: TenantId, expected: &IfMatch) -> Result<Tenant> {
        let stored = self.present_tenant(id).await?;
        expected.check(&stored.record)?;
        let now = Some(self.now());
        let tenant = Tenant {
            status: TenantStatus::Deleted,
            metadata: Map::new(),
            updated_at: now,
            deleted_at: now,
            ..stored.record.clone()
        };
        let keys = self.0.store.tenant(id).list::<TenantKey>(&Page::first(1_000)).await?.items;
        let mut work = self.work(&by.about(id));
        work.admin().replace(&stored, &tenant)?;
        for key in &keys {
            work.tenant(id).delete::<TenantKey>(&key.version)?;
        }
        work.audit("tenant.deleted", id, Some(&stored.record), Some(&tenant))?;
        work.commit().await?;
        self.0.vault.forget_tenant(id);
        self.0.to_erase.notify_one();
        Ok(tenant)
    }

    /// Writes into both trails that an operator acted for a tenant, before it does: `what` is the
    /// request's method and its path below `/api/v1`.
    ///
    /// # Errors
    /// Whatever the store says. Where it can not be written, nothing may be done.
    pub async fn note_acting(&self, by: &Caller, what: &str) -> Result<()> {
        let mut work = self.work(by);
        work.audit("tenant.acted_for", what, None::<&()>, None)?;
        work.commit().await.map(|_| ())
    }

    /// A tenant that is not deleted.
    pub(crate) async fn present_tenant(&self, id: TenantId) -> Result<Stored<Tenant>> {
        let stored = self.0.store.admin().get::<Tenant>(&id).await?;
        stored.filter(|tenant| tenant.status != TenantStatus::Deleted).ok_or_else(|| Error::not_found("tenant", id))
    }

    async fn replace_tenant(
        &self,
        by: &Caller,
        action: &'static str,
        stored: &Stored<Tenant>,
        tenant: Tenant,
    ) -> Result<Tenant> {
        let tenant = Tenant { updated_at: Some(self.now()), ..tenant };
        let mut work = self.work(&by.about(tenant.id));
        work.admin().replace(stored, &tenant)?;
        work.audit(action, tenant.id, Some(&stored.record), Some(&tenant))?;
        work.commit().await?;
        Ok(tenant)
    }
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<()> {
    let bytes = serde_json::to_vec(metadata).map_or(usize::MAX, |json| json.len());
    if bytes <= MOST_METADATA {
        return Ok(());
    }
    let problem = Problem::at("$.metadata", format!("has {bytes} bytes; the limit is {MOST_METADATA}"));
    Err(Error::problems("the tenant's metadata does not fit", vec![problem]))
}
