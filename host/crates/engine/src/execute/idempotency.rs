//! Asking twice with the same `Idempotency-Key` gives one call and the same answer
//! (draft-ietf-httpapi-idempotency-key-header).

use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::{ExecutionId, IntegrationId, TenantId};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::records::IdempotentRequest;
use serde_json::json;

use super::run::Run;
use super::{Ask, sha256_hex};
use crate::Engine;
use crate::idempotency::{REMEMBERED, check_key};
use crate::mapping::Through;

/// How long after a failed attempt the next one has begun, if one will.
const BETWEEN_ATTEMPTS: SignedDuration = SignedDuration::from_secs(60);

impl Engine {
    /// The record of an earlier request with the same key.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the earlier request was another one, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] while it is still running.
    pub(super) async fn replay(
        &self,
        tenant: TenantId,
        integration: IntegrationId,
        ask: &Ask,
    ) -> Result<Option<Execution>> {
        // A call by intent was looked for before the choice, and one that was accepted before, then;
        // the attempts after the first are known.
        if ask.intent.is_some() || ask.deferral.is_some() {
            return Ok(None);
        }
        let Some(key) = &ask.idempotency_key else { return Ok(None) };
        self.known(tenant, &of_integration(integration, key), &request_hash(ask), key).await
    }

    /// The record of an earlier call by intent with the same key.
    ///
    /// # Errors
    /// As [`Engine::replay`].
    pub(crate) async fn replay_intent(&self, tenant: TenantId, key: &str, hash: &str) -> Result<Option<Execution>> {
        self.known(tenant, &of_intent(key), hash, key).await
    }

    /// Says that no attempt follows `execution` any more, so that it is the answer.
    pub(crate) async fn close_intent(
        &self,
        tenant: TenantId,
        key: &str,
        hash: &str,
        execution: &Execution,
    ) -> Result<()> {
        let closed = remembered(of_intent(key), hash.to_owned(), execution.id, false, self.now());
        let mut change = self.0.store.change();
        change.tenant(tenant).put(&closed)?;
        change.commit().await.map(|_| ())
    }

    /// The record that a call which shall be accepted has already, whatever has become of it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the key came with another request.
    pub(crate) async fn accepted(&self, tenant: TenantId, wanted: &IdempotentRequest) -> Result<Option<Execution>> {
        let scope = self.0.store.tenant(tenant);
        let known = scope.get::<IdempotentRequest>(&wanted.key).await?;
        let Some(known) = known.filter(|known| self.now() < known.expires_at) else { return Ok(None) };
        if known.request_hash != wanted.request_hash {
            return Err(another_request());
        }
        Ok(scope.get::<Execution>(&known.execution).await?.map(|stored| stored.record))
    }

    async fn known(&self, tenant: TenantId, scoped: &str, hash: &str, key: &str) -> Result<Option<Execution>> {
        check_key(key)?;
        let scope = self.0.store.tenant(tenant);
        let known = scope.get::<IdempotentRequest>(&scoped.to_owned()).await?;
        let Some(known) = known.filter(|known| self.now() < known.expires_at) else { return Ok(None) };
        if known.request_hash != hash {
            return Err(another_request());
        }
        match scope.get::<Execution>(&known.execution).await? {
            Some(execution) if is_answer(&execution, &known, self.now()) => {
                self.0.metrics.executions.replayed(&execution.provider);
                Ok(Some(execution.record))
            }
            _ => {
                let message =
                    format!("the first request with this idempotency key is still running as {}", known.execution);
                Err(Error::conflict(message).retry_after(1_000))
            }
        }
    }
}

/// What is remembered of a request with a key, once `execution` is begun or has ended.
pub(crate) fn request(key: &str, ask: &Ask, execution: &Execution, now: Timestamp) -> IdempotentRequest {
    match &ask.intent {
        Some(intent) => remembered(of_intent(key), intent.request_hash.clone(), execution.id, intent.more, now),
        None => remembered(of_integration(execution.integration, key), request_hash(ask), execution.id, false, now),
    }
}

/// What is looked for of an accepted call by intent.
pub(crate) fn of_accepted_intent(
    key: &str,
    hash: String,
    execution: ExecutionId,
    now: Timestamp,
) -> Result<IdempotentRequest> {
    check_key(key)?;
    Ok(remembered(of_intent(key), hash, execution, false, now))
}

/// The key the provider sees: the execution's own, or derived from the caller's, so that two
/// tenants with one key stay apart and asking again gives the same.
pub(crate) fn provider_key(run: &Run, id: ExecutionId, ask: &Ask) -> String {
    let Some(key) = &ask.idempotency_key else {
        // One record stands for all attempts at a call that was accepted before.
        let deferred = ask.deferral.is_some().then(|| derived(&format!("{id}\n{}", run.integration.id)));
        return deferred.unwrap_or_else(|| id.to_string());
    };
    let route = if ask.intent.is_some() { "intent\n" } else { "" };
    derived(&format!("{}\n{}\n{route}{key}", run.tenant, run.integration.id))
}

fn derived(from: &str) -> String {
    let digest = sha256_hex(from.as_bytes());
    format!("gh_{}", digest.get(..40).unwrap_or(&digest))
}

fn remembered(
    key: String,
    request_hash: String,
    execution: ExecutionId,
    open: bool,
    now: Timestamp,
) -> IdempotentRequest {
    let expires_at = now.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX);
    IdempotentRequest { key, request_hash, execution, expires_at, open }
}

/// Whether what is known is the answer. While another attempt may follow a failure, it is not;
/// where the server stopped between two attempts, none follows, and after a while that is clear.
fn is_answer(execution: &Execution, known: &IdempotentRequest, now: Timestamp) -> bool {
    let quiet = |end: Timestamp| now.duration_since(end) > BETWEEN_ATTEMPTS;
    match execution.outcome {
        Outcome::Queued | Outcome::Running => false,
        Outcome::Failed if known.open => execution.finished_at.is_some_and(quiet),
        _ => true,
    }
}

fn another_request() -> Error {
    let problem = Problem::at("Idempotency-Key", "was used for another request; send a new key");
    Error::problems("the idempotency key does not fit this request", vec![problem])
}

fn of_integration(integration: IntegrationId, key: &str) -> String {
    sha256_hex(format!("{integration}\n{key}").as_bytes())
}

fn of_intent(key: &str) -> String {
    sha256_hex(format!("intent\n{key}").as_bytes())
}

fn request_hash(ask: &Ask) -> String {
    let parameters = ask.given.as_ref().unwrap_or(&ask.parameters);
    let asked = match ask.mapping {
        Through::Asked(mapping) => json!([ask.capability, parameters, mapping]),
        Through::AsSaved | Through::Already(_) => json!([ask.capability, parameters]),
    };
    sha256_hex(asked.to_string().as_bytes())
}
