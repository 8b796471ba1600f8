//! Routing policies: kept only where every expression compiles and every integration is there.

use gatehouse_domain::id::{PolicyId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::routing::{Choice, Policy, Rule, Split};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::{Page, Stored};

use super::Wanted;
use super::rules::key_expression;
use crate::tag::IfMatch;
use crate::{Caller, Engine};

/// The most policies of one tenant: they are read at once for a call by intent.
pub const MOST_POLICIES: usize = 100;

/// A policy to keep.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// Its name, which no other policy of the tenant has.
    pub name: String,
    /// The capabilities it decides about by itself.
    pub capability: Option<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

impl Engine {
    /// Keeps a new policy.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the JSON path of what does not fit, an expression's with line
    /// and column; [`ErrorKind::Conflict`] for a name that is taken, and beyond [`MOST_POLICIES`].
    pub async fn create_policy(&self, by: &Caller, new: NewPolicy) -> Result<Policy> {
        let tenant = by.tenant()?;
        let now = self.now();
        let NewPolicy { name, capability, rules } = new;
        let policy = Policy { id: self.new_id()?, name, capability, rules, created_at: now, updated_at: now };
        self.check_policy(tenant, &policy).await?;
        let known = self.all_policies(tenant).await?;
        // Said here, as a request with an idempotency key commits only after this.
        if known.iter().any(|known| known.name == policy.name) {
            return Err(taken(Error::conflict(""), &policy.name));
        }
        if known.len() >= MOST_POLICIES {
            return Err(Error::conflict(format!("there are {MOST_POLICIES} policies, which is the most; delete one")));
        }
        let mut work = self.work(by);
        work.tenant(tenant).create(&policy)?;
        work.audit("policy.created", policy.id, None, Some(&policy))?;
        work.commit().await.map_err(|error| taken(error, &policy.name))?;
        Ok(policy)
    }

    /// The tenant's policies, by name.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn policies(&self, by: &Caller) -> Result<Vec<Policy>> {
        self.all_policies(by.tenant()?).await
    }

    /// The policy that `target` names: an id or a name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], also for another tenant's.
    pub async fn policy(&self, by: &Caller, target: &str) -> Result<Policy> {
        Ok(self.find_policy(by.tenant()?, target).await?.record)
    }

    /// Puts another policy in place of one. Its id stays.
    ///
    /// # Errors
    /// As [`Engine::create_policy`] and [`Engine::policy`]; [`ErrorKind::Stale`] where it is not what
    /// `expected` says.
    pub async fn replace_policy(
        &self,
        by: &Caller,
        target: &str,
        new: NewPolicy,
        expected: &IfMatch,
    ) -> Result<Policy> {
        let tenant = by.tenant()?;
        let old = self.find_policy(tenant, target).await?;
        expected.check(&old.record)?;
        let NewPolicy { name, capability, rules } = new;
        let next = Policy { name, capability, rules, updated_at: self.now(), ..old.record.clone() };
        self.check_policy(tenant, &next).await?;
        let renamed = next.name != old.name;
        let mut work = self.work(by);
        if renamed {
            work.tenant(tenant).remove(&old)?;
            work.tenant(tenant).create(&next)?;
        } else {
            work.tenant(tenant).replace(&old, &next)?;
        }
        work.audit("policy.updated", next.id, Some(&old.record), Some(&next))?;
        work.commit().await.map_err(|error| if renamed { taken(error, &next.name) } else { error })?;
        Ok(next)
    }

    /// Deletes a policy.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Stale`] where it is not what `expected` says.
    pub async fn delete_policy(&self, by: &Caller, target: &str, expected: &IfMatch) -> Result<()> {
        let tenant = by.tenant()?;
        let old = self.find_policy(tenant, target).await?;
        expected.check(&old.record)?;
        let mut work = self.work(by);
        work.tenant(tenant).remove(&old)?;
        work.audit("policy.deleted", old.id, Some(&old.record), None)?;
        work.commit().await.map(|_| ())
    }

    /// Every policy of a tenant: one range read.
    pub(crate) async fn all_policies(&self, tenant: TenantId) -> Result<Vec<Policy>> {
        Ok(self.0.store.tenant(tenant).list::<Policy>(&Page::first(2 * MOST_POLICIES)).await?.items)
    }

    /// The policy to ask for a call: the one it names, else the one whose pattern fits closest, the
    /// oldest of several.
    pub(super) async fn policy_for(&self, tenant: TenantId, wanted: &Wanted) -> Result<Option<Policy>> {
        if let Some(target) = &wanted.policy {
            return Ok(Some(self.find_policy(tenant, target).await?.record));
        }
        let fitting = self.all_policies(tenant).await?.into_iter().filter_map(|policy| {
            let fit = policy.fit(&wanted.capability)?;
            Some((fit, policy))
        });
        Ok(fitting.max_by_key(|(fit, policy)| (*fit, std::cmp::Reverse(policy.id))).map(|(_, policy)| policy))
    }

    async fn find_policy(&self, tenant: TenantId, target: &str) -> Result<Stored<Policy>> {
        let scope = self.0.store.tenant(tenant);
        let found = match target.parse::<PolicyId>() {
            Ok(id) => {
                let all = scope.list_stored::<Policy>(&[], &Page::first(2 * MOST_POLICIES)).await?;
                all.items.into_iter().find(|policy| policy.id == id)
            }
            // A name longer than a key has no record.
            Err(_) if target.len() > 64 => None,
            Err(_) => scope.get::<Policy>(&target.to_owned()).await?,
        };
        found.ok_or_else(|| Error::not_found("policy", target))
    }

    async fn check_policy(&self, tenant: TenantId, policy: &Policy) -> Result<()> {
        policy.check()?;
        let mut problems = self.wrong_expressions(policy);
        for (path, id) in policy.integrations() {
            if self.0.store.tenant(tenant).get::<Integration>(&id).await?.is_none() {
                problems.push(Problem::at(path, format!("there is no integration `{id}`")));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::problems("the policy does not fit", problems)) }
    }

    fn wrong_expressions(&self, policy: &Policy) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, rule) in policy.rules.iter().enumerate() {
            if let Some(when) = &rule.when
                && let Err(wrong) = self.0.routing.expressions.get(when)
            {
                problems.push(Problem::at(format!("$.rules[{index}].when"), wrong));
            }
            if let Choice::Split(Split { key: Some(key), .. }) = &rule.then
                && let Err(wrong) = self.0.routing.expressions.get(&key_expression(key))
            {
                problems.push(Problem::at(format!("$.rules[{index}].then.split.key"), wrong));
            }
        }
        problems
    }
}

/// A conflict over a name, said as such.
fn taken(error: Error, name: &str) -> Error {
    if error.kind != ErrorKind::Conflict {
        return error;
    }
    Error::conflict(format!("there is a policy `{name}` already; choose another name"))
}
