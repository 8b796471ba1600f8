//! API keys: making, listing, rotating and revoking them. Who shows one is told in
//! `authenticate`; nothing here hands out more than the maker holds.

use gatehouse_domain::address::IpRange;
use gatehouse_domain::id::{IntegrationId, KeyId, TenantId};
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::permission::Permission;
use gatehouse_domain::role::{BuiltIn, Role};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::token::Token;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::KeyDigest;
use gatehouse_store::{Change, Page, Paged, Stored};

use crate::clock::random;
use crate::tag::IfMatch;
use crate::work::Work;
use crate::{Caller, Engine};

mod authenticate;
mod bootstrap;
mod draft;
mod rotate;
mod used;

pub use authenticate::Shown;
pub(crate) use used::{KeyUses, write_uses};

/// How often a change of a key is tried again that lost against another.
const RETRIES: usize = 8;

/// A key to make.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// The tenant it shall act for; an operator's key where absent.
    pub tenant: Option<TenantId>,
    /// A name for people.
    pub name: String,
    /// The environment it is for.
    pub environment: KeyEnvironment,
    /// The role it shall have.
    pub role: Option<String>,
    /// What it may do beyond its role; all that its kind may hold where it has neither.
    pub permissions: Vec<Permission>,
    /// When it shall stop working.
    pub expires: Expires,
    /// The only integrations that it shall know of.
    pub integrations: Option<Vec<IntegrationId>>,
    /// The only capabilities that it may call.
    pub capabilities: Option<Vec<String>>,
    /// Where it may be used from; from where its maker may be where empty.
    pub allowed_ips: Vec<IpRange>,
}

/// When a key stops working.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expires {
    /// After 90 days.
    #[default]
    AsUsual,
    /// At this moment, at most 366 days from now.
    At(Timestamp),
    /// Never by itself; only an operator gives such a key.
    Never,
}

impl Engine {
    /// Makes a key for `by`, who can not give more than it holds. The token is shown this once.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`], [`ErrorKind::Forbidden`] or, for a foreign tenant, [`ErrorKind::NotFound`].
    pub async fn create_key(&self, by: &Caller, mut new: NewKey) -> Result<(ApiKey, String)> {
        let by = &self.maker_for(by, &mut new).await?;
        let draft = self.draft_key(by, new).await?;
        let token = Token::new(draft.environment, draft.id, random()?);
        let key = ApiKey { hint: token.hint(), ..draft };
        let mut work = self.work(by);
        self.keep_key(&mut work, &key, &token)?;
        if let (Some(tenant), Some(role)) =
            (key.tenant, key.role.as_ref().filter(|role| BuiltIn::named(role).is_none()))
        {
            work.tenant(tenant).require::<Role>(role)?;
        }
        work.audit("key.created", key.id, None, Some(&key))?;
        work.commit().await?;
        Ok((key, token.reveal()))
    }

    /// The keys that `by` may see: its tenant's, or the operators' own.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn keys(&self, by: &Caller, page: &Page) -> Result<Paged<ApiKey>> {
        let mut keys = match by.tenant_if_any() {
            Some(tenant) => self.0.store.tenant(tenant).list::<ApiKey>(page).await?,
            None => self.0.store.admin().list::<ApiKey>(page).await?,
        };
        keys.items.iter_mut().for_each(|key| self.0.key_uses.show(key));
        Ok(keys)
    }

    /// One key.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], also for a foreign one.
    pub async fn get_key(&self, by: &Caller, id: KeyId) -> Result<ApiKey> {
        let mut key = self.key(by.tenant_if_any(), id).await?.record;
        self.0.key_uses.show(&mut key);
        Ok(key)
    }

    /// Takes a key back. Calls that have begun with it go on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a foreign key; [`ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn revoke_key(&self, by: &Caller, id: KeyId, expected: &IfMatch) -> Result<ApiKey> {
        let tenant = by.tenant_if_any();
        for _ in 0..RETRIES {
            let stored = self.key(tenant, id).await?;
            expected.check(&ApiKey { last_used_at: None, ..stored.record.clone() })?;
            let key = ApiKey { revoked_at: stored.revoked_at.or(Some(self.now())), ..stored.record.clone() };
            let mut work = self.work(by);
            replace(work.change(), &stored, &key)?;
            work.audit("key.revoked", key.id, Some(&stored.record), Some(&key))?;
            match work.commit().await {
                Ok(_) => return Ok(key),
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("the key `{id}` changes too fast; retry")))
    }

    /// A key of a tenant, or one of the operators'.
    async fn key(&self, tenant: Option<TenantId>, id: KeyId) -> Result<Stored<ApiKey>> {
        let stored = match tenant {
            Some(tenant) => self.0.store.tenant(tenant).get::<ApiKey>(&id).await?,
            None => self.0.store.admin().get::<ApiKey>(&id).await?,
        };
        stored.ok_or_else(|| Error::not_found("key", id))
    }

    /// Adds a new key to a work, with what its token is checked against.
    fn keep_key(&self, work: &mut Work, key: &ApiKey, token: &Token) -> Result<()> {
        let digest = self.0.vault.digest_api_key(key.id, token.secret());
        match key.tenant {
            Some(tenant) => work.tenant(tenant).create(key)?,
            None => work.admin().create(key)?,
        }
        work.admin().create(&KeyDigest { key: key.id, tenant: key.tenant, digest })
    }
}

/// Puts a key in place of what was read of it.
fn replace(change: &mut Change, old: &Stored<ApiKey>, new: &ApiKey) -> Result<()> {
    match new.tenant {
        Some(tenant) => change.tenant(tenant).replace(old, new),
        None => change.admin().replace(old, new),
    }
}
