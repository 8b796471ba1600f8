//! Testing a connection: the gateway really asks the provider who we are.

use gatehouse_domain::guest::{Account, GuestErrorKind};
use gatehouse_domain::integration::status::Signal;
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::Stored;
use schemars::JsonSchema;
use serde::Serialize;

use crate::execute::{Report, Run};
use crate::{Caller, Engine};

/// What a connection test found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tested {
    /// Whether the provider accepted the credential.
    pub ok: bool,
    /// Who the credential belongs to.
    pub account: Option<Account>,
    /// Why not.
    pub error: Option<String>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Where the integration stands now.
    pub status: IntegrationStatus,
}

impl Engine {
    /// Asks the provider whether the integration's credential works, and remembers the answer.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the plugin or the integration is switched off, or where the
    /// plugin has no test.
    pub async fn test_integration(&self, by: &Caller, target: &str) -> Result<Tested> {
        let stored = self.integration(by, target).await?;
        let mut run = Run::prepare(self, by.tenant()?, &stored.record).await?;
        if !run.plugin.tests_connections() {
            let plugin = &stored.plugin.id;
            return Err(Error::conflict(format!(
                "the plugin `{plugin}` has no connection test; its first call shows whether the integration works"
            )));
        }
        let until = self.longest();
        run.sign(self, until).await?;
        let mut report = run.look(self, Target::ConnectionTest).await?;
        if run.renew(self, &report, until).await {
            report = run.look(self, Target::ConnectionTest).await?;
        }
        let (next, tested, _) = self.judge_test(&stored.record, report);
        self.keep_health(by, &stored, &next).await?;
        Ok(tested)
    }

    /// What a test says of an integration, and the signal that moved its status.
    pub(crate) fn judge_test(&self, old: &Integration, report: Report) -> (Integration, Tested, Option<Signal>) {
        let (account, error, signal) = read_answer(report.answer);
        let now = self.now();
        let mut next = Integration { updated_at: now, ..old.clone() };
        next.health.last_tested_at = Some(now);
        next.health.last_error.clone_from(&error);
        if error.is_none() {
            next.account.clone_from(&account);
            next.health.last_success_at = Some(now);
        } else {
            next.health.last_error_at = Some(now);
        }
        if let Some(signal) = signal {
            next.status = old.status.after(signal);
        }
        let duration_us = report.cost.wall_us;
        let tested = Tested { ok: error.is_none(), account, error, duration_us, status: next.status };
        (next, tested, signal)
    }

    /// A change made meanwhile wins: what a test found is not worth a conflict.
    async fn keep_health(&self, by: &Caller, stored: &Stored<Integration>, next: &Integration) -> Result<()> {
        let tenant = by.tenant()?;
        let mut work = self.work(by);
        work.tenant(tenant).replace(stored, next)?;
        work.audit("integration.tested", next.id, Some(&stored.record), Some(next))?;
        work.tell_of_move(tenant, stored, next)?;
        match work.commit().await {
            Err(Error { kind: gatehouse_domain::ErrorKind::Conflict, .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The account, the reason there is none, and what that says of the integration: nothing where
/// the provider was just not to be reached.
fn read_answer(answer: Answer) -> (Option<Account>, Option<String>, Option<Signal>) {
    match answer {
        Answer::Ok(value) => match serde_json::from_value(value) {
            Ok(account) => (Some(account), None, Some(Signal::Worked)),
            Err(error) => (None, Some(format!("the gateway's account does not read: {error}")), Some(Signal::Broken)),
        },
        Answer::Refused(error) => {
            let refused = matches!(error.kind, GuestErrorKind::Unauthorized | GuestErrorKind::Forbidden);
            (None, Some(error.message), refused.then_some(Signal::Refused))
        }
        Answer::Fault(fault) => (None, Some(fault.describe()), Some(Signal::Broken)),
    }
}
