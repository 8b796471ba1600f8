//! Execute: one call of a capability, from the request to the record.
//!
//! load → check → parse → replay a known key → grant → record the intent → call → record → answer.

use gatehouse_domain::capability::Effect;
use gatehouse_domain::cassette::Called;
use gatehouse_domain::execution::{Cost, Execution, Mapped, Outcome};
use gatehouse_domain::id::{CassetteId, ExecutionId};
use gatehouse_domain::install::Install;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::trace::SPANS;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::{Parameters, Target};
use serde_json::{Value, json};
use tracing::{Instrument, Span, field};

use crate::deferred::Deferral;
use crate::mapping::Through;
use crate::metrics::outcome;
use crate::resilience::Priority;
use crate::{Caller, Engine};

mod again;
mod attempt;
mod attempts;
mod canary;
pub(crate) mod idempotency;
mod judge;
pub(crate) mod record;
mod run;

pub use attempt::Intended;
pub(crate) use attempt::{Attempted, Stopped};
use attempts::Attempts;
use canary::Under;
pub(crate) use run::{Report, Run, Try, answered};

/// The shortest time that a caller may give a call, in milliseconds.
pub const LEAST_TIMEOUT_MS: u64 = 200;
/// The longest that a caller may name, in milliseconds; a server's own limit may be shorter, and holds then.
pub const MOST_TIMEOUT_MS: u64 = 600_000;

/// A call that is asked for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The capability's code.
    pub capability: String,
    /// Its parameters.
    pub parameters: Value,
    /// The caller's own key for the request: asking again with it gives the same answer.
    pub idempotency_key: Option<String>,
    /// How long the caller waits for the answer, in milliseconds, from [`LEAST_TIMEOUT_MS`] to
    /// [`MOST_TIMEOUT_MS`]; as long as a call may take where absent, and never longer.
    pub timeout_ms: Option<u64>,
    /// The execution that it makes again.
    pub replay_of: Option<ExecutionId>,
    /// What led to this integration, where the request named none.
    pub intent: Option<Box<Intended>>,
    /// The record that it was accepted under, where it was accepted before.
    pub deferral: Option<Box<Deferral>>,
    /// Whether it goes through the mapping of its capability.
    pub mapping: Through,
    /// The version of the mapping that it went through; noted on the way, nothing that is asked for.
    pub mapped: Option<u32>,
    /// The parameters as the caller gave them, where a mapping made others of them; as above.
    pub given: Option<Value>,
}

impl Ask {
    fn priority(&self) -> Priority {
        let in_batch = self.deferral.as_ref().is_some_and(|deferral| deferral.about.batch.is_some());
        if in_batch { Priority::Sync } else { Priority::Interactive }
    }
}

impl Engine {
    /// Calls a capability of an integration and answers with its record, whatever came of it.
    ///
    /// # Errors
    /// Only for what was refused before anything left: [`gatehouse_domain::ErrorKind::Invalid`]
    /// with JSON paths, [`gatehouse_domain::ErrorKind::NotFound`],
    /// [`gatehouse_domain::ErrorKind::Conflict`], and where the provider can not be asked now
    /// [`gatehouse_domain::ErrorKind::CircuitOpen`], [`gatehouse_domain::ErrorKind::RateLimited`]
    /// or [`gatehouse_domain::ErrorKind::Overloaded`].
    pub async fn execute(&self, by: &Caller, target: &str, ask: Ask) -> Result<Execution> {
        let stored = self.integration(by, target).await?;
        Ok(self.attempt(by, &stored.record, ask).await?.execution())
    }

    /// Calls a capability of an integration once. The error tells whether anything can have left.
    pub(crate) async fn attempt(&self, by: &Caller, integration: &Integration, ask: Ask) -> Result<Attempted, Stopped> {
        let span = tracing::info_span!(
            target: SPANS,
            "execute",
            gatehouse.provider = integration.provider,
            gatehouse.capability = field::Empty,
            gatehouse.execution = field::Empty,
            gatehouse.outcome = field::Empty,
            otel.status_code = field::Empty,
        );
        let attempted = self.attempt_once(by, integration, ask).instrument(span.clone().or_current()).await;
        let attempted = attempted.inspect_err(|_| {
            span.record("otel.status_code", "ERROR");
        })?;
        let execution = attempted.record();
        span.record("gatehouse.capability", &execution.capability);
        span.record("gatehouse.execution", field::display(execution.id));
        span.record("gatehouse.outcome", outcome(execution.outcome));
        Ok(attempted)
    }

