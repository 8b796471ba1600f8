//! One call of a gateway's `backfill`, on the path of every call: grant, breaker, bulkhead, budget.

use gatehouse_domain::Result;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::guest::{EventPage, GuestError, GuestErrorKind};
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::records::Listing;
use tokio::time::{Duration, Instant};

use super::turn::Turn;
use crate::execute::{Report, Run, Try};
use crate::resilience::{Priority, Seen};

/// How long to wait for a limit of which the provider does not say how long it lasts.
const LIMIT_PAUSE_MS: u64 = 5_000;

/// What came of a call.
pub(super) enum Asked {
    /// A page.
    Page(EventPage),
    /// The provider is not to be asked for so many milliseconds.
    Wait(u64, String),
    /// There is none for now; the reading can go on where it was.
    Passing(String),
    /// There is none; where the reading was is not to be trusted.
    Broken(String),
}

impl Turn<'_> {
    /// Asks the gateway for the next page, and once more where the provider refused the token.
    pub(super) async fn ask(&self, listing: &Listing) -> Result<Asked> {
        let engine = self.engine;
        let mut run = match Run::prepare(engine, self.tenant, &self.integration).await {
            Ok(run) => run,
            Err(error) => return Ok(Asked::Passing(error.message)),
        };
        if let Err(error) = run.sign(engine, engine.longest()).await {
            return Ok(Asked::Passing(error.message));
        }
        let target = Target::ListEvents {
            since_ms: u64::try_from(listing.since.as_millisecond()).unwrap_or_default(),
            events: self.webhook.events.clone(),
            cursor: listing.cursor.clone(),
        };
        let mut report = match self.ask_once(&run, target.clone()).await? {
            Ok(report) => report,
            Err(wait) => return Ok(wait),
        };
        if run.renew(engine, &report, engine.longest()).await {
            report = match self.ask_once(&run, target).await? {
                Ok(report) => report,
                Err(wait) => return Ok(wait),
            };
        }
        Ok(match report.answer {
            Answer::Ok(page) => match serde_json::from_value(page) {
                Ok(page) => Asked::Page(page),
                Err(error) => Asked::Broken(format!("the gateway's answer does not read: {error}")),
            },
            Answer::Refused(error) => refused(error),
            Answer::Fault(fault) => Asked::Broken(fault.describe()),
        })
    }

    async fn ask_once(&self, run: &Run, target: Target) -> Result<Result<Report, Asked>> {
        let parts = &self.engine.0;
        let until = Instant::now() + Duration::from_millis(parts.policy.limits.wall_ms);
        let entry = run.entry(Priority::Sync, 1);
        let pass = match parts.resilience.enter(&parts.store, parts.clock.as_ref(), &entry, until).await {
            Ok(pass) => pass,
            Err(refused) => {
                let pause = refused.retry_after_ms.unwrap_or(LIMIT_PAUSE_MS);
                return Ok(Err(Asked::Wait(pause, refused.message)));
            }
        };
        let rules = CapabilityRules { effect: Effect::Read, ..CapabilityRules::default() };
        let key = self.engine.new_request_id()?.to_string();
        let session = run.open(self.engine, &rules, &key)?;
        let report = run.call(self.engine, target, session, Try { key, number: 1, cancel: None }).await;
        let change = pass.finish(&Seen::of(&report.calls, &report.answer), self.engine.now());
        self.engine.tell_of_circuit(self.tenant, &self.integration, change, &report.answer).await;
        Ok(Ok(report))
    }
}

fn refused(GuestError { kind, message, retry_after_ms, .. }: GuestError) -> Asked {
    match kind {
        GuestErrorKind::RateLimited => Asked::Wait(retry_after_ms.unwrap_or(LIMIT_PAUSE_MS), message),
        GuestErrorKind::Unavailable => Asked::Passing(message),
        _ => Asked::Broken(message),
    }
}
