//! The attempts of one call: each is let in, made, and learned from; another one follows only
//! where the one before is known to have done nothing.

use gatehouse_broker::Session;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::ProviderCall;
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_runtime::{Cancel, Target};
use serde_json::Value;
use tokio::time::{Duration, Instant, sleep};

use super::run::{Report, Run, Try};
use super::{Ask, LEAST_TIMEOUT_MS, MOST_TIMEOUT_MS};
use crate::Engine;
use crate::resilience::{Attempt, Pass, Priority, Seen, next_try};

/// Where callers say how long they wait.
const TIMEOUT: &str = "Gatehouse-Timeout-Ms";

/// A call whose first attempt was let in.
pub(super) struct Attempts {
    session: Session,
    pass: Pass,
    rules: CapabilityRules,
    until: Instant,
    priority: Priority,
}

/// What came of the attempts.
pub(super) struct Made {
    /// The last one.
    pub(super) last: Report,
    /// The requests of those before it.
    pub(super) before: Vec<ProviderCall>,
    /// How many there were.
    pub(super) tries: u32,
}

impl Engine {
    /// When the time of a call is over that no caller waits for.
    pub(crate) fn longest(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.0.policy.limits.wall_ms)
    }

    /// When the caller's time is over.
    pub(super) fn deadline(&self, ask: &Ask) -> Result<Instant> {
        let longest = self.0.policy.limits.wall_ms;
        let bounds = LEAST_TIMEOUT_MS.min(longest)..=MOST_TIMEOUT_MS;
        match ask.timeout_ms {
            Some(millis) if !bounds.contains(&millis) => {
                let which = if millis > MOST_TIMEOUT_MS { "long" } else { "short" };
                let message = format!(
                    "{millis} is too {which} for a call; send {LEAST_TIMEOUT_MS} to {MOST_TIMEOUT_MS}, or leave it out"
                );
                Err(Error::problems("the timeout does not fit", vec![Problem::at(TIMEOUT, message)]))
            }
            asked => Ok(Instant::now() + Duration::from_millis(asked.unwrap_or(longest).min(longest))),
        }
    }
}

impl Attempts {
    /// Lets the first attempt in, after a short wait where it has to, and opens its session.
    pub(super) async fn begin(
        engine: &Engine,
        run: &mut Run,
        rules: CapabilityRules,
        key: &str,
        (until, priority): (Instant, Priority),
    ) -> Result<Self> {
        let pass = enter(engine, run, until, (priority, 1)).await?;
        run.end_by(until);
        let session = run.open(engine, &rules, key)?;
        Ok(Self { session, pass, rules, until, priority })
    }

    /// When the caller's time is over.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn effect(&self) -> Effect {
        self.rules.effect
    }

    /// Takes every secret of the session out of `value`.
    pub(super) fn scrub(&self, value: &mut Value) {
        self.session.scrub_json(value);
    }

    /// Makes the attempts; none is begun once `cancel` is set off.
    pub(super) async fn make(
        self,
        engine: &Engine,
        run: &mut Run,
        target: &Target,
        (key, cancel): (String, Cancel),
    ) -> Made {
        let Self { mut session, mut pass, rules, until, priority } = self;
        let mut before = Vec::new();
        let mut number = 1;
        // A token is renewed once a call: where the next one is refused too, that is the answer.
        let mut renewed = false;
        loop {
            run.end_by(until);
            let this = Try { key: key.clone(), number, cancel: Some(cancel.clone()) };
            let last = run.call(engine, target.clone(), session, this).await;
            let change = pass.finish(&Seen::of(&last.calls, &last.answer), engine.now());
            engine.tell_of_circuit(run.tenant, &run.integration, change, &last.answer).await;
            if !renewed && !cancel.is_cancelled() && run.renew(engine, &last, until).await {
                renewed = true;
                let Some(again) = begin_again(engine, run, &rules, &key, until, (priority, number + 1)).await else {
                    return Made { last, before, tries: number };
                };
                (session, pass) = again;
                number += 1;
                before.extend(last.calls);
                continue;
            }
            let pause = pause(engine, run, &rules, number, &last, until).filter(|_| !cancel.is_cancelled());
            let Some(pause) = pause else {
                return Made { last, before, tries: number };
            };
            sleep(pause).await;
            if cancel.is_cancelled() {
                return Made { last, before, tries: number };
            }
            // The place was given back for the pause: others may have used it better.
            let Some(again) = begin_again(engine, run, &rules, &key, until, (priority, number + 1)).await else {
                return Made { last, before, tries: number };
            };
            (session, pass) = again;
            number += 1;
            before.extend(last.calls);
        }
    }
}

async fn enter(engine: &Engine, run: &Run, until: Instant, (priority, number): (Priority, u32)) -> Result<Pass> {
    let parts = &engine.0;
    let entry = run.entry(priority, number);
    parts.resilience.enter(&parts.store, parts.clock.as_ref(), &entry, until).await
}

async fn begin_again(
    engine: &Engine,
    run: &mut Run,
    rules: &CapabilityRules,
    key: &str,
    until: Instant,
    place: (Priority, u32),
) -> Option<(Session, Pass)> {
    let pass = enter(engine, run, until, place).await.ok()?;
    run.end_by(until);
    let session = run.open(engine, rules, key).ok()?;
    Some((session, pass))
}

/// The pause before another attempt, where there may be one and the retry budget has one left.
fn pause(
    engine: &Engine,
    run: &Run,
    rules: &CapabilityRules,
    number: u32,
    last: &Report,
    until: Instant,
) -> Option<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    let attempt = Attempt { effect: rules.effect, number, answer: &last.answer, calls: &last.calls, left_ms };
    let resilience = &engine.0.resilience;
    let pause = next_try(&attempt, resilience.settings(), resilience.roll())?;
    resilience.take_retry(run.integration.id, engine.now()).then(|| Duration::from_millis(pause))
}
