//! Roles: the built-in ones, and those that a tenant makes. A role holds no more than whoever
//! made it, and no more than a tenant may.

use gatehouse_domain::id::TenantId;
use gatehouse_domain::key::ApiKey;
use gatehouse_domain::permission::{Permission, Reach, missing};
use gatehouse_domain::role::{BuiltIn, Role, check_name};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::{Page, Stored};

use crate::tag::IfMatch;
use crate::{Caller, Engine};

/// The most roles that one tenant can make.
const MOST: usize = 200;
/// The longest description, in bytes.
const LONGEST: usize = 1_000;

/// A role to make.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
}

/// What to change of a role; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// A new description.
    pub description: Option<String>,
    /// New permissions, all of them.
    pub permissions: Option<Vec<Permission>>,
}

impl Engine {
    /// Every role that a key of the caller's kind can have: the built-in ones, then the tenant's own.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn roles(&self, by: &Caller) -> Result<Vec<Role>> {
        let for_operators = by.tenant_if_any().is_none();
        let built_in = BuiltIn::ALL.into_iter().filter(|role| role.is_for_operators() == for_operators);
        let mut roles: Vec<Role> = built_in.map(BuiltIn::role).collect();
        if let Some(tenant) = by.tenant_if_any() {
            roles.extend(self.0.store.tenant(tenant).list::<Role>(&Page::first(MOST)).await?.items);
        }
        Ok(roles)
    }

    /// One role.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for another tenant's.
    pub async fn role(&self, by: &Caller, name: &str) -> Result<Role> {
        let for_operators = by.tenant_if_any().is_none();
        match BuiltIn::named(name) {
            Some(role) if role.is_for_operators() == for_operators => Ok(role.role()),
            Some(_) => Err(Error::not_found("role", name)),
            None => {
                let Some(tenant) = by.tenant_if_any() else { return Err(Error::not_found("role", name)) };
                Ok(self.own_role(tenant, name).await?.record)
            }
        }
    }

    /// Makes a role of the caller's tenant.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Forbidden`] where the caller holds less, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the name is taken.
    pub async fn create_role(&self, by: &Caller, new: NewRole) -> Result<Role> {
        let tenant = by.tenant()?;
        check_name(&new.name)?;
        check_description(&new.description)?;
        check_permissions(by, &new.permissions)?;
        let known = self.0.store.tenant(tenant).list::<Role>(&Page::first(MOST)).await?.items;
        if known.iter().any(|role| role.name == new.name) {
            return Err(Error::conflict(format!("there is a role `{}` already; change that one", new.name)));
        }
        if known.len() >= MOST {
            return Err(Error::conflict(format!("the tenant has {MOST} roles, the most there can be; delete one")));
        }
        let now = Some(self.now());
        let NewRole { name, description, permissions } = new;
        let role = Role { name, description, permissions, built_in: false, created_at: now, updated_at: now };
        let mut work = self.work(by);
        work.tenant(tenant).create(&role)?;
        work.audit("role.created", &role.name, None, Some(&role))?;
        work.commit().await?;
        Ok(role)
    }

    /// Changes a role, and with it what every key that has it may do from now on.
    ///
    /// # Errors
    /// As [`Engine::create_role`]; [`gatehouse_domain::ErrorKind::Conflict`] for a built-in role;
    /// [`gatehouse_domain::ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn update_role(&self, by: &Caller, name: &str, ask: RoleChange, expected: &IfMatch) -> Result<Role> {
        let tenant = by.tenant()?;
        let stored = self.changeable(tenant, name).await?;
        expected.check(&stored.record)?;
        let mut role = Role { updated_at: Some(self.now()), ..stored.record.clone() };
        if let Some(description) = ask.description {
            check_description(&description)?;
            role.description = description;
        }
        if let Some(permissions) = ask.permissions {
            check_permissions(by, &permissions)?;
            role.permissions = permissions;
        }
        let mut work = self.work(by);
        work.tenant(tenant).replace(&stored, &role)?;
        work.audit("role.updated", &role.name, Some(&stored.record), Some(&role))?;
        work.commit().await?;
        Ok(role)
    }

    /// Deletes a role that no working key has.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`], naming the keys that have it;
    /// [`gatehouse_domain::ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn delete_role(&self, by: &Caller, name: &str, expected: &IfMatch) -> Result<()> {
        let tenant = by.tenant()?;
        let stored = self.changeable(tenant, name).await?;
        expected.check(&stored.record)?;
        self.check_unused(tenant, name).await?;
        let mut work = self.work(by);
        work.tenant(tenant).remove(&stored)?;
        work.audit("role.deleted", name, Some(&stored.record), None)?;
        work.commit().await.map(|_| ())
    }

    async fn changeable(&self, tenant: TenantId, name: &str) -> Result<Stored<Role>> {
        match BuiltIn::named(name) {
            // Those of operators do not exist for a tenant.
            Some(role) if role.is_for_operators() => Err(Error::not_found("role", name)),
            Some(_) => Err(Error::conflict(format!("the role `{name}` is built in and stays as it is"))),
            None => self.own_role(tenant, name).await,
        }
    }

    async fn own_role(&self, tenant: TenantId, name: &str) -> Result<Stored<Role>> {
        let stored = self.0.store.tenant(tenant).get::<Role>(&name.to_owned()).await?;
        stored.ok_or_else(|| Error::not_found("role", name))
    }

    /// A key that is made at this very moment requires the role in its own commit.
    async fn check_unused(&self, tenant: TenantId, name: &str) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let mut page = Page::first(200);
        loop {
            let keys = scope.list::<ApiKey>(&page).await?;
            let has = |key: &&ApiKey| key.role.as_deref() == Some(name) && key.is_active(self.now());
            if let Some(key) = keys.items.iter().find(has) {
                let message = format!("the key `{}` ({}) has the role `{name}`; revoke it first", key.id, key.name);
                return Err(Error::conflict(message));
            }
            let Some(next) = keys.next else { return Ok(()) };
            page.after = Some(next);
        }
    }
}

fn check_description(description: &str) -> Result<()> {
    if description.len() <= LONGEST {
        return Ok(());
    }
    let problem = Problem::at("$.description", format!("has {} bytes; the limit is {LONGEST}", description.len()));
    Err(Error::problems("the role's description does not fit", vec![problem]))
}

fn check_permissions(by: &Caller, wanted: &[Permission]) -> Result<()> {
    if let Some(wide) = wanted.iter().find(|wanted| !wanted.stays_within(Reach::Tenant)) {
        let message = format!("`{wide}` reaches past one tenant; a tenant's role can not hold it");
        return Err(Error::problems("the permissions do not fit", vec![Problem::at("$.permissions", message)]));
    }
    match missing(&by.held(), wanted) {
        Some(name) => Err(Error::forbidden(name)),
        None => Ok(()),
    }
}
