//! One attempt to find out the outcome of a write: load, plan, repeat or look up, settle.
//!
//! It may be cut off at any point and made again. Every step is checked against the version of
//! the record that it was decided on, so that of two attempts, or of an attempt and a person,
//! one prevails.

use std::time::Duration;

use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{Execution, How, Outcome, Resolution, Unresolved};
use gatehouse_domain::guest::{GuestError, GuestErrorKind};
use gatehouse_domain::id::{ExecutionId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::{CapabilityRules, Idempotency};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::{Target, Write};
use gatehouse_store::Stored;
use serde_json::Value;

use super::backoff;
use super::plan::{self, Means, Step};
use super::verdict::{self, Verdict};
use crate::Engine;
use crate::execute::{Report, Run, Try};

/// How many requests to the provider a record keeps.
const KEPT_CALLS: usize = 64;
/// How much longer than it may take a repeat is taken to be under way.
const GRACE: Duration = Duration::from_secs(5);

/// When an outcome is to be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Never: it is known now, or left to a person.
    Never,
    /// At this moment.
    At(Timestamp),
}

/// What an attempt has found.
struct Found {
    how: How,
    verdict: Verdict,
    /// When it is of use to ask again, at the earliest.
    not_before: Option<Timestamp>,
}

/// What an attempt works with.
struct Attempt<'e> {
    engine: &'e Engine,
    run: Run,
    rules: CapabilityRules,
    means: Means,
}

impl Engine {
    /// Asks once for the outcome of an execution, if it is unknown and it is time to.
    ///
    /// # Errors
    /// Whatever the store says; it is to be tried again then.
    pub(crate) async fn ask_for_outcome(&self, tenant: TenantId, id: ExecutionId) -> Result<Next> {
        let Some(stored) = self.0.store.tenant(tenant).get::<Execution>(&id).await? else { return Ok(Next::Never) };
        let Some(known) = stored.unresolved.clone().filter(|_| stored.outcome == Outcome::Unknown) else {
            return Ok(Next::Never);
        };
        let Some(due) = known.next_attempt_at else { return Ok(Next::Never) };
        if self.now() < due {
            return Ok(Next::At(due));
        }
        let asked = self.ask(&stored, known).await;
        match asked {
            // Somebody else has settled it, or is at it.
            Err(error) if error.kind == ErrorKind::Conflict => self.where_it_stands(tenant, id).await,
            asked => asked,
        }
    }

    async fn ask(&self, stored: &Stored<Execution>, known: Unresolved) -> Result<Next> {
        let Some(integration) = self.0.store.tenant(stored.tenant).get::<Integration>(&stored.integration).await?
        else {
            let reason = "its integration was deleted, so nobody can be asked".to_owned();
            return self.leave_to_a_person(stored, known, reason).await;
        };
        let attempt = match Attempt::prepare(self, stored, &integration).await {
            Ok(attempt) => attempt,
            Err(error) if matches!(error.kind, ErrorKind::Corrupt | ErrorKind::StorageFull) => return Err(error),
            // The integration was switched off, or its plugin is not at hand: later it may do.
            Err(error) if self.now() < backoff::after(known.first_sent_at, self.0.policy.ledger.give_up) => {
                let note = format!("it can not be asked for: {}", error.message);
                let verdict = Verdict::Nothing { note, wait_ms: None };
                return self.settle(stored, Found { how: How::LookUp, verdict, not_before: None }, known).await;
            }
            Err(error) => return self.leave_to_a_person(stored, known, error.message).await,
        };
        match plan::next(&known, &attempt.means, self.now()) {
            Step::Repeat => attempt.repeat(stored, known).await,
            Step::LookUp => attempt.look_up(stored, known).await,
            Step::Wait(at) => self.wait(stored, known, at).await,
            Step::ByHand(reason) => self.leave_to_a_person(stored, known, reason).await,
        }
    }

    async fn where_it_stands(&self, tenant: TenantId, id: ExecutionId) -> Result<Next> {
        let stored = self.0.store.tenant(tenant).get::<Execution>(&id).await?;
        let due = stored.and_then(|stored| stored.unresolved.as_ref().and_then(|known| known.next_attempt_at));
        Ok(due.map_or(Next::Never, Next::At))
    }

