//! One run of a gateway: everything that was loaded and checked, and the call itself.

use std::sync::Arc;

use gatehouse_broker::{Session, SessionSpec};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{Cost, LogLine, ProviderCall};
use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::Install;
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::manifest::{CapabilityRules, Idempotency};
use gatehouse_domain::{Error, Problem, Result};
use gatehouse_runtime::{Answer, Call, Parameters, Plugin, Target};
use tokio::time::{Duration, Instant};

use super::Ask;
use crate::Engine;
use crate::integrations::Opened;

/// An integration that may be called now, with its plugin and its consent.
pub(crate) struct Run {
    pub(crate) tenant: TenantId,
    pub(crate) integration: Integration,
    pub(crate) plugin: Arc<Plugin>,
    install: Install,
    credential: Opened,
}

/// What came of a run.
pub(crate) struct Report {
    pub(crate) answer: Answer,
    pub(crate) cost: Cost,
    pub(crate) log: Vec<LogLine>,
    pub(crate) calls: Vec<ProviderCall>,
}

impl Run {
    /// Loads what a call needs and checks that it may be made.
    pub(crate) async fn prepare(engine: &Engine, tenant: TenantId, integration: &Integration) -> Result<Self> {
        if integration.status == IntegrationStatus::Disabled {
            return Err(Error::conflict(format!("the integration `{}` is disabled", integration.id)));
        }
        let credential = engine.credential(tenant, integration.id).await?;
        Self::with_credential(engine, tenant, integration, credential).await
    }

    /// As [`Run::prepare`], with a credential that may not be the one in use.
    pub(crate) async fn with_credential(
        engine: &Engine,
        tenant: TenantId,
        integration: &Integration,
        credential: Opened,
    ) -> Result<Self> {
        let install = engine.install(tenant, &integration.plugin.id).await?.record;
        if !install.enabled {
            return Err(Error::conflict(format!("the plugin `{}` is disabled; enable it again", install.plugin.id)));
        }
        let plugin = engine.plugin(&integration.plugin).await?;
        Ok(Self { tenant, integration: integration.clone(), plugin, install, credential })
    }

    /// What the manifest says of a capability.
    pub(super) fn rules_of(&self, code: &str) -> Result<CapabilityRules> {
        let served = self.plugin.capabilities();
        if served.iter().any(|capability| capability.code == code) {
            return Ok(self.plugin.manifest().rules_of(code));
        }
        let codes: Vec<&str> = served.iter().map(|capability| capability.code.as_str()).collect();
        let message = format!("`{code}` is not one of {}", codes.join(", "));
        Err(Error::problems("the integration has no such capability", vec![Problem::at("$.capability", message)]))
    }

    /// The parameters as the component takes them.
    pub(super) fn parse(&self, ask: &Ask) -> Result<Parameters> {
        self.plugin.parse(&ask.capability, &ask.parameters)
    }

    /// The headers of a delivery as the gateway may see them: without the signature.
    pub(crate) fn without_signature(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        let rules = self.plugin.manifest().webhook.as_ref();
        let hidden: Vec<String> = rules.map(|rules| rules.verify.headers()).unwrap_or_default();
        let shown = headers.iter().filter(|(name, _)| !hidden.contains(name));
        shown.cloned().collect()
    }

    /// The grant of one call, held by the broker: where it may go, as whom, and until when.
    /// `key` makes its writes safe to repeat.
    pub(crate) fn open(&self, engine: &Engine, rules: &CapabilityRules, key: &str) -> Result<Session> {
        let limits = engine.0.policy.limits.clone();
        engine.0.broker.open(
            &engine.0.vault,
            SessionSpec {
                manifest: self.plugin.manifest(),
                consent: &self.install.consent.sheet,
                settings: &self.integration.settings,
                effect: rules.effect,
                idempotency: rules.idempotency.clone(),
                idempotency_key: key.to_owned(),
                deadline: Instant::now() + Duration::from_millis(limits.wall_ms),
                limits,
                key: &self.credential.key,
                context: &self.credential.context,
                sealed: &self.credential.fields,
            },
        )
    }

    /// Opens a session for a call that only looks, and makes it.
    pub(crate) async fn look(&self, engine: &Engine, target: Target) -> Result<Report> {
        let rules = CapabilityRules { effect: Effect::Read, idempotency: Idempotency::None };
        let key = engine.new_request_id()?.to_string();
        let session = self.open(engine, &rules, &key)?;
        Ok(self.call(engine, target, session, key).await)
    }

    /// Calls `target` once, under the key that the session was opened with.
    pub(super) async fn call(&self, engine: &Engine, target: Target, session: Session, key: String) -> Report {
        let session = Arc::new(session);
        let call = Call {
            egress: Arc::clone(&session) as _,
            settings: self.integration.settings.clone(),
            idempotency_key: key,
            attempt: 1,
            account: self.integration.account.clone(),
            limits: engine.0.policy.limits.clone(),
            cancel: None,
        };
        let report = engine.0.runtime.call(&self.plugin, target, call).await;
        Report { answer: scrub(&session, report.outcome), cost: report.cost, log: report.log, calls: session.calls() }
    }
}

/// A gateway may hand back what a provider echoed; nothing secret passes this point.
fn scrub(session: &Session, answer: Answer) -> Answer {
    match answer {
        Answer::Ok(mut value) => {
            session.scrub_json(&mut value);
            Answer::Ok(value)
        }
        Answer::Refused(mut error) => {
            error.message = session.scrub_text(&error.message);
            error.provider_code = error.provider_code.map(|code| session.scrub_text(&code));
            Answer::Refused(error)
        }
        Answer::Fault(fault) => Answer::Fault(fault),
    }
}
