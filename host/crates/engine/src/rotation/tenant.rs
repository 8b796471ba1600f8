//! A tenant's key's exchange: every credential and every signing secret is sealed again with a new one, then the old one is
//! destroyed.

use gatehouse_broker::{CredentialContext, TenantKeyRef};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{ClosedKey, Rotation, RotationOf, SealedCredential, TenantKey};
use gatehouse_store::{Page, Stored};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch::Receiver;

use super::Progress;
use super::run::Standing;
use crate::work::Work;
use crate::{Caller, Engine};

/// How many credentials one commit seals again.
const BATCH: usize = if cfg!(test) { 2 } else { 50 };
/// The most generations of a tenant's key that there are at a time; two is usual.
const MOST_KEYS: usize = 1_000;

/// The keys that seal a tenant's credentials, by their generations.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TenantKeyState {
    /// Whose keys.
    pub tenant: TenantId,
    /// The generation that seals what is new.
    pub version: u32,
    /// All generations that there are. An older one opens what is not sealed again yet.
    pub versions: Vec<u32>,
    /// How far the exchange has come; absent where none is under way.
    pub rotation: Option<Progress>,
}

impl Engine {
    /// How the keys of a tenant stand.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], also for a deleted one.
    pub async fn tenant_key_state(&self, id: TenantId) -> Result<TenantKeyState> {
        self.present_tenant(id).await?;
        let rotation = self.rotation(RotationOf::Tenant(id)).await?;
        let versions = self.tenant_keys(id).await?.iter().map(|key| key.version).collect();
        Ok(state(id, versions, rotation.as_ref().map(|stored| &stored.record)))
    }

    /// Begins to exchange the key that seals a tenant's credentials for a new one. Where that is
    /// under way already, it goes on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], also for a deleted one.
    pub async fn rotate_tenant_key(&self, by: &Caller, id: TenantId) -> Result<TenantKeyState> {
        let stored = self.present_tenant(id).await?;
        if self.rotation(RotationOf::Tenant(id)).await?.is_some() {
            return self.tenant_key_state(id).await;
        }
        let mut versions: Vec<u32> = self.tenant_keys(id).await?.iter().map(|key| key.version).collect();
        let newest = versions.last().copied().unwrap_or_default();
        let version = newest.saturating_add(1);
        let rotation = Rotation::new(RotationOf::Tenant(id), version.to_string(), self.now());
        let mut work = self.work(&by.about(id));
        // Written too, so that whoever deletes the tenant at this moment learns of the new key.
        work.admin().replace(&stored, &Tenant { updated_at: Some(self.now()), ..stored.record.clone() })?;
        self.add_tenant_key(&mut work, id, version).await?;
        work.admin().create(&rotation)?;
        work.audit("tenant.key_rotation_started", id, Some(&newest), Some(&version))?;
        work.commit().await?;
        versions.push(version);
        Ok(state(id, versions, Some(&rotation)))
    }

    /// Adds a new key of a tenant to a work, sealed under the root key in use. The work conflicts
    /// where another root key takes its place before it is committed.
    pub(crate) async fn add_tenant_key(&self, work: &mut Work, tenant: TenantId, version: u32) -> Result<()> {
        let (deployment, own) = self.own_keys().await?;
        let wrapped = self.0.vault.new_tenant_key_under(&own.root, tenant, version)?;
        work.admin().unchanged(&deployment)?;
        work.tenant(tenant).create(&TenantKey { version, wrapped })
    }

    /// All keys of a tenant, the newest last.
    pub(crate) async fn tenant_keys(&self, tenant: TenantId) -> Result<Vec<Stored<TenantKey>>> {
        Ok(self.0.store.tenant(tenant).list_stored::<TenantKey>(&[], &Page::first(MOST_KEYS)).await?.items)
    }

    /// The same credential with all of it sealed by `to`; none where it is so already.
    pub(crate) async fn resealed(
        &self,
        tenant: TenantId,
        sealed: &SealedCredential,
        to: &TenantKeyRef,
    ) -> Result<Option<SealedCredential>> {
        if sealed.key_versions() == [to.version] {
            return Ok(None);
        }
        let keys = self.tenant_keys(tenant).await?;
        let mut next = sealed.clone();
        let integration = next.integration;
        for part in next.parts().into_iter().filter(|part| *part.key_version != to.version) {
            let from = keys.iter().find(|key| key.version == *part.key_version).ok_or_else(|| {
                let message = format!(
                    "the key {} of the tenant `{tenant}` was exchanged and destroyed meanwhile; retry",
                    part.key_version
                );
                Error::conflict(message).with("integration", integration)
            })?;
            let from = TenantKeyRef { tenant, version: from.version, wrapped: from.wrapped.clone() };
            let context = CredentialContext { tenant, integration, version: part.version };
            *part.fields = self.0.vault.reseal(&from, to, &context, part.fields)?;
            *part.key_version = to.version;
        }
        Ok(Some(next))
    }

