//! One change with what is told of it: its audit entries and its events. All of it is stored,
//! or none: there is no change without its trace, and no event of what did not happen.

use std::sync::Arc;

use gatehouse_domain::Result;
use gatehouse_domain::audit::Actor;
use gatehouse_domain::event::Event;
use gatehouse_domain::id::{RequestId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_store::Change;
use gatehouse_store::change::ChangeScope;
use gatehouse_store::records::{EventByIntegration, EventFeed};
use gatehouse_store::scope::{OfDeployment, OfTenant};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::{Draft, digest_of};
use crate::idempotency::Turn;
use crate::{Caller, Engine};

/// A change that is being put together. Dropping it changes nothing.
#[must_use = "a work does nothing until it is committed"]
pub(crate) struct Work {
    engine: Engine,
    change: Change,
    actor: Actor,
    tenant: Option<TenantId>,
    request: Option<RequestId>,
    drafts: Vec<Draft>,
    turn: Option<Arc<Turn>>,
}

impl Engine {
    /// A change that a caller asked for: of its tenant, or of the deployment for an operator.
    pub(crate) fn work(&self, by: &Caller) -> Work {
        Work { turn: by.turn.clone(), ..self.begin(by.actor(), by.tenant().ok(), Some(by.request)) }
    }

    /// A change that Gatehouse makes by itself, for a tenant or for the deployment.
    pub(crate) fn own_work(&self, tenant: Option<TenantId>) -> Work {
        self.begin(Actor::System, tenant, None)
    }

    /// Makes an event part of a change that is no work.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::TooLarge`] for content beyond 1 MiB.
    pub(crate) fn tell_in(
        &self,
        change: &mut Change,
        tenant: TenantId,
        kind: &'static str,
        integration: &Integration,
        data: (impl ToString, Value),
    ) -> Result<()> {
        tell(change, tenant, &describe(self, kind, Some(integration), data.0, data.1)?)
    }

    fn begin(&self, actor: Actor, tenant: Option<TenantId>, request: Option<RequestId>) -> Work {
        let change = self.0.store.change();
        Work { engine: self.clone(), change, actor, tenant, request, drafts: Vec::new(), turn: None }
    }
}

impl Work {
    /// Changes to the records of a tenant.
    pub(crate) fn tenant(&mut self, tenant: TenantId) -> ChangeScope<'_, OfTenant> {
        self.change.tenant(tenant)
    }

    /// Changes to the records of the deployment.
    pub(crate) fn admin(&mut self) -> ChangeScope<'_, OfDeployment> {
        self.change.admin()
    }

    /// The change itself, for what adds to any (such as a job).
    pub(crate) fn change(&mut self) -> &mut Change {
        &mut self.change
    }

    /// Says in the audit trail what is done, to which record, and from what to what.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Internal`] for a record that JSON can not hold.
    pub(crate) fn audit<R: Serialize>(
        &mut self,
        action: &'static str,
        target: impl ToString,
        before: Option<&R>,
        after: Option<&R>,
    ) -> Result<()> {
        let before = before.map(digest_of).transpose()?;
        let after = after.map(digest_of).transpose()?;
        self.drafts.push(Draft { action, target: target.to_string(), before, after, count: None });
        Ok(())
    }

    /// Says in the audit trail how often something was done.
    pub(crate) fn audit_count(&mut self, action: &'static str, target: impl ToString, count: u64) {
        let target = target.to_string();
        self.drafts.push(Draft { action, target, before: None, after: None, count: Some(count) });
    }

    /// Tells of what happened to an integration.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::TooLarge`] for content beyond 1 MiB.
    pub(crate) fn event(
        &mut self,
        tenant: TenantId,
        kind: &'static str,
        integration: Option<&Integration>,
        subject: impl ToString,
        data: Value,
    ) -> Result<()> {
        let event = describe(&self.engine, kind, integration, subject, data)?;
        self.tell(tenant, &event)
    }

    /// Tells that an integration's status moved, where it did.
    ///
    /// # Errors
    /// As [`Work::event`].
    pub(crate) fn tell_of_move(&mut self, tenant: TenantId, from: &Integration, to: &Integration) -> Result<()> {
        let Some(kind) = from.status.event_to(to.status) else { return Ok(()) };
        let data = json!({ "from": from.status, "to": to.status, "reason": to.health.last_error });
        self.event(tenant, kind, Some(to), to.id, data)
    }

    /// Puts an event into the tenant's feed.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::TooLarge`] for content beyond 1 MiB.
    pub(crate) fn tell(&mut self, tenant: TenantId, event: &Event) -> Result<()> {
        tell(&mut self.change, tenant, event)
    }

    /// Commits. When this returns, all of it is on the disk; a request with an idempotency key
    /// commits at its end, with its answer, so nothing of it may be read before that.
    ///
    /// # Errors
    /// As [`Change::commit`].
    pub(crate) async fn commit(mut self) -> Result<()> {
        match self.turn.take() {
            Some(turn) => turn.put_off(self).await,
            None => self.commit_now().await,
        }
    }

    /// Commits, whatever else is still to come of the request.
    ///
    /// # Errors
    /// As [`Change::commit`].
    pub(crate) async fn commit_now(mut self) -> Result<()> {
        if self.drafts.is_empty() {
            return self.change.commit().await.map(|_| ());
        }
        let chains = chains_of(self.actor, self.tenant);
        let _turns = self.engine.0.chains.turns(&chains).await;
        let signed = Signed { actor: self.actor, tenant: self.tenant, request: self.request };
        for chain in &chains {
            self.engine.link(&mut self.change, *chain, &signed, &self.drafts).await?;
        }
        let done = self.change.commit().await.map(|_| ());
        // Whatever came of it: the next checkpoint looks.
        self.engine.0.chains.moved(&chains, self.drafts.len());
        done
    }
}

/// An event of what happened here.
fn describe(
    engine: &Engine,
    kind: &'static str,
    integration: Option<&Integration>,
    subject: impl ToString,
    data: Value,
) -> Result<Event> {
    let now = engine.now();
    Ok(Event {
        id: engine.new_id()?,
        kind: kind.to_owned(),
        integration: integration.map(|integration| integration.id),
        provider: integration.map(|integration| integration.provider.clone()),
        told: None,
        subject: Some(subject.to_string()),
        data,
        occurred_at: now,
        received_at: now,
    })
}

/// Adds an event to a change: itself, and its places in the feed and among its integration's.
fn tell(change: &mut Change, tenant: TenantId, event: &Event) -> Result<()> {
    let mut change = change.tenant(tenant);
    change.create(event)?;
    if let Some(integration) = event.integration {
        change.create(&EventByIntegration { integration, event: event.id })?;
    }
    change.append(&EventFeed { event: event.id }).map(|_| ())
}

/// Who stands behind the entries of one work.
pub(crate) struct Signed {
    pub(crate) actor: Actor,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) request: Option<RequestId>,
}

/// The chains that hear of a work, `None` being the operators' own: what an operator does for a
/// tenant stands in both.
fn chains_of(actor: Actor, tenant: Option<TenantId>) -> Vec<Option<TenantId>> {
    match (actor, tenant) {
        (Actor::Operator { .. }, Some(tenant)) => vec![None, Some(tenant)],
        (_, tenant) => vec![tenant],
    }
}
