//! Execute by intent: choose, try, and try the next one only where that is safe. Each attempt
//! has a record of its own, with the decision and a reference to the attempt before.

use std::time::{Duration, Instant};

use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::{ExecutionId, IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::routing::Decision;
use gatehouse_domain::{Error, Result};
use serde_json::json;

use super::choose::Chosen;
use super::{Wanted, failover};
use crate::deferred::Deferral;
use crate::execute::{Ask, Attempted, Intended, Stopped, sha256_hex};
use crate::{Caller, Engine};

/// The most attempts at one intent.
const MOST_ATTEMPTS: usize = 5;

impl Engine {
    /// Calls a capability of whoever shall serve it, and answers with the record of the last
    /// attempt, whatever came of it.
    ///
    /// # Errors
    /// As [`Engine::execute`] and [`Engine::decide`]; [`gatehouse_domain::ErrorKind::Conflict`]
    /// or [`gatehouse_domain::ErrorKind::Unavailable`] with every candidate's reason where nobody
    /// can serve.
    pub async fn execute_intent(&self, by: &Caller, wanted: Wanted) -> Result<Execution> {
        let tenant = by.tenant()?;
        let request_hash = hash_of(&wanted);
        if let Some(key) = &wanted.idempotency_key
            && let Some(known) = self.replay_intent(tenant, key, &request_hash).await?
        {
            return Ok(known);
        }
        self.attempt_intent(by, wanted, None).await
    }

    /// As [`Engine::execute_intent`], also for a call that was accepted before.
    pub(crate) async fn attempt_intent(
        &self,
        by: &Caller,
        wanted: Wanted,
        deferral: Option<Box<Deferral>>,
    ) -> Result<Execution> {
        let (tenant, request_hash) = (by.tenant()?, hash_of(&wanted));
        let chosen = self.choose(by, &wanted).await?;
        if chosen.able.is_empty() {
            return Err(chosen.nobody_serves(&wanted.capability));
        }
        let (engine, by) = (self.clone(), by.clone());
        let attempts = Attempts { engine, by, tenant, wanted, request_hash, deferral, last: None, tried: 0 };
        // In a task of its own: a caller that hangs up must not stop between two attempts.
        let run = tokio::spawn(attempts.run(chosen));
        run.await.map_err(|error| Error::internal("the call was cut off; see its records").caused_by(error))?
    }
}

/// The attempts at one intent.
struct Attempts {
    engine: Engine,
    by: Caller,
    tenant: TenantId,
    wanted: Wanted,
    request_hash: String,
    deferral: Option<Box<Deferral>>,
    /// The attempt before, which had done nothing.
    last: Option<Execution>,
    tried: u32,
}

impl Attempts {
    async fn run(mut self, chosen: Chosen) -> Result<Execution> {
        let end = Instant::now() + Duration::from_millis(self.engine.0.policy.limits.wall_ms);
        let mut decision = chosen.decision;
        let count = chosen.able.len().min(MOST_ATTEMPTS);
        for (place, integration) in chosen.able.iter().take(count).enumerate() {
            let more = place + 1 < count;
            decision.chosen = Some(integration.id);
            match self.attempt(integration, &decision, more).await {
                Ok(Attempted::Known(execution)) => return Ok(execution),
                Ok(Attempted::Ran(execution)) => match failover::may_fail_over(&execution) {
                    Ok(why) if more => {
                        note(&mut decision, integration.id, format!("failed as {}: {why}", execution.id));
                        self.last = Some(execution);
                    }
                    _ => return Ok(execution),
                },
                Err(Stopped::Before(error)) if failover::passes_on(&error) && (more || self.last.is_some()) => {
                    note(&mut decision, integration.id, error.message);
                }
                Err(stopped) => return Err(stopped.into()),
            }
            if Instant::now() >= end {
                break;
            }
        }
        self.give_up(&decision).await
    }

    async fn attempt(
        &mut self,
        integration: &Integration,
        decision: &Decision,
        more: bool,
    ) -> Result<Attempted, Stopped> {
        let intended = Intended {
            decision: decision.clone(),
            attempt: self.tried + 1,
            failover_of: self.last_id(),
            more,
            request_hash: self.request_hash.clone(),
        };
        let ask = Ask {
            capability: self.wanted.capability.clone(),
            parameters: self.wanted.parameters.clone(),
            idempotency_key: self.wanted.idempotency_key.clone(),
            intent: Some(Box::new(intended)),
            deferral: self.deferral.clone(),
            mapping: self.wanted.mapping.into(),
            ..Ask::default()
        };
        let outcome = self.engine.attempt(&self.by, integration, ask).await;
        self.tried += u32::from(outcome.is_ok());
        outcome
    }

    /// The answer where nobody is left to try: the last attempt's.
    async fn give_up(self, decision: &Decision) -> Result<Execution> {
        let Some(last) = self.last else {
            let chosen = Chosen { decision: decision.clone(), able: Vec::new(), blocked: Vec::new() };
            return Err(chosen.nobody_serves(&self.wanted.capability));
        };
        if let Some(deferral) = &self.deferral {
            return self.engine.end_as(self.tenant, deferral.id, &last).await;
        }
        if let Some(key) = &self.wanted.idempotency_key {
            self.engine.close_intent(self.tenant, key, &self.request_hash, &last).await?;
        }
        Ok(last)
    }

    fn last_id(&self) -> Option<ExecutionId> {
        self.last.as_ref().map(|last| last.id)
    }
}

/// Writes into the decision what became of a candidate.
fn note(decision: &mut Decision, id: IntegrationId, what: String) {
    for candidate in decision.candidates.iter_mut().filter(|candidate| candidate.integration == id) {
        candidate.eligible = false;
        candidate.reason.clone_from(&what);
    }
}

/// A digest of all that was asked for: the same key with another request is refused.
pub(crate) fn hash_of(wanted: &Wanted) -> String {
    let Wanted { capability, parameters, integration, entity, purpose, policy, mapping, .. } = wanted;
    let asked = match mapping {
        None => json!([capability, parameters, integration, entity, purpose, policy]),
        Some(mapping) => json!([capability, parameters, integration, entity, purpose, policy, mapping]),
    };
    sha256_hex(asked.to_string().as_bytes())
}
