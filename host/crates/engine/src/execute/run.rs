//! One run of a gateway: everything that was loaded and checked, and the call itself.

use std::sync::Arc;

use gatehouse_broker::{Session, SessionSpec};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::cassette::{Answered, Cassette, Context, Effects, FORMAT};
use gatehouse_domain::execution::{Cost, LogLine, ProviderCall};
use gatehouse_domain::grant::Limits;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::install::{Agreed, Consent, Install};
use gatehouse_domain::integration::{Environment, Integration, IntegrationStatus};
use gatehouse_domain::manifest::CapabilityRules;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_domain::{Error, Problem, Result, settings};
use gatehouse_runtime::{Answer, Call, Cancel, Parameters, Plugin, Recorder, Tape, Target};
use serde_json::{Map, Value};
use tokio::time::{Duration, Instant};

use super::{Ask, Under, sent_as};
use crate::Engine;
use crate::cassettes::{LARGEST, Taping};
use crate::integrations::Opened;
use crate::oauth::Access;
use crate::resilience::{Entry, Priority, Seen};
use crate::schema::BASE_URL;

/// An integration that may be called now, with its plugin and its consent.
pub(crate) struct Run {
    pub(crate) tenant: TenantId,
    pub(crate) integration: Integration,
    pub(crate) plugin: Arc<Plugin>,
    install: Install,
    credential: Opened,
    /// The settings in force, with what is known of the account.
    settings: Map<String, Value>,
    /// What tells its sender from others.
    pub(crate) sent_as: String,
    /// The access token, where the plugin uses one and there is one.
    pub(crate) token: Option<Access>,
    /// What one attempt may use. It gets narrower as the time of the request runs out.
    limits: Limits,
    /// How its call is recorded, where it is.
    pub(crate) taping: Option<Taping>,
    /// The canary that it is under, where it is a call under one.
    pub(super) under: Option<Under>,
}