    /// Stores what an attempt has found out.
    async fn settle(&self, stored: &Stored<Execution>, found: Found, mut known: Unresolved) -> Result<Next> {
        known.attempts += 1;
        known.repeating_until = None;
        match found.verdict {
            Verdict::Done(result) => self.resolve(stored, &known, found.how, Ok(result)).await,
            Verdict::NotDone(error) => self.resolve(stored, &known, found.how, Err(error)).await,
            Verdict::Absent if plan::is_absent(known.absences + 1) => {
                self.resolve(stored, &known, found.how, Err(not_done())).await
            }
            Verdict::Absent => {
                known.absences += 1;
                known.last_note = Some("the provider does not have it".to_owned());
                self.ask_again(stored, known, None).await
            }
            Verdict::Nothing { note, wait_ms } => {
                known.absences = 0;
                known.last_note = Some(note);
                let wished = wait_ms.map(|wait| backoff::after(self.now(), Duration::from_millis(wait)));
                self.ask_again(stored, known, wished.max(found.not_before)).await
            }
        }
    }

    /// Stores the outcome.
    async fn resolve(
        &self,
        stored: &Stored<Execution>,
        known: &Unresolved,
        how: How,
        end: Result<Value, GuestError>,
    ) -> Result<Next> {
        let note = said(how, end.as_ref().err());
        let resolution = Resolution { how, by: None, at: self.now(), attempts: known.attempts, note };
        let mut next = resolved(&stored.record, resolution, end);
        self.map_result(&mut next).await;
        let mut work = self.own_work(Some(next.tenant));
        work.tenant(next.tenant).replace(stored, &next)?;
        self.leave_ledger(&mut work, &next)?;
        work.commit().await?;
        tracing::info!(execution.id = %next.id, outcome = ?next.outcome, ?how, "an unknown outcome was found out");
        Ok(Next::Never)
    }

    /// Has it asked for again after the usual wait, and not before `not_before`.
    async fn ask_again(
        &self,
        stored: &Stored<Execution>,
        known: Unresolved,
        not_before: Option<Timestamp>,
    ) -> Result<Next> {
        let wait = backoff::wait(&self.0.policy.ledger, known.attempts, crate::clock::random()?);
        let at = backoff::after(self.now(), wait).max(not_before.unwrap_or(Timestamp::MIN));
        self.wait(stored, known, at).await
    }

    async fn wait(&self, stored: &Stored<Execution>, mut known: Unresolved, at: Timestamp) -> Result<Next> {
        known.next_attempt_at = Some(at);
        self.keep(stored, known).await?;
        Ok(Next::At(at))
    }

    async fn leave_to_a_person(&self, stored: &Stored<Execution>, known: Unresolved, reason: String) -> Result<Next> {
        tracing::warn!(execution.id = %stored.id, reason, "an unknown outcome is left to a person");
        let known = Unresolved { next_attempt_at: None, repeating_until: None, by_hand: Some(reason), ..known };
        let next = Execution { unresolved: Some(known), ..stored.record.clone() };
        let mut work = self.own_work(Some(next.tenant));
        work.tenant(next.tenant).replace(stored, &next)?;
        self.tell_of(&mut work, "execution.unresolved", &next)?;
        work.commit().await?;
        Ok(Next::Never)
    }

    /// Stores how the asking stands. Answers nothing: the record is read again before the next step.
    async fn keep(&self, stored: &Stored<Execution>, known: Unresolved) -> Result<()> {
        let next = Execution { unresolved: Some(known), ..stored.record.clone() };
        let mut change = self.0.store.change();
        change.tenant(next.tenant).replace(stored, &next)?;
        change.commit().await.map(|_| ())
    }
}

impl<'e> Attempt<'e> {
    async fn prepare(engine: &'e Engine, stored: &Execution, integration: &Integration) -> Result<Self> {
        // The version that sent it asks: another one may have other keys and other requests.
        let integration = Integration { plugin: stored.plugin.clone(), ..integration.clone() };
        let mut run = Run::prepare(engine, stored.tenant, &integration).await?;
        run.sign(engine, engine.longest()).await?;
        let rules = run.rules_of(&stored.capability)?;
        let same_sender = run.sent_as == stored.sent_as;
        let means = means(engine, &run, &rules, stored.exact_parameters, same_sender);
        Ok(Self { engine, run, rules, means })
    }

