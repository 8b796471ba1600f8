//! The choice: named → link of the entity → default of the tenant → policy. The first of them
//! that brings up anybody who can serve decides.

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::link::Entity;
use gatehouse_domain::routing::{Basis, Decision};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};

use super::standing::Blocked;
use super::{Wanted, candidates};
use crate::{Caller, Engine};

/// A choice, with those who can serve, in order.
pub(super) struct Chosen {
    pub(super) decision: Decision,
    pub(super) able: Vec<Integration>,
    /// Why those who were left out for the moment were.
    pub(super) blocked: Vec<Blocked>,
}

/// Candidates in order, each with why it stands there.
pub(super) type Ordered = Vec<(IntegrationId, String)>;

impl Engine {
    /// Who would serve a call at this moment, and why. Nothing is called and nothing is kept.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an integration or a policy that is named and is not there,
    /// [`ErrorKind::Invalid`] without a capability, [`ErrorKind::Forbidden`] for a key that may
    /// not call it.
    pub async fn decide(&self, by: &Caller, wanted: &Wanted) -> Result<Decision> {
        Ok(self.choose(by, wanted).await?.decision)
    }

    /// Who would serve a call first at this moment.
    ///
    /// # Errors
    /// As [`Engine::execute_intent`].
    pub(crate) async fn first_able(&self, by: &Caller, wanted: &Wanted) -> Result<(Integration, Decision)> {
        let mut chosen = self.choose(by, wanted).await?;
        if chosen.able.is_empty() {
            return Err(chosen.nobody_serves(&wanted.capability));
        }
        Ok((chosen.able.swap_remove(0), chosen.decision))
    }

    pub(super) async fn choose(&self, by: &Caller, wanted: &Wanted) -> Result<Chosen> {
        let tenant = by.tenant()?;
        if wanted.capability.is_empty() {
            let problem = Problem::at("$.capability", "must be a capability's code such as `PROCESS_PAYMENT`");
            return Err(Error::problems("the request names no capability", vec![problem]));
        }
        by.must_cover_capability(&wanted.capability)?;
        let mut chosen = Chosen::nobody();
        if let Some(target) = &wanted.integration {
            let named = vec![(self.integration(by, target).await?.id, "the request names it".to_owned())];
            self.consider(by, wanted, Basis::Named, named, &mut chosen).await?;
            return Ok(chosen);
        }
        // A policy that is not there is told even where a link would have decided.
        let policy = self.policy_for(tenant, wanted).await?;
        if let Some(entity) = &wanted.entity {
            let linked = self.linked(tenant, entity, wanted).await?;
            self.consider(by, wanted, Basis::EntityLink, linked, &mut chosen).await?;
        }
        if chosen.able.is_empty() {
            let linked = self.linked(tenant, &Entity::of_tenant(tenant), wanted).await?;
            self.consider(by, wanted, Basis::TenantDefault, linked, &mut chosen).await?;
        }
        if let Some(policy) = policy.filter(|_| chosen.able.is_empty()) {
            let ordered = self.by_policy(tenant, &policy, wanted, &mut chosen.decision).await?;
            self.consider(by, wanted, Basis::Policy, ordered, &mut chosen).await?;
        }
        Ok(chosen)
    }

    async fn linked(&self, tenant: TenantId, entity: &Entity, wanted: &Wanted) -> Result<Ordered> {
        let links = self.links_of(tenant, entity).await?;
        Ok(candidates::of_links(links.iter().map(|link| &link.record), wanted.purpose.as_ref()))
    }

    /// Looks at the candidates that one rule brings up. Who was found unfit before is not looked at
    /// again.
    async fn consider(
        &self,
        by: &Caller,
        wanted: &Wanted,
        rule: Basis,
        ordered: Ordered,
        chosen: &mut Chosen,
    ) -> Result<()> {
        for (id, why) in ordered {
            if chosen.decision.candidates.iter().any(|known| known.integration == id) {
                continue;
            }
            let weighed = self.weigh(by, id, &wanted.capability, (rule, why)).await?;
            chosen.decision.candidates.push(weighed.candidate);
            chosen.able.extend(weighed.able);
            chosen.blocked.extend(weighed.blocked);
        }
        if let Some(first) = chosen.able.first() {
            chosen.decision.rule = Some(rule);
            chosen.decision.chosen = Some(first.id);
        }
        Ok(())
    }
}

impl Chosen {
    fn nobody() -> Self {
        let decision = Decision {
            rule: None,
            policy: None,
            policy_rule: None,
            skipped_rules: Vec::new(),
            candidates: Vec::new(),
            chosen: None,
        };
        Self { decision, able: Vec::new(), blocked: Vec::new() }
    }

    /// The error where nobody can serve, with every candidate and its reason.
    pub(super) fn nobody_serves(&self, capability: &str) -> Error {
        let decision = &self.decision;
        let mut error = if decision.candidates.is_empty() {
            Error::conflict(format!(
                "nothing says who shall serve `{capability}`: link an integration to the entity or to the tenant with \
                 POST /api/v1/entities/{{entity_type}}/{{entity_id}}/integrations, or keep a policy with POST \
                 /api/v1/policies"
            ))
        } else if self.blocked.is_empty() {
            Error::conflict(format!("nobody can serve `{capability}`; each candidate's reason is in `errors`"))
        } else {
            let message =
                format!("nobody can serve `{capability}` at this moment; each candidate's reason is in `errors`");
            let error = Error::new(ErrorKind::Unavailable, message);
            let soonest = self.blocked.iter().filter_map(|blocked| blocked.retry_after_ms).min();
            error.retry_after(soonest.unwrap_or(1_000))
        };
        let skipped = decision.skipped_rules.iter();
        error.problems.extend(skipped.map(|skipped| {
            Problem::at(format!("policy.rules[{}]", skipped.rule), format!("was skipped: {}", skipped.reason))
        }));
        error.problems.extend(decision.candidates.iter().enumerate().map(|(index, candidate)| {
            let provider = candidate.provider.as_deref().unwrap_or("gone");
            let message = format!("{} ({provider}): {}", candidate.integration, candidate.reason);
            Problem::at(format!("candidates[{index}]"), message)
        }));
        error
    }
}
