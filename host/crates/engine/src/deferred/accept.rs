//! Accepting a call: everything that can be said of it now is checked as for any call; what may
//! be different when it is made (who can serve, the provider's limits) is checked again then.

use gatehouse_domain::execution::{Deferred, Execution, Outcome};
use gatehouse_domain::id::{ExecutionId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::job::Class;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::records::IdempotentRequest;

use super::make::new_job;
use super::{Deferral, Wish};
use crate::execute::idempotency;
use crate::execute::record::begin;
use crate::execute::{Ask, Intended, Run};
use crate::idempotency::check_key;
use crate::mapping::Through;
use crate::rotation::guard_key;
use crate::routing::{Wanted, hash_of};
use crate::{Caller, Engine};

impl Engine {
    /// Accepts a call of an integration: it is checked as [`Engine::execute`] does and made by a
    /// job. Its record says what becomes of it. The same idempotency key gives the same record.
    ///
    /// # Errors
    /// As [`Engine::execute`], but for what the provider's state would refuse;
    /// [`ErrorKind::TooLarge`] for a call beyond 512 KiB.
    pub async fn accept_call(&self, by: &Caller, target: &str, ask: Ask) -> Result<Execution> {
        let integration = self.integration(by, target).await?.record;
        by.must_cover_capability(&ask.capability)?;
        let wanted = Wanted {
            capability: ask.capability.clone(),
            parameters: ask.parameters.clone(),
            integration: Some(integration.id.to_string()),
            entity: None,
            purpose: None,
            policy: None,
            idempotency_key: ask.idempotency_key.clone(),
            mapping: match ask.mapping {
                Through::Asked(mapping) => Some(mapping),
                Through::AsSaved | Through::Already(_) => None,
            },
        };
        self.accept_as(by, &integration, ask, Wish { direct: true, wanted }).await
    }

    /// Accepts a call by intent. Somebody has to be able to serve it now, so that what nobody ever
    /// could is refused at once; the choice itself is made anew when the call is.
    ///
    /// # Errors
    /// As [`Engine::execute_intent`] and [`Engine::accept_call`].
    pub async fn accept_intent(&self, by: &Caller, wanted: Wanted) -> Result<Execution> {
        if let Some(key) = &wanted.idempotency_key {
            let known = idempotency::of_accepted_intent(key, hash_of(&wanted), self.new_id()?, self.now())?;
            if let Some(known) = self.accepted(by.tenant()?, &known).await? {
                return Ok(known);
            }
        }
        let (integration, decision) = self.first_able(by, &wanted).await?;
        let intended =
            Intended { decision, attempt: 1, failover_of: None, more: false, request_hash: hash_of(&wanted) };
        let ask = Ask {
            capability: wanted.capability.clone(),
            parameters: wanted.parameters.clone(),
            idempotency_key: wanted.idempotency_key.clone(),
            intent: Some(Box::new(intended)),
            mapping: wanted.mapping.into(),
            ..Ask::default()
        };
        self.accept_as(by, &integration, ask, Wish { direct: false, wanted }).await
    }

    async fn accept_as(&self, by: &Caller, integration: &Integration, ask: Ask, wish: Wish) -> Result<Execution> {
        let id = self.new_id()?;
        let about = Deferred { accepted_at: self.now(), job: None, batch: None, waits_for: None };
        let ask = Ask { deferral: Some(Box::new(Deferral { id, about })), ..ask };
        let queued = self.describe_queued(by, integration, &ask, id).await?;
        let remembered = self.remembered(&queued, &ask)?;
        if let Some(remembered) = &remembered
            && let Some(known) = self.accepted(queued.tenant, remembered).await?
        {
            return Ok(known);
        }
        match self.keep_queued(by, queued.clone(), &wish, remembered.as_ref()).await {
            // The same request came twice at once, and the other one was first.
            Err(error) if error.kind == ErrorKind::Conflict => match &remembered {
                Some(remembered) => self.accepted(queued.tenant, remembered).await?.ok_or(error),
                None => Err(error),
            },
            kept => kept,
        }
    }

    /// The record of a call that could be made, as far as can be told without asking the provider.
    async fn describe_queued(
        &self,
        by: &Caller,
        integration: &Integration,
        ask: &Ask,
        id: ExecutionId,
    ) -> Result<Execution> {
        let run = Run::prepare(self, by.tenant()?, integration).await?;
        let rules = run.rules_of(&ask.capability)?;
        let mut ask = ask.clone();
        self.map_parameters(run.tenant, &run.integration, &mut ask).await?;
        let ask = &ask;
        run.parse(ask)?;
        self.check_offered(&integration.provider, &ask.capability, &ask.parameters).await?;
        let key = idempotency::provider_key(&run, id, ask);
        let session = run.open(self, &rules, &key)?;
        let mut execution = self.describe_execution(by, &run, ask, id);
        execution.outcome = Outcome::Queued;
        execution.effect = rules.effect;
        session.scrub_json(&mut execution.parameters);
        execution.exact_parameters = execution.parameters == ask.parameters;
        execution.idempotency_key = key;
        execution.tries = 0;
        Ok(execution)
    }

    fn remembered(&self, queued: &Execution, ask: &Ask) -> Result<Option<IdempotentRequest>> {
        let Some(key) = &ask.idempotency_key else { return Ok(None) };
        check_key(key)?;
        Ok(Some(idempotency::request(key, ask, queued, self.now())))
    }

    /// Stores the record, what it carries and its job in one commit.
    async fn keep_queued(
        &self,
        by: &Caller,
        mut queued: Execution,
        wish: &Wish,
        remembered: Option<&IdempotentRequest>,
    ) -> Result<Execution> {
        let tenant: TenantId = queued.tenant;
        let call = self.seal_call(by, queued.id, wish).await?;
        let mut work = self.own_work(Some(tenant));
        let job = self.jobs().enqueue(&mut work.admin(), new_job(tenant, queued.id, Class::Normal)?).await?;
        if let Some(deferred) = &mut queued.deferred {
            deferred.job = Some(job.id());
        }
        begin(work.change(), &queued)?;
        guard_key(work.change(), tenant, call.key_version)?;
        work.tenant(tenant).create(&call)?;
        if let Some(remembered) = remembered {
            // One that has expired may still be there; one that has not came meanwhile.
            let known = self.0.store.tenant(tenant).get::<IdempotentRequest>(&remembered.key).await?;
            match known.filter(|known| known.expires_at <= self.now()) {
                Some(expired) => work.tenant(tenant).replace(&expired, remembered)?,
                None => work.tenant(tenant).create(remembered)?,
            }
        }
        work.commit().await?;
        Ok(queued)
    }
}