    /// Sends the write again with the same key. That it is sent again is durable before it is.
    async fn repeat(&self, stored: &Stored<Execution>, mut known: Unresolved) -> Result<Next> {
        let parameters = self.run.plugin.parse(&stored.capability, &stored.parameters)?;
        let now = self.engine.now();
        known.last_sent_at = backoff::after(now, self.means.call);
        known.repeating_until = Some(backoff::after(now, self.means.call + GRACE));
        known.absences = 0;
        self.engine.keep(stored, known.clone()).await?;
        let begun = self.engine.0.store.tenant(stored.tenant).get::<Execution>(&stored.id).await?;
        let Some(mut begun) = begun.filter(|begun| begun.unresolved.as_ref() == Some(&known)) else {
            return Err(Error::conflict(format!("the execution `{}` was settled meanwhile", stored.id)));
        };
        let session = self.run.open(self.engine, &self.rules, &stored.idempotency_key)?;
        let target = Target::Capability(parameters);
        // The call itself was the first.
        let this = Try { key: stored.idempotency_key.clone(), number: known.attempts.saturating_add(2), cancel: None };
        let report = self.run.call(self.engine, target, session, this).await;
        known.last_sent_at = self.engine.now();
        known.repeats += u32::from(verdict::was_sent(&report));
        let verdict = verdict::of_repeat(&report);
        add_calls(&mut begun.record, report);
        self.engine.settle(&begun, Found { how: How::Repeat, verdict, not_before: None }, known).await
    }

    async fn look_up(&self, stored: &Stored<Execution>, known: Unresolved) -> Result<Next> {
        let asked_at = self.engine.now();
        let report = self
            .run
            .look_as(self.engine, Target::LookUp(write(stored, &known)), stored.idempotency_key.clone())
            .await?;
        let mut found = verdict::of_look_up(&report);
        let mut not_before = None;
        if found == Verdict::Absent && !plan::absence_counts(&known, &self.means, asked_at) {
            let note = "the provider does not have it, which can not be believed yet".to_owned();
            found = Verdict::Nothing { note, wait_ms: None };
            not_before = plan::absence_counts_from(&known, &self.means);
        }
        self.engine.settle(stored, Found { how: How::LookUp, verdict: found, not_before }, known).await
    }
}

fn means(engine: &Engine, run: &Run, rules: &CapabilityRules, exact: bool, same_sender: bool) -> Means {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let has_key = rules.effect == Effect::Write && rules.idempotency != Idempotency::None;
    Means {
        window: rules.window_hours.filter(|_| has_key).map(|hours| seconds(hours.saturating_mul(3_600))),
        exact,
        same_sender,
        looks_up: run.plugin.looks_up(),
        look_up_after: rules.look_up_after_seconds.map(seconds),
        absent_after: rules.absent_after_seconds.map(seconds),
        call: Duration::from_millis(engine.0.policy.limits.wall_ms),
        give_up: engine.0.policy.ledger.give_up,
    }
}

fn write(execution: &Execution, known: &Unresolved) -> Write {
    let millis = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap_or_default();
    Write {
        capability: execution.capability.clone(),
        parameters: execution.parameters.clone(),
        reference: execution.idempotency_key.clone(),
        first_sent_at_ms: millis(known.first_sent_at),
        last_sent_at_ms: millis(known.last_sent_at),
    }
}

/// Keeps the requests of a repeat with those of the call itself.
fn add_calls(execution: &mut Execution, report: Report) {
    execution.calls.extend(report.calls);
    let beyond = execution.calls.len().saturating_sub(KEPT_CALLS);
    execution.calls.drain(..beyond);
}

/// The execution with the outcome that was found out.
pub(super) fn resolved(unknown: &Execution, resolution: Resolution, end: Result<Value, GuestError>) -> Execution {
    let (outcome, result, error) = match end {
        Ok(result) => (Outcome::Succeeded, Some(result), None),
        Err(error) => (Outcome::Failed, None, Some(error)),
    };
    let resolution = Some(resolution);
    Execution { outcome, result, error, fault: None, unresolved: None, resolution, ..unknown.clone() }
}

fn said(how: How, error: Option<&GuestError>) -> String {
    let asked = if how == How::Repeat { "repeated with the same key" } else { "looked up by our reference" };
    match error {
        None => format!("{asked}: it was done"),
        Some(error) => format!("{asked}: it was not done: {}", error.message),
    }
}

fn not_done() -> GuestError {
    GuestError {
        kind: GuestErrorKind::Unavailable,
        message: "the provider does not have it: nothing was done".to_owned(),
        provider_code: None,
        http_status: None,
        retry_after_ms: None,
    }
}
