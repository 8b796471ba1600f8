//! One endpoint's turn: compare, do what the plan says, keep each step before the next.
//!
//! Only the job of an endpoint's group writes its record, under its lease. That the provider is
//! asked to register is durable before it is asked, so that after a crash in between a registration
//! whose secret nobody has is found and made anew.

use gatehouse_broker::Credentials;
use gatehouse_domain::guest::{GuestErrorKind, Registration};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_domain::manifest::webhook::Registration as Rules;
use gatehouse_domain::time::SignedDuration;
use gatehouse_domain::webhook::Endpoint;
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_runtime::{Answer, Target};
use gatehouse_store::Stored;
use gatehouse_store::records::{EndpointUpkeep, SealedCredential};
use serde_json::{Value, json};

use super::jobs::may_be_registered;
use super::plan::{Facts, Step};
use crate::Engine;
use crate::execute::Run;
use crate::jobs::{Claimed, When};
use crate::webhook::backfill;
use crate::webhook::pace::{jittered, later, pause};
use crate::webhook::secrets::Beside;

/// How long one that is in order is left alone.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// After so many failures people are told, once.
const TOLD_AFTER: u32 = 3;

/// What a turn is about.
pub(super) struct Turn<'e> {
    pub(super) engine: &'e Engine,
    job: &'e Claimed,
    pub(super) tenant: TenantId,
    pub(super) integration: Stored<Integration>,
    webhook: WebhookRules,
    pub(super) rules: Rules,
    url: String,
    pub(super) run: Run,
    record: Kept,
}

/// The record of an endpoint as a turn has it, and as it is stored. Who disconnects the integration takes it
/// away, and from then on nothing that the turn does is stored.
struct Kept {
    now: EndpointUpkeep,
    stored: Stored<EndpointUpkeep>,
}

impl Engine {
    /// Gives an endpoint its turn. What fails at the provider is noted, and is no failure of the job.
    pub(super) async fn keep_endpoint(
        &self,
        job: &Claimed,
        tenant: TenantId,
        id: IntegrationId,
        by_hand: bool,
    ) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        let Some(integration) = scope.get::<Integration>(&id).await?.filter(|one| may_be_registered(one)) else {
            return Ok(());
        };
        let Some(webhook) = self.plugin_of(&integration).await?.manifest.webhook else { return Ok(()) };
        let (Some(rules), Some(endpoint)) = (webhook.registration.clone(), integration.endpoint) else {
            return Ok(());
        };
        let Some(mut record) = self.upkeep_record(job, tenant, id).await? else { return Ok(()) };
        record.now.taken_over |= by_hand;
        if !record.now.taken_over && self.is_looked_after_by_people(tenant, id, &rules).await? {
            record.now.next_at = later(self.now(), A_DAY);
            return self.keep_record(job, tenant, &mut record, None).await;
        }
        let url = self.webhook_url(endpoint);
        let prepared = match Run::prepare(self, tenant, &integration).await {
            Ok(mut run) => run.sign(self, self.longest()).await.map(|()| run),
            Err(error) => Err(error),
        };
        let run = match prepared {
            Ok(run) => run,
            Err(error) => return self.not_kept(job, tenant, &integration, record, error.message).await,
        };
        let mut turn = Turn { engine: self, job, tenant, integration, webhook, rules, url, run, record };
        match turn.take().await {
            Ok(repaired) => turn.end_well(repaired).await,
            Err(problem) => {
                let Turn { integration, record, .. } = turn;
                let problem = match problem {
                    // The provider is left alone just now.
                    Err(error) if error.kind == ErrorKind::Unavailable => error.message,
                    problem => problem?,
                };
                self.not_kept(job, tenant, &integration, record, problem).await
            }
        }
    }

    /// The record of an endpoint, made where there is none; none where the integration was disconnected.
    async fn upkeep_record(&self, job: &Claimed, tenant: TenantId, id: IntegrationId) -> Result<Option<Kept>> {
        let scope = self.0.store.tenant(tenant);
        let is_new = scope.get::<EndpointUpkeep>(&id).await?.is_none();
        if is_new {
            let mut change = self.0.store.change();
            job.guard(&mut change)?;
            change.tenant(tenant).require::<Integration>(&id)?;
            change.tenant(tenant).create(&EndpointUpkeep::none(id, self.now()))?;
            change.commit().await?;
        }
        let Some(stored) = scope.get::<EndpointUpkeep>(&id).await? else { return Ok(None) };
        // Disconnected just before it was made: nobody would take it away.
        if is_new && scope.get::<Integration>(&id).await?.is_none_or(|one| one.connected_at.is_none()) {
            let mut change = self.0.store.change();
            change.tenant(tenant).remove(&stored)?;
            change.commit().await?;
            return Ok(None);
        }
        Ok(Some(Kept { now: stored.record.clone(), stored }))
    }

    /// Whether a person gave the secret that a registration would bring: then a person has registered it.
    pub(super) async fn is_looked_after_by_people(
        &self,
        tenant: TenantId,
        id: IntegrationId,
        rules: &Rules,
    ) -> Result<bool> {
        let sealed = self.0.store.tenant(tenant).get::<SealedCredential>(&id).await?;
        Ok(sealed.is_some_and(|sealed| rules.fields().any(|field| sealed.fields.contains_key(field))))
    }

    /// Notes that an endpoint is not as it should be, and tells people when that lasts.
    async fn not_kept(
        &self,
        job: &Claimed,
        tenant: TenantId,
        integration: &Integration,
        Kept { now: mut record, stored }: Kept,
        problem: String,
    ) -> Result<()> {
        tracing::warn!(integration.id = %integration.id, problem, "an endpoint is not registered as it should be");
        record.failures = record.failures.saturating_add(1);
        record.next_at = later(self.now(), pause(record.failures));
        let tell = record.failures == TOLD_AFTER;
        let event = tell.then(|| ("webhooks.failing", json!({ "reason": problem })));
        record.last_error = Some(problem);
        let mut work = self.own_work(Some(tenant));
        job.guard(work.change())?;
        work.tenant(tenant).require::<Integration>(&integration.id)?;
        work.tenant(tenant).replace(&stored, &record)?;
        if let Some((kind, data)) = event {
            work.event(tenant, kind, Some(integration), integration.id, data)?;
        }
        work.commit().await
    }

    /// Keeps a record, with the secrets that came with a registration.
    async fn keep_record(
        &self,
        job: &Claimed,
        tenant: TenantId,
        record: &mut Kept,
        secrets: Option<(&Integration, &Credentials)>,
    ) -> Result<()> {
        let id = record.now.integration;
        let mut work = self.own_work(Some(tenant));
        job.guard(work.change())?;
        work.tenant(tenant).require::<Integration>(&id)?;
        work.tenant(tenant).replace(&record.stored, &record.now)?;
        if let Some((integration, secrets)) = secrets {
            self.add_endpoint_secrets(&mut work, tenant, integration, secrets, Beside::Before).await?;
        }
        work.commit().await?;
        let stored = self.0.store.tenant(tenant).get::<EndpointUpkeep>(&id).await?;
        record.stored = stored.ok_or_else(|| Error::conflict(format!("the integration `{id}` was disconnected")))?;
        Ok(())
    }
}

