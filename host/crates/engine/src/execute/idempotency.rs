//! Asking twice with the same `Idempotency-Key` gives one call and the same answer
//! (draft-ietf-httpapi-idempotency-key-header).

use gatehouse_domain::execution::{Execution, Outcome};
use gatehouse_domain::id::{ExecutionId, IntegrationId};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_store::records::IdempotentRequest;
use serde_json::json;

use super::run::Run;
use super::{Ask, sha256_hex};
use crate::Engine;
use crate::idempotency::{REMEMBERED, check_key};

impl Engine {
    /// The record of an earlier request with the same key.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] where the earlier request was another one, and
    /// [`gatehouse_domain::ErrorKind::Conflict`] while it is still running.
    pub(super) async fn replay(&self, run: &Run, ask: &Ask) -> Result<Option<Execution>> {
        let Some(key) = &ask.idempotency_key else { return Ok(None) };
        check_key(key)?;
        let scope = self.0.store.tenant(run.tenant);
        let known = scope.get::<IdempotentRequest>(&scoped(run.integration.id, key)).await?;
        let Some(known) = known.filter(|known| self.now() < known.expires_at) else { return Ok(None) };
        if known.request_hash != request_hash(ask) {
            let problem = Problem::at("Idempotency-Key", "was used for another request; send a new key");
            return Err(Error::problems("the idempotency key does not fit this request", vec![problem]));
        }
        match scope.get::<Execution>(&known.execution).await? {
            Some(execution) if execution.outcome != Outcome::Running => {
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

/// What is remembered of a request with a key.
pub(super) fn request(key: &str, ask: &Ask, execution: &Execution, now: Timestamp) -> IdempotentRequest {
    IdempotentRequest {
        key: scoped(execution.integration, key),
        request_hash: request_hash(ask),
        execution: execution.id,
        expires_at: now.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX),
    }
}

/// The key the provider sees: the execution's own, or derived from the caller's, so that two
/// tenants with one key stay apart and asking again gives the same.
pub(super) fn provider_key(run: &Run, id: ExecutionId, ask: &Ask) -> String {
    let Some(key) = &ask.idempotency_key else { return id.to_string() };
    let digest = sha256_hex(format!("{}\n{}\n{key}", run.tenant, run.integration.id).as_bytes());
    format!("gh_{}", digest.get(..40).unwrap_or(&digest))
}

fn scoped(integration: IntegrationId, key: &str) -> String {
    sha256_hex(format!("{integration}\n{key}").as_bytes())
}

fn request_hash(ask: &Ask) -> String {
    sha256_hex(json!([ask.capability, ask.parameters]).to_string().as_bytes())
}
