//! A tenant's key's exchange: everything that it seals is sealed again with a new one, then the old
//! one is destroyed.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::{ErrorKind, Result};
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
                Ok(false) => match self.reseal_others(tenant).await {
                    Ok(problem) => return self.end_tenant_rotation(tenant, problem).await,
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

    /// Seals again what is no credential. Answers what could not be.
    async fn reseal_others(&self, tenant: TenantId) -> Result<Option<String>> {
        self.reseal_signings(tenant).await?;
        self.reseal_cassettes(tenant).await?;
        self.reseal_oauth(tenant).await
    }

    /// Seals some credentials again, in one commit with how far that is. Answers whether there are
    /// more.
    async fn reseal_some(&self, tenant: TenantId, rotation: &Stored<Rotation>) -> Result<bool> {
        let ring = self.key_ring(tenant).await?;
        let newest = ring.newest()?.version;
        let page = Page { after: rotation.place(), ..Page::first(BATCH) };
        let found = self.0.store.tenant(tenant).list_stored::<SealedCredential>(&[], &page).await?;
        let mut change = self.0.store.change();
        let mut next = rotation.record.clone();
        if next.after.is_none() {
            (next.done, next.problem, next.total) = (0, None, Some(self.count_credentials(tenant).await?));
        }
        for stored in found.items.iter().filter(|stored| stored.key_versions() != [newest]) {
            let mut sealed = stored.record.clone();
            match ring.reseal_credential(&mut sealed) {
                Ok(()) => change.tenant(tenant).replace(stored, &sealed)?,
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
    async fn end_tenant_rotation(&self, tenant: TenantId, problem: Option<String>) -> Result<Standing> {
        let Some(rotation) = self.rotation(RotationOf::Tenant(tenant)).await? else { return Ok(Standing::Idle) };
        let keys = self.tenant_keys(tenant).await?;
        let older: Vec<u32> = keys.iter().map(|key| key.version).filter(|one| one.to_string() != rotation.to).collect();
        self.close_keys(tenant, &older).await?;
        let calls = self.reseal_calls(tenant, &older).await?;
        if calls || self.is_used(tenant, &older).await? {
            // It came in before the door was shut, or it does not open.
            let problem = rotation.problem.clone().or(problem);
            let problem = problem.or_else(|| calls.then(|| "a queued call does not open".to_owned()));
            let standing = if problem.is_some() { Standing::Blocked } else { Standing::Again };
            self.put_rotation(&rotation, &Rotation { after: None, problem, ..rotation.record.clone() }).await?;
            return Ok(standing);
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

    /// Whether something of the tenant is sealed by one of these keys, by a scan of all.
    async fn is_used(&self, tenant: TenantId, versions: &[u32]) -> Result<bool> {
        let mut page = Page::first(BATCH);
        loop {
            let found = self.0.store.tenant(tenant).list::<SealedCredential>(&page).await?;
            if found.items.iter().flat_map(SealedCredential::key_versions).any(|used| versions.contains(&used)) {
                return Ok(true);
            }
            let Some(next) = found.next else { break };
            page.after = Some(next);
        }
        Ok(self.signings_use(tenant, versions).await?
            || self.oauth_uses(tenant, versions).await?
            || self.cassettes_use(tenant, versions).await?)
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
