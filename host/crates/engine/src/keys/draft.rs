//! From what is asked for to a key that may be made: every rule about new keys, in order.

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::permission::{Permission, Reach, missing};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};

use super::authenticate::ACT;
use super::{Expires, NewKey};
use crate::{Caller, Engine, name};

/// How long a key works where nothing is said.
const USUAL: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The longest that a key may work.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most entries in a list of a key: ranges, integrations, capabilities, permissions.
const MOST: usize = 100;

impl Engine {
    /// The maker as it acts for the tenant of the new key, and that tenant in `new`.
    pub(super) async fn maker_for(&self, by: &Caller, new: &mut NewKey) -> Result<Caller> {
        let named = new.tenant;
        new.tenant = by.tenant_if_any().or(named);
        let Some(tenant) = new.tenant else { return Ok(by.clone()) };
        if named.is_some_and(|named| named != tenant) {
            return Err(Error::not_found("tenant", named.unwrap_or(tenant)));
        }
        if by.key.tenant.is_some() {
            return Ok(by.clone());
        }
        by.must(ACT)?;
        self.present_tenant(tenant).await?;
        Ok(Caller { acting_for: Some(tenant), ..by.clone() })
    }

    /// The key that `new` asks for, where `by` may make it. Its hint is still empty.
    pub(super) async fn draft_key(&self, by: &Caller, new: NewKey) -> Result<ApiKey> {
        check_form(&new)?;
        let mut key = self.describe_key(by, &new)?;
        key.permissions = with_usual(&new, key.ceiling());
        check_reach(&key)?;
        if let (Some(tenant), Some(ids)) = (key.tenant, &key.integrations) {
            self.check_integrations(by, tenant, ids).await?;
        }
        if let Some(role) = &key.role
            && self.role_permissions(key.tenant, role).await?.is_none()
        {
            return Err(wrong("$.role", format!("there is no role `{role}` for such a key; see GET /api/v1/roles")));
        }
        self.check_gift(by, &key).await?;
        Ok(key)
    }

    /// Checks that `by` could do all that the key could, from wherever it could.
    pub(super) async fn check_gift(&self, by: &Caller, key: &ApiKey) -> Result<()> {
        let held = self.permissions_of(key).await?;
        let ceiling = key.ceiling();
        let real = Permission::each(|one| one.reach <= ceiling && held.iter().any(|held| held.allows(one.name)));
        if let Some(name) = missing(&by.held(), &real) {
            return Err(Error::forbidden(name));
        }
        // Where an operator may work from says nothing about where its tenants are.
        if by.acting_for.is_some() || by.key.is_as_wide_as(key) {
            return Ok(());
        }
        let message = "this key is restricted, and the other would be less so; name the same integrations, \
                       capabilities, environment and addresses, or fewer";
        Err(Error::new(ErrorKind::Forbidden, message))
    }

    fn describe_key(&self, by: &Caller, new: &NewKey) -> Result<ApiKey> {
        let now = self.now();
        let inherits = new.allowed_ips.is_empty() && by.acting_for.is_none();
        Ok(ApiKey {
            id: self.new_id()?,
            tenant: new.tenant,
            name: new.name.trim().to_owned(),
            environment: new.environment,
            role: new.role.clone(),
            permissions: Vec::new(),
            integrations: new.integrations.clone(),
            capabilities: new.capabilities.clone(),
            allowed_ips: if inherits { by.key.allowed_ips.clone() } else { new.allowed_ips.clone() },
            hint: String::new(),
            created_at: now,
            created_by: Some(by.key.id),
            expires_at: end_of(new.expires, now, by)?,
            revoked_at: None,
            last_used_at: None,
            predecessor: None,
            successor: None,
        })
    }

    async fn check_integrations(&self, by: &Caller, tenant: TenantId, ids: &[IntegrationId]) -> Result<()> {
        for (index, id) in ids.iter().enumerate() {
            let stored = self.0.store.tenant(tenant).get::<Integration>(id).await?;
            if !stored.is_some_and(|stored| by.sees_integration(&stored)) {
                return Err(wrong(&format!("$.integrations[{index}]"), format!("there is no integration `{id}`")));
            }
        }
        Ok(())
    }
}

/// What can be told without knowing anything else.
fn check_form(new: &NewKey) -> Result<()> {
    name::check("key", &new.name)?;
    let codes = new.capabilities.as_deref().unwrap_or_default();
    if let Some(code) = codes.iter().find(|code| !is_code(code)) {
        return Err(wrong("$.capabilities", format!("`{code}` is not the code of a capability")));
    }
    let ids = new.integrations.as_ref().map(Vec::len);
    for (path, count, least) in [
        ("$.integrations", ids, 1),
        ("$.capabilities", new.capabilities.as_ref().map(Vec::len), 1),
        ("$.allowed_ips", Some(new.allowed_ips.len()), 0),
        ("$.permissions", Some(new.permissions.len()), 0),
    ] {
        if count.is_some_and(|count| !(least..=MOST).contains(&count)) {
            return Err(wrong(
                path,
                format!("takes {least} to {MOST}; leave it out where nothing shall be restricted"),
            ));
        }
    }
    let restricted = ids.is_some() || new.capabilities.is_some() || new.environment == KeyEnvironment::Test;
    if new.tenant.is_none() && restricted {
        return Err(wrong("$", "an operator's key is `live` and has no `integrations` or `capabilities`".to_owned()));
    }
    Ok(())
}

/// The permissions that are asked for, or the usual ones where neither they nor a role are.
fn with_usual(new: &NewKey, ceiling: Reach) -> Vec<Permission> {
    match (&new.role, new.permissions.is_empty(), ceiling) {
        (None, true, Reach::Operator) => vec![Permission::everything()],
        (None, true, ceiling) => Permission::each(|one| one.reach <= ceiling),
        _ => new.permissions.clone(),
    }
}

/// A permission that is named must count; one that a role brings falls away where it does not.
fn check_reach(key: &ApiKey) -> Result<()> {
    let ceiling = key.ceiling();
    let Some(wide) = key.permissions.iter().find(|held| !held.stays_within(ceiling)) else { return Ok(()) };
    let message = if wide.stays_within(Reach::Tenant) {
        format!("`{wide}` reaches past what the key is restricted to; leave out one of the two")
    } else {
        format!("`{wide}` reaches past one tenant; a tenant's key can not hold it")
    };
    Err(wrong("$.permissions", message))
}

fn end_of(expires: Expires, now: Timestamp, by: &Caller) -> Result<Option<Timestamp>> {
    let after = |length| now.saturating_add(length).unwrap_or(Timestamp::MAX);
    match expires {
        Expires::AsUsual => Ok(Some(after(USUAL))),
        Expires::At(end) if end <= now => Err(wrong("$.expires_at", format!("`{end}` is past; name a later moment"))),
        Expires::At(end) if end > after(LONGEST) => {
            Err(wrong("$.expires_at", format!("`{end}` is more than 366 days from now; rotate the key instead")))
        }
        Expires::At(end) => Ok(Some(end)),
        Expires::Never if by.key.tenant.is_none() => Ok(None),
        Expires::Never => Err(wrong("$.expires_at", "only an operator makes a key that never expires".to_owned())),
    }
}

fn is_code(code: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=128).contains(&code.len()) && code.bytes().all(letters)
}

fn wrong(path: &str, message: String) -> Error {
    Error::problems("the key does not fit", vec![Problem::at(path, message)])
}