    /// Seals a tenant's credentials again until nothing is left under an older key, or `stop` says
    /// so; then destroys the older ones.
    pub(super) async fn reseal_all(&self, tenant: TenantId, stop: &Receiver<bool>) -> Result<Standing> {
        if let Err(error) = self.present_tenant(tenant).await {
            return if error.kind == ErrorKind::NotFound { self.drop_rotation(tenant).await } else { Err(error) };
        }
        while !*stop.borrow() {
            let Some(rotation) = self.rotation(RotationOf::Tenant(tenant)).await? else { return Ok(Standing::Idle) };
            match self.reseal_some(tenant, &rotation).await {
                Ok(true) => {}
                Ok(false) => match self.reseal_signings(tenant).await {
                    Ok(()) => return self.end_tenant_rotation(tenant).await,
                    Err(error) if error.kind == ErrorKind::Conflict => {}
                    Err(error) => return Err(error),
                },
                // A credential was changed meanwhile: that one wins, and is looked at again.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Standing::Idle)
    }

    /// Seals some credentials again, in one commit with how far that is. Answers whether there are
    /// more.
    async fn reseal_some(&self, tenant: TenantId, rotation: &Stored<Rotation>) -> Result<bool> {
        let to = self.newest_key(tenant).await?;
        let page = Page { after: rotation.place(), ..Page::first(BATCH) };
        let found = self.0.store.tenant(tenant).list_stored::<SealedCredential>(&[], &page).await?;
        let mut change = self.0.store.change();
        let mut next = rotation.record.clone();
        if next.after.is_none() {
            (next.done, next.problem, next.total) = (0, None, Some(self.count_credentials(tenant).await?));
        }
        for stored in &found.items {
            match self.resealed(tenant, stored, &to).await {
                Ok(Some(sealed)) => change.tenant(tenant).replace(stored, &sealed)?,
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, tenant.id = %tenant, integration.id = %stored.integration, "a credential can not be sealed again");
                    next.problem = Some(format!("the credential of `{}`: {}", stored.integration, error.message));
                }
            }
        }
        next.updated_at = self.now();
        next.done += found.items.len() as u64;
        match &found.next {
            Some(place) => next.after = Some(place.to_string()),
            None => next.done = next.done.min(next.total.unwrap_or(u64::MAX)),
        }
        next.total = next.total.map(|total| total.max(next.done));
        change.admin().replace(rotation, &next)?;
        change.commit().await?;
        Ok(found.next.is_some())
    }

    /// Closes the older keys to whoever still holds something that they seal, looks whether
    /// anything is left, and destroys them.
    async fn end_tenant_rotation(&self, tenant: TenantId) -> Result<Standing> {
        let Some(rotation) = self.rotation(RotationOf::Tenant(tenant)).await? else { return Ok(Standing::Idle) };
        let keys = self.tenant_keys(tenant).await?;
        let older: Vec<u32> = keys.iter().map(|key| key.version).filter(|one| one.to_string() != rotation.to).collect();
        self.close_keys(tenant, &older).await?;
        if self.reseal_calls(tenant, &older).await? || self.is_used(tenant, &older).await? {
            // It came in before the door was shut, or it does not open.
            self.put_rotation(&rotation, &Rotation { after: None, ..rotation.record.clone() }).await?;
            return Ok(if rotation.problem.is_some() { Standing::Blocked } else { Standing::Again });
        }
        let mut work = self.own_work(Some(tenant));
        for version in &older {
            work.tenant(tenant).delete::<TenantKey>(version)?;
            work.admin().delete::<ClosedKey>(&(tenant, *version))?;
        }
        work.admin().remove(&rotation)?;
        let newest = older.iter().max().copied().unwrap_or_default();
        let to = rotation.to.parse().unwrap_or(newest);
        work.audit("tenant.key_rotation_finished", tenant, Some(&newest), Some(&to))?;
        work.commit_now().await?;
        self.0.vault.forget_tenant(tenant);
        tracing::info!(tenant.id = %tenant, credentials = rotation.done, "a tenant's key was exchanged and the old one destroyed");
        Ok(Standing::Idle)
    }

    async fn close_keys(&self, tenant: TenantId, versions: &[u32]) -> Result<()> {
        let mut change = self.0.store.change();
        for version in versions {
            change.admin().put(&ClosedKey { tenant, version: *version })?;
        }
        if change.is_empty() { Ok(()) } else { change.commit().await.map(|_| ()) }
    }

    /// Whether some credential or signing secret of the tenant is sealed by one of these keys, by a scan of all.
    async fn is_used(&self, tenant: TenantId, versions: &[u32]) -> Result<bool> {
        let mut page = Page::first(BATCH);
        loop {
            let found = self.0.store.tenant(tenant).list::<SealedCredential>(&page).await?;
            if found.items.iter().flat_map(SealedCredential::key_versions).any(|used| versions.contains(&used)) {
                return Ok(true);
            }
            let Some(next) = found.next else { return self.signings_use(tenant, versions).await };
            page.after = Some(next);
        }
    }

    async fn count_credentials(&self, tenant: TenantId) -> Result<u64> {
        let (mut count, mut page) = (0, Page::first(BATCH));
        loop {
            let found = self.0.store.tenant(tenant).list::<SealedCredential>(&page).await?;
            count += found.items.len() as u64;
            let Some(next) = found.next else { return Ok(count) };
            page.after = Some(next);
        }
    }

    /// Forgets the exchange of a tenant that was deleted: its keys are gone.
    async fn drop_rotation(&self, tenant: TenantId) -> Result<Standing> {
        let closed = self.0.store.admin().list_under::<ClosedKey>(&tenant.to_bytes(), &Page::first(MOST_KEYS)).await?;
        let mut change = self.0.store.change();
        change.admin().delete::<Rotation>(&RotationOf::Tenant(tenant))?;
        for closed in &closed.items {
            change.admin().delete::<ClosedKey>(&(tenant, closed.version))?;
        }
        change.commit().await?;
        Ok(Standing::Idle)
    }
}

fn state(tenant: TenantId, versions: Vec<u32>, rotation: Option<&Rotation>) -> TenantKeyState {
    let version = versions.last().copied().unwrap_or_default();
    TenantKeyState { tenant, version, versions, rotation: rotation.map(Progress::of) }
}
