//! One call of a gateway's `sync` on the same path as every other call: grant, breaker, bulkhead,
//! budget; and what becomes of a run whose call did not succeed.

use gatehouse_domain::capability::Effect;
use gatehouse_domain::cassette::{self, PushedChange};
use gatehouse_domain::guest::{GuestError, GuestErrorKind};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_domain::sync::{RunState, SyncRun};
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::{Answer, Change, Target};
use tokio::time::{Duration, Instant};

use super::carry::{Bout, Next, later};
use crate::Engine;
use crate::cassettes::Taping;
use crate::execute::{Report, Run, Try};
use crate::resilience::{Priority, Seen};

/// How often a run may fail in a row before it is given up.
const MOST_FAILURES: u32 = 10;
/// The longest pause after the first failure; it doubles with each, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 600_000;
/// How long to wait for a limit of which the provider does not say how long it lasts.
const LIMIT_PAUSE_MS: u64 = 5_000;

/// What came of a call.
pub(super) enum Called {
    /// It was made.
    Made(Report),
    /// It was not, and nothing was sent.
    Not(Next),
}

impl Bout<'_> {
    /// What the next call is made with, its token among it; the end or a pause of the run where it
    /// can not be made.
    pub(super) async fn prepare(&mut self) -> Result<Result<Run, Next>> {
        let engine = self.engine;
        let signed = match Run::prepare(engine, self.tenant, &self.integration).await {
            Ok(mut run) => run.sign(engine, engine.longest()).await.map(|()| run),
            Err(error) => Err(error),
        };
        match signed {
            Ok(run) => Ok(Ok(run)),
            Err(Error { kind: ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Forbidden, message, .. }) => {
                Ok(Err(self.end(RunState::Failed, Some(message), None).await?))
            }
            // There is no token now.
            Err(Error { kind: ErrorKind::Unavailable, message, retry_after_ms, .. }) => {
                Ok(Err(self.try_later(message, retry_after_ms).await?))
            }
            Err(error) => Err(error),
        }
    }

    /// Calls the gateway, and once more where the provider refused the token and nothing else came
    /// of the call. `key` makes its writes safe to repeat.
    pub(super) async fn call(&self, run: &mut Run, target: Target, key: String) -> Result<Called> {
        let until = self.engine.longest();
        let called = self.call_once(run, target.clone(), key.clone()).await?;
        match called {
            Called::Made(report) if run.renew(self.engine, &report, until).await => {
                self.call_once(run, target, key).await
            }
            called => Ok(called),
        }
    }

    /// A pull only reads: where it searches by `POST`, the manifest has to say that this reads.
    async fn call_once(&self, run: &mut Run, target: Target, key: String) -> Result<Called> {
        let parts = &self.engine.0;
        let until = Instant::now() + Duration::from_millis(parts.policy.limits.wall_ms);
        let entry = run.entry(Priority::Sync, 1);
        let pass = match parts.resilience.enter(&parts.store, parts.clock.as_ref(), &entry, until).await {
            Ok(pass) => pass,
            Err(refused) => return Ok(Called::Not(self.wait(refused.retry_after_ms, refused.message))),
        };
        let effect = if matches!(target, Target::SyncPull { .. }) { Effect::Read } else { Effect::Write };
        let rules = CapabilityRules { effect, ..CapabilityRules::default() };
        run.taping = taping(self.engine, &run.integration, &target)?;
        let session = run.open(self.engine, &rules, &key)?;
        let report = run.call(self.engine, target, session, Try { key, number: 1, cancel: None }).await;
        let change = pass.finish(&Seen::of(&report.calls, &report.answer), self.engine.now());
        self.engine.tell_of_circuit(self.tenant, &self.integration, change, &report.answer).await;
        Ok(Called::Made(report))
    }

    /// What becomes of the run after an answer that is none.
    pub(super) async fn failed(&mut self, answer: Answer) -> Result<Next> {
        match answer {
            Answer::Refused(error) => self.refused(error).await,
            Answer::Fault(fault) => {
                let reason = fault.describe();
                let code = format!("{}@{}", self.integration.plugin.id, self.integration.plugin.version);
                match self.try_later(reason.clone(), None).await? {
                    Next::Wait { .. } if fault.is_of_the_code() => Ok(Next::Fault { code, reason }),
                    next => Ok(next),
                }
            }
            Answer::Ok(_) => Err(Error::internal("an answer was taken for none")),
        }
    }

    async fn refused(&mut self, error: GuestError) -> Result<Next> {
        let GuestError { kind, message, retry_after_ms, .. } = error;
        match kind {
            GuestErrorKind::RateLimited => Ok(self.wait(retry_after_ms, message)),
            GuestErrorKind::Unavailable | GuestErrorKind::Provider | GuestErrorKind::UnknownOutcome => {
                self.try_later(message, retry_after_ms).await
            }
            GuestErrorKind::Unauthorized => self.end(RunState::Failed, Some(message), Some(Signal::Refused)).await,
            _ => self.end(RunState::Failed, Some(message), None).await,
        }
    }

    /// Parks the run, which is no failure of it.
    pub(super) fn wait(&self, after_ms: Option<u64>, reason: String) -> Next {
        let pause = after_ms.unwrap_or(LIMIT_PAUSE_MS).max(1);
        Next::Wait { until: later(self.engine.now(), millis(pause)), reason }
    }

    /// Counts a failure and parks the run, or gives it up after the last.
    pub(super) async fn try_later(&mut self, reason: String, after_ms: Option<u64>) -> Result<Next> {
        let failures = self.run.failures + 1;
        if failures >= MOST_FAILURES {
            let reason = format!("it failed {failures} times in a row; the last time: {reason}");
            return self.end(RunState::Failed, Some(reason), None).await;
        }
        let mut change = self.change()?;
        let run = SyncRun { failures, ..self.run.record.clone() };
        self.write(&mut change, run, &self.state.record, Duration::ZERO)?;
        change.commit().await?;
        // Full jitter, so that runs that failed together do not come back together.
        let longest = FIRST_PAUSE_MS.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE_MS);
        let pause = (longest as f64 * self.engine.fraction()) as u64;
        Ok(self.wait(Some(pause.max(after_ms.unwrap_or_default())), reason))
    }
}

/// How a call of a sync is recorded. Each has an id of its own.
fn taping(engine: &Engine, integration: &Integration, target: &Target) -> Result<Option<Taping>> {
    let id = engine.new_id()?;
    Ok(match target {
        Target::SyncPull { entity, cursor, limit } => {
            let (cursor, limit) = (cursor.clone(), *limit);
            let called = || cassette::Called::SyncPull { entity: entity.clone(), cursor, limit };
            engine.taping(integration, id, &format!("sync.pull {entity}"), called)
        }
        Target::SyncPush { entity, changes } => {
            let changes = || changes.iter().cloned().map(pushed).collect();
            let called = || cassette::Called::SyncPush { entity: entity.clone(), changes: changes() };
            engine.taping(integration, id, &format!("sync.push {entity}"), called)
        }
        _ => None,
    })
}

fn pushed(change: Change) -> PushedChange {
    let Change { reference, id, deleted, data } = change;
    PushedChange { reference, id, deleted, data }
}

fn millis(millis: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
