//! API keys: making them, taking them back, and telling who shows one.

use gatehouse_domain::id::{KeyId, RequestId, TenantId};
use gatehouse_domain::key::{ApiKey, token_from};
use gatehouse_domain::permission::Permission;
use gatehouse_domain::tenant::Tenant;
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::records::KeyDigest;
use gatehouse_store::{Page, Paged};

use crate::clock::random;
use crate::{Caller, Engine, name};

/// A key to make.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The tenant it shall act for; an operator's key where absent.
    pub tenant: Option<TenantId>,
    /// A name for people.
    pub name: String,
    /// What it may do; all that its kind may hold where empty.
    pub permissions: Vec<Permission>,
    /// When it shall stop working.
    pub expires_at: Option<Timestamp>,
}

/// The shortest token that an operator may bring along, in characters.
const SHORTEST_TOKEN: usize = 32;

impl Engine {
    /// The caller behind a token.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`], the same for every reason.
    pub async fn authenticate(&self, token: &str, request: RequestId) -> Result<Caller> {
        let digest = self.0.vault.digest_api_key(token);
        let admin = self.0.store.admin();
        let Some(known) = admin.get::<KeyDigest>(&digest).await? else { return Err(unauthenticated()) };
        match admin.get::<ApiKey>(&known.key).await? {
            Some(key) if key.is_active(self.now()) => Ok(Caller { key: key.record, request, turn: None }),
            _ => Err(unauthenticated()),
        }
    }

    /// Makes a key for `by`, who can not give more than it holds. The token is shown this once.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`], [`ErrorKind::Forbidden`] or, for a foreign tenant, [`ErrorKind::NotFound`].
    pub async fn create_key(&self, by: &Caller, mut new: NewKey) -> Result<(ApiKey, String)> {
        if by.key.tenant.is_some() {
            new.tenant = new.tenant.or(by.key.tenant);
        }
        if let Some(tenant) = new.tenant {
            self.tenant(by, tenant).await?;
        }
        let new = with_permissions(new)?;
        for permission in &new.permissions {
            if !holds(by, permission) {
                return Err(Error::forbidden(&permission.to_string()));
            }
        }
        let token = token_from(random()?);
        let key = self.keep_key(new, &token).await?;
        Ok((key, token))
    }

    /// Makes the first operator's key where there is none, from `token` or from nothing.
    /// Answers the token where a key was made.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a token that is too short.
    pub async fn bootstrap(&self, token: Option<String>) -> Result<Option<String>> {
        let chosen = token.is_some();
        if let Some(token) = &token {
            check_token(token)?;
            let known = self.0.store.admin().get::<KeyDigest>(&self.0.vault.digest_api_key(token)).await?;
            if known.is_some() {
                return Ok(None);
            }
        } else if self.has_operator().await? {
            return Ok(None);
        }
        let token = match token {
            Some(token) => token,
            None => token_from(random()?),
        };
        let name = if chosen { "bootstrap" } else { "first operator" };
        let permissions = vec![Permission::everything()];
        let new = NewKey { tenant: None, name: name.to_owned(), permissions, expires_at: None };
        self.keep_key(new, &token).await?;
        Ok(Some(token))
    }

    /// The keys that `by` may see: its tenant's, or every one for an operator.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn keys(&self, by: &Caller, page: &Page) -> Result<Paged<ApiKey>> {
        let mut keys = self.0.store.admin().list::<ApiKey>(page).await?;
        if let Some(tenant) = by.key.tenant {
            keys.items.retain(|key| key.tenant == Some(tenant));
        }
        Ok(keys)
    }

    /// Takes a key back. Calls that have begun with it go on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a foreign key.
    pub async fn revoke_key(&self, by: &Caller, id: KeyId) -> Result<ApiKey> {
        let stored = self.0.store.admin().get::<ApiKey>(&id).await?;
        let own = |key: &ApiKey| by.key.tenant.is_none() || key.tenant == by.key.tenant;
        let Some(stored) = stored.filter(|key| own(&key.record)) else { return Err(Error::not_found("key", id)) };
        let mut key = stored.record.clone();
        key.revoked_at = key.revoked_at.or(Some(self.now()));
        let mut change = self.0.store.change();
        change.admin().replace(&stored, &key)?;
        change.commit().await?;
        Ok(key)
    }

    async fn has_operator(&self) -> Result<bool> {
        let mut page = Page::first(100);
        loop {
            let keys = self.0.store.admin().list::<ApiKey>(&page).await?;
            if keys.items.iter().any(|key| key.tenant.is_none() && key.is_active(self.now())) {
                return Ok(true);
            }
            match keys.next {
                Some(next) => page.after = Some(next),
                None => return Ok(false),
            }
        }
    }

    async fn keep_key(&self, new: NewKey, token: &str) -> Result<ApiKey> {
        let key = ApiKey {
            id: self.new_id()?,
            tenant: new.tenant,
            name: new.name,
            permissions: new.permissions,
            hint: hint_of(token),
            created_at: self.now(),
            expires_at: new.expires_at,
            revoked_at: None,
        };
        let mut change = self.0.store.change();
        change.admin().create(&key)?;
        change.admin().create(&KeyDigest { digest: self.0.vault.digest_api_key(token), key: key.id })?;
        change.commit().await?;
        Ok(key)
    }

    /// A tenant that `by` may know of.
    pub(crate) async fn tenant(&self, by: &Caller, id: TenantId) -> Result<Tenant> {
        let foreign = by.key.tenant.is_some_and(|own| own != id);
        match self.0.store.admin().get::<Tenant>(&id).await? {
            Some(tenant) if !foreign => Ok(tenant.record),
            _ => Err(Error::not_found("tenant", id)),
        }
    }
}

fn unauthenticated() -> Error {
    let message = "the key is missing, mistyped, expired or revoked; send `Authorization: Bearer gh_…`";
    Error::new(ErrorKind::Unauthenticated, message)
}

fn with_permissions(mut new: NewKey) -> Result<NewKey> {
    name::check("key", &new.name)?;
    if new.permissions.is_empty() {
        new.permissions = match new.tenant {
            Some(_) => Permission::of_a_tenant(),
            None => vec![Permission::everything()],
        };
    }
    let wide = new.permissions.iter().find(|held| new.tenant.is_some() && !held.fits_a_tenant());
    match wide {
        Some(wide) => {
            let message = format!("`{wide}` reaches past one tenant; a tenant's key can not hold it");
            Err(Error::problems("the permissions do not fit", vec![Problem::at("$.permissions", message)]))
        }
        None => Ok(new),
    }
}

/// Whether everything that `wanted` covers is held by `by`.
fn holds(by: &Caller, wanted: &Permission) -> bool {
    gatehouse_domain::permission::ALL.iter().filter(|name| wanted.allows(name)).all(|name| by.key.may(name))
}

fn check_token(token: &str) -> Result<()> {
    let fits = token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(());
    }
    let message = format!(
        "the bootstrap key must have at least {SHORTEST_TOKEN} printable characters; `gatehouse keys generate` makes one"
    );
    Err(Error::invalid(message))
}

/// The beginning and the last four characters; both together are far from the token.
fn hint_of(token: &str) -> String {
    let head: String = token.chars().take(6).collect();
    let tail: String = token.chars().skip(token.chars().count().saturating_sub(4)).collect();
    format!("{head}…{tail}")
}