/// Why a turn was not taken to its end: our own error, or what the provider or the gateway said.
type Problem = Result<String>;

impl Turn<'_> {
    /// Compares and does what the plan says; whether something that was lost is there again.
    async fn take(&mut self) -> Result<bool, Problem> {
        let listed = self.listed().await?;
        let former = self.former().await.map_err(Err)?;
        let now = u64::try_from(self.engine.now().as_millisecond()).unwrap_or(0);
        let has_secret = self.has_secret().await.map_err(Err)?;
        let plan = Facts {
            url: &self.url,
            events: &self.webhook.events,
            listed: listed.as_deref(),
            kept: &self.record.now.registrations,
            former: &former,
            by_secret: self.rules.fields().next().is_some(),
            has_secret,
            asked: self.record.now.asked,
            now_ms: now,
            renew_before_ms: u64::from(self.rules.renew_before_seconds) * 1_000,
        }
        .plan();
        // What is gone at the provider is gone here; what is good there and was not known is ours now.
        let there = |kept: &Registration| listed.as_ref().is_none_or(|all| all.iter().any(|one| one.id == kept.id));
        self.record.now.registrations.retain(there);
        plan.good.iter().for_each(|one| self.know(one.clone()));
        let lost = plan.lost;
        for step in plan.steps {
            self.step(step).await?;
        }
        Ok(lost)
    }

    async fn step(&mut self, step: Step) -> Result<(), Problem> {
        match step {
            Step::Unregister(one) => {
                self.call(Target::Unregister { id: one.id.clone() }).await?;
                self.record.now.registrations.retain(|kept| kept.id != one.id);
                self.keep(None).await
            }
            Step::Renew(one, events) => {
                let target = Target::RenewRegistration { registration: one.clone(), events: events.clone() };
                let (report, secrets) = self.ask(target).await.map_err(Err)?;
                match report.answer {
                    // The provider does not have it any more: the next turn makes another.
                    Answer::Refused(error) if error.kind == GuestErrorKind::NotFound => {
                        self.record.now.registrations.retain(|kept| kept.id != one.id);
                        self.keep(None).await?;
                        Err(Ok(error.message))
                    }
                    answer => {
                        let renewed: Registration = read(good(answer)?)?;
                        self.record.now.registrations.retain(|kept| kept.id != one.id);
                        self.keep_made(vec![renewed], secrets).await
                    }
                }
            }
            Step::Register(events) => {
                self.record.now.asked = true;
                self.keep(None).await?;
                let (answer, secrets) = self.call(Target::Register { url: self.url.clone(), events }).await?;
                let made: Vec<Registration> = read(answer)?;
                let brings = self.rules.fields().next().is_some();
                if brings && secrets.names().next().is_none() {
                    let text = "the provider registered the endpoint and no secret came with it, as the plugin's manifest says";
                    return Err(Ok(text.to_owned()));
                }
                self.record.now.asked = false;
                self.keep_made(made, secrets).await
            }
        }
    }

    /// The provider's list; none where it has none.
    async fn listed(&mut self) -> Result<Option<Vec<Registration>>, Problem> {
        let report = self.ask(Target::ListRegistrations).await.map_err(Err)?.0;
        match report.answer {
            Answer::Refused(error) if error.kind == GuestErrorKind::Unsupported => Ok(None),
            answer => read(good(answer)?).map(Some),
        }
    }

    async fn call(&mut self, target: Target) -> Result<(Value, Credentials), Problem> {
        let (report, secrets) = self.ask(target).await.map_err(Err)?;
        Ok((good(report.answer)?, secrets))
    }

    /// Keeps registrations that were made just now. Where the integration was disconnected meanwhile nobody
    /// else knows of them: they are taken away again.
    async fn keep_made(&mut self, made: Vec<Registration>, secrets: Credentials) -> Result<(), Problem> {
        made.iter().cloned().for_each(|one| self.know(one));
        let kept = self.keep(Some(secrets)).await;
        if kept.is_err() && self.is_disconnected().await.map_err(Err)? {
            for one in made {
                self.call(Target::Unregister { id: one.id }).await?;
            }
        }
        kept
    }

    async fn is_disconnected(&self) -> Result<bool> {
        let scope = self.engine.0.store.tenant(self.tenant);
        Ok(scope.get::<EndpointUpkeep>(&self.integration.id).await?.is_none())
    }

    /// Puts a registration in the place of what was kept of it.
    fn know(&mut self, one: Registration) {
        self.record.now.registrations.retain(|kept| kept.id != one.id);
        self.record.now.registrations.push(one);
    }

    async fn keep(&mut self, secrets: Option<Credentials>) -> Result<(), Problem> {
        let secrets = secrets.filter(|secrets| secrets.names().next().is_some());
        let with = secrets.as_ref().map(|secrets| (&self.integration.record, secrets));
        self.engine.keep_record(self.job, self.tenant, &mut self.record, with).await.map_err(Err)
    }

    /// The address that the endpoint had before, while it goes on.
    async fn former(&self) -> Result<Vec<String>> {
        let admin = self.engine.0.store.admin();
        let Some(id) = self.integration.endpoint else { return Ok(Vec::new()) };
        let Some(old) = admin.get::<Endpoint>(&id).await?.and_then(|endpoint| endpoint.replaces) else {
            return Ok(Vec::new());
        };
        let old = admin.get::<Endpoint>(&old).await?;
        let goes_on = old.filter(|old| old.expires_at.is_none_or(|end| self.engine.now() < end));
        Ok(goes_on.map(|old| self.engine.webhook_url(old.id)).into_iter().collect())
    }

    /// Whether there is a secret in every field that a registration brings.
    async fn has_secret(&self) -> Result<bool> {
        let sealed = self.engine.sealed(self.tenant, self.integration.id).await?;
        let of_endpoint = sealed.endpoint.as_ref().map(|endpoint| &endpoint.fields);
        Ok(self.rules.fields().all(|field| {
            let name = [gatehouse_broker::Vault::ENDPOINT, field].concat();
            of_endpoint.is_some_and(|fields| fields.contains_key(&name)) || sealed.fields.contains_key(field)
        }))
    }

    /// Notes that all is in order, and when to look again.
    async fn end_well(self, repaired: bool) -> Result<()> {
        let now = self.engine.now();
        let Kept { now: mut record, stored } = self.record;
        let told = record.failures >= TOLD_AFTER;
        let first_end = record.registrations.iter().filter_map(|one| one.expires_at_ms).min();
        let renew = first_end.map(|end| {
            let end = gatehouse_domain::time::from_millis(i64::try_from(end).unwrap_or(i64::MAX));
            let before = SignedDuration::from_secs(self.rules.renew_before_seconds.into());
            end.checked_sub(before).unwrap_or(now)
        });
        let daily = later(now, jittered(A_DAY));
        record.next_at = renew.map_or(daily, |renew| renew.min(daily));
        (record.checked_at, record.failures, record.last_error) = (Some(now), 0, None);
        let mut work = self.engine.own_work(Some(self.tenant));
        self.job.guard(work.change())?;
        work.tenant(self.tenant).require::<Integration>(&self.integration.id)?;
        work.tenant(self.tenant).replace(&stored, &record)?;
        if repaired && self.webhook.backfill.is_some() {
            // What it did not tell meanwhile is looked for at once.
            backfill::enqueue(self.engine, work.change(), self.tenant, self.integration.id, When::Now).await?;
        }
        if repaired || told {
            let id = self.integration.id;
            work.event(self.tenant, "webhooks.repaired", Some(&self.integration), id, json!({ "lost": repaired }))?;
        }
        work.commit().await
    }
}

fn good(answer: Answer) -> Result<Value, Problem> {
    match answer {
        Answer::Ok(value) => Ok(value),
        Answer::Refused(error) => Err(Ok(error.message)),
        Answer::Fault(fault) => Err(Ok(fault.describe())),
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, Problem> {
    serde_json::from_value(answer).map_err(|error| Ok(format!("the gateway's answer does not read: {error}")))
}