    async fn attempt_once(&self, by: &Caller, integration: &Integration, mut ask: Ask) -> Result<Attempted, Stopped> {
        let until = self.deadline(&ask)?;
        by.must_cover_capability(&ask.capability)?;
        let id: ExecutionId = ask.deferral.as_ref().map_or_else(|| self.new_id(), |deferral| Ok(deferral.id))?;
        let asked_under = ask.idempotency_key.clone().unwrap_or_else(|| id.to_string());
        let mut run = self.prepare_call(by.tenant()?, integration, &asked_under).await?;
        if run.home().is_none() {
            run.rules_of(&ask.capability)?;
        }
        self.map_parameters(run.tenant, integration, &mut ask).await?;
        let (rules, parameters) = self.fit(&mut run, &ask).await?;
        self.check_offered(&integration.provider, &ask.capability, &ask.parameters).await?;
        if let Some(known) = self.replay(run.tenant, run.integration.id, &ask).await? {
            return Ok(Attempted::Known(known));
        }
        run.sign(self, until).await?;
        let key = idempotency::provider_key(&run, id, &ask);
        let first = Attempts::begin(self, &mut run, rules, &key, (until, ask.priority())).await?;
        let mut execution = self.describe_execution(by, &run, &ask, id);
        run.taping = self.taping(integration, CassetteId::from_bytes(id.to_bytes()), &ask.capability, || {
            Called::Capability { capability: ask.capability.clone(), parameters: ask.parameters.clone() }
        });
        execution.effect = first.effect();
        first.scrub(&mut execution.parameters);
        execution.exact_parameters = execution.parameters == ask.parameters;
        execution.idempotency_key = key;
        // In a task of its own: a caller that hangs up must not cut a write off half-way.
        let engine = self.clone();
        let carried = async move { engine.carry_out(run, first, execution, ask, parameters).await };
        let call = tokio::spawn(carried.instrument(Span::current()));
        call.await
            .map_err(|error| Stopped::After(Error::internal("the call was cut off; see its record").caused_by(error)))?
    }

    async fn carry_out(
        &self,
        mut run: Run,
        first: Attempts,
        mut execution: Execution,
        ask: Ask,
        parameters: Parameters,
    ) -> Result<Attempted, Stopped> {
        let _running = self.0.metrics.executions.begin();
        let started = std::time::Instant::now();
        // Known before the record says that it runs, so that whoever reads that can end it.
        let (cancel, _running) = self.0.running.enter(execution.id);
        if let Some(known) = self.record_intent(&run, &mut execution, &ask).await? {
            return Ok(Attempted::Known(known));
        }
        let key = execution.idempotency_key.clone();
        let until = first.until();
        let made = first.make(self, &mut run, &Target::Capability(parameters), (key.clone(), cancel.clone())).await;
        let made = self.settle_canary(&mut run, made, &ask, (key, until, cancel.clone())).await;
        execution.plugin.clone_from(&run.integration.plugin);
        judge::settle(&mut execution, made.last);
        self.map_result(&mut execution).await;
        if cancel.is_cancelled() {
            judge::take_back(&mut execution);
        }
        execution.calls.splice(0..0, made.before);
        execution.tries = made.tries;
        self.open_ledger(&mut execution)?;
        execution.finished_at = Some(self.now());
        execution.duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.record_outcome(&run, &mut execution, &ask).await.map_err(Stopped::After)?;
        self.count_for_routing(&execution);
        self.0.metrics.executions.ended(&execution);
        Ok(Attempted::Ran(execution))
    }

    pub(crate) fn describe_execution(&self, by: &Caller, run: &Run, ask: &Ask, id: ExecutionId) -> Execution {
        Execution {
            id,
            tenant: run.tenant,
            integration: run.integration.id,
            provider: run.integration.provider.clone(),
            plugin: run.integration.plugin.clone(),
            capability: ask.capability.clone(),
            effect: Effect::Write,
            actor: by.key.id,
            request: by.request,
            idempotency_key: String::new(),
            outcome: Outcome::Running,
            parameters: ask.parameters.clone(),
            result: None,
            error: None,
            fault: None,
            calls: Vec::new(),
            log: Vec::new(),
            tries: 1,
            cost: Cost::default(),
            started_at: self.now(),
            finished_at: None,
            duration_us: 0,
            exact_parameters: false,
            sent_as: run.sent_as.clone(),
            replay_of: ask.replay_of,
            unresolved: None,
            resolution: None,
            decision: ask.intent.as_ref().map(|intent| intent.decision.clone()),
            attempt: ask.intent.as_ref().map_or(1, |intent| intent.attempt),
            failover_of: ask.intent.as_ref().and_then(|intent| intent.failover_of),
            deferred: ask.deferral.as_ref().map(|deferral| deferral.about.clone()),
            mapping: ask.mapped.map(|version| Mapped { version, problem: None }),
        }
    }
}

/// What tells one sender from another: with other settings or another credential the provider
/// may take a call for somebody else's.
fn sent_as(integration: &Integration, install: &Install) -> String {
    let mut settings = install.config.clone();
    settings.extend(integration.settings.clone());
    sha256_hex(json!([settings, integration.credential_version]).to_string().as_bytes())
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(crate) mod tests;
