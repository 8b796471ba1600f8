//! The root key's exchange: every tenant's key is sealed again under the current root key.

use gatehouse_broker::{TenantKeyRef, sealed_under};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{Deployment, OwnKeys, Rotation, RotationOf, TenantKey};
use gatehouse_store::{Change, Page, Stored};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch::Receiver;

use super::Progress;
use super::run::Standing;
use crate::{Caller, Engine};

/// How many tenants one commit seals again.
const BATCH: usize = if cfg!(test) { 2 } else { 100 };
/// How many tenants are read at a time where nothing is written.
const SCAN: usize = 1_000;

/// The root keys of the deployment, by their ids, and how far the exchange of one has come.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RootKeyState {
    /// The key that seals what is new.
    pub in_use: String,
    /// The key in `root_key_file`. Where it is not the one in use, an exchange may begin.
    pub current: String,
    /// The keys that are needed to read everything. The server does not start without them.
    pub needed: Vec<String>,
    /// The keys in `previous_root_key_files` that seal nothing any more, as a scan has shown. Only
    /// backups from before the exchange need them.
    pub removable: Vec<String>,
    /// The last exchange; absent where there was none.
    pub rotation: Option<Progress>,
}

impl Engine {
    /// How the root keys stand.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn root_keys(&self) -> Result<RootKeyState> {
        let rotation = self.rotation(RotationOf::Root).await?;
        let (_, own) = self.own_keys().await?;
        Ok(self.root_state(&own, rotation.as_ref().map(|stored| &stored.record)))
    }

    /// Begins to exchange the root key in use for the one in `root_key_file`. Where that is under
    /// way already, it goes on.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where that key is in use already and seals everything.
    pub async fn rotate_root_key(&self, by: &Caller) -> Result<RootKeyState> {
        let (deployment, own) = self.own_keys().await?;
        let to = self.0.vault.roots().current().to_owned();
        if own.root == to {
            return if own.older.is_empty() { Err(nothing_to_rotate(&to)) } else { self.root_keys().await };
        }
        let mut older: Vec<String> = own.needed().filter(|id| **id != to).map(str::to_owned).collect();
        older.sort_unstable();
        let next = OwnKeys { older, keys: self.0.vault.seal_own_keys(&to)?.keys, root: to.clone() };
        let rotation = Rotation::new(RotationOf::Root, to.clone(), self.now());
        let mut work = self.work(by);
        work.admin().replace(&deployment, &Deployment { own_keys: Some(next.clone()), ..deployment.record.clone() })?;
        work.admin().put(&rotation)?;
        work.audit("root_key.rotation_started", &to, Some(&own.root), Some(&to))?;
        work.commit().await?;
        Ok(self.root_state(&next, Some(&rotation)))
    }

    /// Seals again until nothing is left under another root key, or `stop` says so.
    pub(super) async fn rewrap_all(&self, stop: &Receiver<bool>) -> Result<Standing> {
        self.count_tenants().await?;
        while !*stop.borrow() {
            let Some(rotation) = self.rotation(RotationOf::Root).await? else { return Ok(Standing::Idle) };
            match self.rewrap_some(&rotation).await {
                Ok(true) => {}
                Ok(false) => return self.end_root_rotation().await,
                // A tenant or the exchange itself was changed meanwhile: read both again.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Standing::Idle)
    }

    async fn count_tenants(&self) -> Result<()> {
        let Some(rotation) = self.rotation(RotationOf::Root).await?.filter(|one| one.total.is_none()) else {
            return Ok(());
        };
        let (mut count, mut page) = (0, Page::first(SCAN));
        loop {
            let found = self.0.store.admin().list::<Tenant>(&page).await?;
            count += found.items.len() as u64;
            let Some(next) = found.next else { break };
            page.after = Some(next);
        }
        self.put_rotation(&rotation, &Rotation { total: Some(count), ..rotation.record.clone() }).await
    }

    /// Seals the keys of some tenants again, in one commit with how far that is. Answers whether
    /// there are more tenants.
    async fn rewrap_some(&self, rotation: &Stored<Rotation>) -> Result<bool> {
        let page = Page { after: rotation.place(), ..Page::first(BATCH) };
        let tenants = self.0.store.admin().list::<Tenant>(&page).await?;
        let mut change = self.0.store.change();
        let mut next = rotation.record.clone();
        if next.after.is_none() {
            (next.done, next.problem) = (0, None);
        }
        for tenant in &tenants.items {
            self.rewrap_one(tenant.id, &mut next, &mut change).await?;
        }
        next.updated_at = self.now();
        next.done += tenants.items.len() as u64;
        match &tenants.next {
            Some(place) => next.after = Some(place.to_string()),
            // A crash from here on does the last part again, and nothing else.
            None => next.done = next.done.min(next.total.unwrap_or(u64::MAX)),
        }
        next.total = next.total.map(|total| total.max(next.done));
        change.admin().replace(rotation, &next)?;
        change.commit().await?;
        Ok(tenants.next.is_some())
    }

    async fn rewrap_one(&self, tenant: TenantId, rotation: &mut Rotation, change: &mut Change) -> Result<()> {
        for stored in self.tenant_keys(tenant).await? {
            if sealed_under(&stored.wrapped) == Some(&rotation.to) {
                continue;
            }
            let key = TenantKeyRef { tenant, version: stored.version, wrapped: stored.wrapped.clone() };
            match self.0.vault.rewrap_tenant_key(&key, &rotation.to) {
                Ok(wrapped) => {
                    change.tenant(tenant).replace(&stored, &TenantKey { wrapped, ..stored.record.clone() })?
                }
                Err(error) => {
                    tracing::error!(%error, tenant.id = %tenant, key.version = stored.version, "a tenant's key can not be sealed again");
                    rotation.problem =
                        Some(format!("the key {} of the tenant `{tenant}`: {}", stored.version, error.message));
                }
            }
        }
        Ok(())
    }

    /// Gives the older root keys up, once a scan has found nothing under them. New keys of tenants
    /// require that the deployment is as it was when they were sealed, and since the exchange
    /// began that is under the new root key: nothing can come in behind the scan.
    async fn end_root_rotation(&self) -> Result<Standing> {
        let (deployment, own) = self.own_keys().await?;
        let Some(rotation) = self.rotation(RotationOf::Root).await? else { return Ok(Standing::Idle) };
        if rotation.to != own.root {
            return Ok(Standing::Idle);
        }
        let left = self.keys_not_under(&own.root).await?;
        if left > 0 {
            tracing::warn!(left, "tenants' keys are still sealed under an older root key; they are gone through again");
            self.put_rotation(&rotation, &Rotation { after: None, ..rotation.record.clone() }).await?;
            return Ok(Standing::Blocked);
        }
        let now = self.now();
        let next = OwnKeys { older: Vec::new(), ..own.clone() };
        let ended = Rotation { finished_at: Some(now), updated_at: now, problem: None, ..rotation.record.clone() };
        let mut work = self.own_work(None);
        work.admin().replace(&deployment, &Deployment { own_keys: Some(next), ..deployment.record.clone() })?;
        work.admin().replace(&rotation, &ended)?;
        work.audit("root_key.rotation_finished", &own.root, Some(&own.older), Some(&vec![own.root.clone()]))?;
        work.commit_now().await?;
        tracing::info!(
            root.id = own.root,
            tenants = ended.done,
            "the root key was exchanged; nothing needs the old one"
        );
        Ok(Standing::Idle)
    }

    /// How many keys of tenants are not sealed under this root key, by a scan of all.
    pub(super) async fn keys_not_under(&self, root: &str) -> Result<u64> {
        let (mut left, mut page) = (0, Page::first(SCAN));
        loop {
            let tenants = self.0.store.admin().list::<Tenant>(&page).await?;
            for tenant in &tenants.items {
                let keys = self.tenant_keys(tenant.id).await?;
                left += keys.iter().filter(|key| sealed_under(&key.wrapped) != Some(root)).count() as u64;
            }
            let Some(next) = tenants.next else { return Ok(left) };
            page.after = Some(next);
        }
    }

    fn root_state(&self, own: &OwnKeys, rotation: Option<&Rotation>) -> RootKeyState {
        let roots = self.0.vault.roots();
        let unneeded = |id: &&str| *id != roots.current() && !own.needed().any(|needed| needed == *id);
        RootKeyState {
            in_use: own.root.clone(),
            current: roots.current().to_owned(),
            needed: own.needed().map(str::to_owned).collect(),
            removable: roots.ids().filter(unneeded).map(str::to_owned).collect(),
            rotation: rotation.map(Progress::of),
        }
    }
}

fn nothing_to_rotate(id: &str) -> Error {
    Error::conflict(format!(
        "the key in `root_key_file`, `{id}`, is the root key in use already; make another one with `gatehouse keys \
         new-root FILE`, set `root_key_file` to it and `previous_root_key_files` to the one of now, and start again"
    ))
}
