//! One call of a gateway's `registrations`, on the path of every call: grant, breaker, bulkhead, budget.
//! The secrets that pass with it come back beside the answer, and nobody has seen them.

use gatehouse_broker::Credentials;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Target;
use tokio::time::{Duration, Instant};

use super::turn::Turn;
use crate::execute::{Report, Try};
use crate::resilience::{Priority, Seen};

impl Turn<'_> {
    /// Asks the gateway on the path of every call, and once more where the provider refused the token.
    pub(super) async fn ask(&mut self, target: Target) -> Result<(Report, Credentials)> {
        let asked = self.ask_once(target.clone()).await?;
        let until = self.engine.longest();
        if self.run.renew(self.engine, &asked.0, until).await { self.ask_once(target).await } else { Ok(asked) }
    }

    async fn ask_once(&self, target: Target) -> Result<(Report, Credentials)> {
        let parts = &self.engine.0;
        let until = Instant::now() + Duration::from_millis(parts.policy.limits.wall_ms);
        let entry = self.run.entry(Priority::Sync, 1);
        let pass = parts.resilience.enter(&parts.store, parts.clock.as_ref(), &entry, until).await;
        let pass = pass.map_err(|refused| Error::unavailable(refused.message))?;
        let only_looks = matches!(target, Target::ListRegistrations);
        let effect = if only_looks { Effect::Read } else { Effect::Write };
        let rules = CapabilityRules { effect, ..CapabilityRules::default() };
        let key = self.engine.new_request_id()?.to_string();
        let (session, passed) = self.run.open(self.engine, &rules, &key)?.registering(&self.rules);
        let report = self.run.call(self.engine, target, session, Try { key, number: 1, cancel: None }).await;
        let change = pass.finish(&Seen::of(&report.calls, &report.answer), self.engine.now());
        self.engine.tell_of_circuit(self.tenant, &self.integration, change, &report.answer).await;
        Ok((report, passed.take()))
    }
}
