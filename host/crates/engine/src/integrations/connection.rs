//! Testing a connection: the gateway really asks the provider who we are.

use gatehouse_domain::guest::{Account, GuestErrorKind};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::Stored;
use schemars::JsonSchema;
use serde::Serialize;

use crate::execute::Run;
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
    /// [`gatehouse_domain::ErrorKind::Conflict`] where the plugin or the integration is switched off.
    pub async fn test_integration(&self, by: &Caller, target: &str) -> Result<Tested> {
        let stored = self.integration(by, target).await?;
        let run = Run::prepare(self, by.tenant()?, &stored.record).await?;
        let report = run.look(self, Target::ConnectionTest).await?;
        let (account, error, broken) = read_answer(report.answer);
        let next = self.with_health(&stored.record, account.as_ref(), error.as_deref(), broken);
        self.keep_health(by, &stored, &next).await?;
        let duration_us = report.cost.wall_us;
        Ok(Tested { ok: error.is_none(), account, error, duration_us, status: next.status })
    }

    fn with_health(
        &self,
        old: &Integration,
        account: Option<&Account>,
        error: Option<&str>,
        broken: bool,
    ) -> Integration {
        let now = self.now();
        let mut next = Integration { updated_at: now, ..old.clone() };
        next.health.last_tested_at = Some(now);
        next.health.last_error = error.map(str::to_owned);
        if error.is_none() {
            next.account = account.cloned();
            next.health.last_success_at = Some(now);
            next.status = IntegrationStatus::Active;
        } else if broken {
            next.status = IntegrationStatus::Error;
        }
        next
    }

    /// A change made meanwhile wins: what a test found is not worth a conflict.
    async fn keep_health(&self, by: &Caller, stored: &Stored<Integration>, next: &Integration) -> Result<()> {
        let mut change = self.0.store.change();
        change.tenant(by.tenant()?).replace(stored, next)?;
        match change.commit().await {
            Err(Error { kind: gatehouse_domain::ErrorKind::Conflict, .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The account, the reason there is none, and whether a person has to act.
fn read_answer(answer: Answer) -> (Option<Account>, Option<String>, bool) {
    match answer {
        Answer::Ok(value) => match serde_json::from_value(value) {
            Ok(account) => (Some(account), None, false),
            Err(error) => (None, Some(format!("the gateway's account does not read: {error}")), true),
        },
        Answer::Refused(error) => {
            let broken = matches!(error.kind, GuestErrorKind::Unauthorized | GuestErrorKind::Forbidden);
            (None, Some(error.message), broken)
        }
        Answer::Fault(fault) => (None, Some(fault.describe()), true),
    }
}