/// One try of a call.
pub(crate) struct Try {
    /// The key that makes its writes safe to repeat, the same for every try.
    pub(crate) key: String,
    /// Which try this is, from 1.
    pub(crate) number: u32,
    /// What ends it from outside, where somebody may.
    pub(crate) cancel: Option<Cancel>,
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
        engine.check_not_held(tenant, &integration.plugin).await?;
        let plugin = engine.plugin(&integration.plugin).await?;
        let limits = engine.0.policy.limits.clone();
        let own = &integration.settings;
        let own = settings::in_force(&plugin.manifest().settings, &install.config, own);
        let settings = integration.with_facts(&own);
        let sent_as = sent_as(integration, &install);
        let integration = integration.clone();
        Ok(Self {
            tenant,
            integration,
            plugin,
            install,
            credential,
            settings,
            sent_as,
            token: None,
            limits,
            taping: None,
            under: None,
        })
    }

    /// Has it stand under what the tenant agreed to for a version.
    pub(super) fn agree(&mut self, plugin: &PluginRef, consent: &Consent) {
        self.install.others.retain(|other| other.plugin != *plugin);
        self.install.others.push(Agreed { plugin: plugin.clone(), consent: consent.clone() });
    }

    /// Gets the token that calls go out with, where the plugin uses one: a new one where the old
    /// one is about to end.
    pub(crate) async fn sign(&mut self, engine: &Engine, until: Instant) -> Result<()> {
        self.token = match engine.lent_token(self.tenant, &self.integration).await? {
            Some(token) => Some(token),
            None => engine.access(self.tenant, &self.integration, self.plugin.manifest(), until).await?,
        };
        Ok(())
    }

    /// Whether a call should be made again with a newer token, which it then has: the provider
    /// refused this one, and nothing else came of the call.
    pub(crate) async fn renew(&mut self, engine: &Engine, last: &Report, until: Instant) -> bool {
        let Some(refused) = self.token.as_ref().map(|token| token.generation).filter(|_| last.refused_token()) else {
            return false;
        };
        let manifest = self.plugin.manifest();
        match engine.access_after(self.tenant, &self.integration, manifest, until, refused).await {
            Some(newer) => {
                self.token = Some(newer);
                true
            }
            None => false,
        }
    }

    /// Narrows the limits to what is left of the request's time.
    pub(super) fn end_by(&mut self, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1);
        let limits = &mut self.limits;
        for limit in [&mut limits.wall_ms, &mut limits.egress_ms, &mut limits.cpu_ms] {
            *limit = left_ms.min(*limit);
        }
    }

    /// What asks the resilience of this integration for a call.
    pub(crate) fn entry(&self, priority: Priority, attempt: u32) -> Entry<'_> {
        // The manifest's numbers are those of the provider's own host. What stands behind
        // another base says by itself what it takes.
        let own_host = self.settings.get(BASE_URL).is_none_or(Value::is_null);
        let live = self.integration.environment == Environment::Live
            && self.integration.account.as_ref().is_none_or(|account| account.live);
        let rules = self.plugin.manifest().rate_limit.as_ref().filter(|_| own_host);
        Entry {
            tenant: self.tenant,
            provider: &self.integration.provider,
            integration: self.integration.id,
            rate: rules.map(|rules| rules.numbers(live)),
            priority,
            attempt,
        }
    }

    /// What the manifest says of a capability.
    pub(crate) fn rules_of(&self, code: &str) -> Result<CapabilityRules> {
        let served = self.plugin.capabilities();
        if served.iter().any(|capability| capability.code == code) {
            return Ok(self.plugin.manifest().rules_of(code));
        }
        let codes: Vec<&str> = served.iter().map(|capability| capability.code.as_str()).collect();
        let message = format!("`{code}` is not one of {}", codes.join(", "));
        Err(Error::problems("the integration has no such capability", vec![Problem::at("$.capability", message)]))
    }

    /// The parameters as the component takes them.
    pub(crate) fn parse(&self, ask: &Ask) -> Result<Parameters> {
        self.plugin.parse(&ask.capability, &ask.parameters)
    }

    /// The headers of a delivery as the gateway may see them: without the signature.
    pub(crate) fn without_signature(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        let rules = self.plugin.manifest().webhook.as_ref();
        let shown = headers.iter().filter(|(name, _)| !rules.is_some_and(|rules| rules.hides(name)));
        shown.cloned().collect()
    }

    /// The grant of one call, held by the broker: where it may go, as whom, and until when.
    /// `key` makes its writes safe to repeat.
    pub(crate) fn open(&self, engine: &Engine, rules: &CapabilityRules, key: &str) -> Result<Session> {
        let limits = self.limits.clone();
        let access = self.token.as_ref().map(|token| engine.open_access(self.integration.id, token));
        engine.0.broker.open(
            &engine.0.vault,
            SessionSpec {
                manifest: self.plugin.manifest(),
                consent: &self.install.consent_for(&self.integration.plugin).sheet,
                settings: &self.settings,
                environment: self.integration.environment,
                effect: rules.effect,
                idempotency: rules.idempotency.clone(),
                idempotency_key: key.to_owned(),
                now: engine.now(),
                deadline: Instant::now() + Duration::from_millis(limits.wall_ms),
                limits,
                key: &self.credential.key,
                context: &self.credential.context,
                sealed: &self.credential.fields,
                token: access.transpose()?,
            },
        )
    }

    fn is_sandbox(&self) -> bool {
        self.plugin.manifest().egress.is_sandbox(self.integration.environment)
    }

    /// Opens a session for a call that only looks, and makes it.
    pub(crate) async fn look(&self, engine: &Engine, target: Target) -> Result<Report> {
        self.look_as(engine, target, engine.new_request_id()?.to_string()).await
    }

    /// As [`Run::look`], under a given key.
    pub(crate) async fn look_as(&self, engine: &Engine, target: Target, key: String) -> Result<Report> {
        let rules = CapabilityRules { effect: Effect::Read, ..CapabilityRules::default() };
        let session = self.open(engine, &rules, &key)?;
        let is_test = matches!(target, Target::ConnectionTest);
        let mut report = self.call(engine, target, session, Try { key, number: 1, cancel: None }).await;
        // Who answers at the sandbox's own host is not live, and the gateway can not know where it was asked.
        let sandbox = self.is_sandbox() || engine.is_lent(&self.integration);
        if let (true, Answer::Ok(Value::Object(account))) = (is_test && sandbox, &mut report.answer) {
            account.insert("live".to_owned(), Value::Bool(false));
        }
        // It is asked for by a person or needs no provider, so it is not held up; what it shows
        // is learned all the same.
        let seen = Seen::of(&report.calls, &report.answer);
        engine.0.resilience.observe(&self.entry(Priority::Interactive, 1), &seen, engine.now());
        Ok(report)
    }

    /// Calls `target` once, under the key that the session was opened with.
    pub(crate) async fn call(&self, engine: &Engine, target: Target, session: Session, this: Try) -> Report {
        let session = Arc::new(session);
        let recording = self.taping.as_ref().map(|taping| (taping, Recorder::new(LARGEST), self.context(&this)));
        let call = Call {
            egress: Arc::clone(&session) as _,
            settings: self.settings.clone(),
            idempotency_key: this.key,
            attempt: this.number,
            account: self.integration.account.clone(),
            limits: self.limits.clone(),
            cancel: this.cancel,
            tape: recording.as_ref().map_or(Tape::Off, |(_, recorder, _)| Tape::Record(recorder.clone())),
        };
        let report = engine.0.runtime.call(&self.plugin, target, call).await;
        engine.learn_of_trap(self.tenant, &self.integration.plugin, &report.outcome).await;
        let calls = session.calls();
        engine.0.metrics.plugins.called(&self.integration.plugin.id, &report);
        engine.0.metrics.egress.requested(&self.integration.provider, &calls);
        let report = Report { answer: scrub(&session, report.outcome), cost: report.cost, log: report.log, calls };
        if let Some(token) = self.token.as_ref().filter(|_| report.worked()) {
            engine.note_worked(self.tenant, self.integration.id, token);
        }
        if let Some((taping, recorder, context)) = recording
            && let Some(effects) = recorder.take()
        {
            engine.keep_cassette(self.tenant, self.cassette(engine, taping, context, effects, &report), session);
        }
        report
    }

    /// What a call can ask of its context.
    fn context(&self, this: &Try) -> Context {
        Context {
            settings: self.settings.clone(),
            idempotency_key: this.key.clone(),
            attempt: this.number,
            account: self.integration.account.clone(),
        }
    }

    fn cassette(
        &self,
        engine: &Engine,
        taping: &Taping,
        context: Context,
        effects: Effects,
        report: &Report,
    ) -> Cassette {
        Cassette {
            format: FORMAT,
            id: taping.id,
            integration: self.integration.id,
            provider: self.integration.provider.clone(),
            plugin: self.integration.plugin.clone(),
            called: taping.called.clone(),
            context,
            effects,
            answer: answered(&report.answer),
            log: report.log.clone(),
            recorded_at: engine.now(),
        }
    }
}

impl Report {
    /// Whether the provider did what it was asked for.
    fn worked(&self) -> bool {
        let answered = self.calls.iter().any(|call| call.status.is_some_and(|status| (200..300).contains(&status)));
        answered && matches!(self.answer, Answer::Ok(_))
    }

    /// Whether the provider refused who asked, and did nothing of what was to be written.
    fn refused_token(&self) -> bool {
        let is_safe = |call: &ProviderCall| matches!(call.method.as_str(), "GET" | "HEAD");
        let refused = self.calls.iter().any(|call| call.status == Some(401));
        let harmless = self.calls.iter().all(|call| is_safe(call) || call.status == Some(401));
        refused && harmless && !matches!(self.answer, Answer::Ok(_))
    }
}

/// An answer as a cassette holds it.
pub(crate) fn answered(answer: &Answer) -> Answered {
    match answer.clone() {
        Answer::Ok(result) => Answered::Ok { result },
        Answer::Refused(error) => Answered::Refused { error },
        Answer::Fault(fault) => Answered::Fault { fault },
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
