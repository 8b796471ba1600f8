//! The schedules of an integration's entities: they come with it, follow its settings, rest
//! while it is switched off and go with it.

use gatehouse_domain::ErrorKind;
use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::{Integration, IntegrationStatus};
use gatehouse_domain::job::Class;
use gatehouse_domain::mapping::Mapping;
use gatehouse_domain::schedule::{CatchUp, Schedule};
use gatehouse_domain::sync::{EntitySettings, Trigger};
use gatehouse_store::Page;
use gatehouse_store::records::entity_prefix;

use super::job::{self, BeginPayload};
use crate::Engine;
use crate::jobs::{NewSchedule, payload_of};
use crate::work::Work;

/// The name of an entity's schedule.
pub(super) fn name_of(integration: IntegrationId, entity: &str) -> String {
    format!("sync/{integration}/{entity}")
}

impl Engine {
    /// Brings the schedules of all entities of an integration in line with it, as part of a work.
    pub(crate) async fn schedule_syncs(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
    ) -> Result<()> {
        match self.entities(tenant, integration).await {
            Ok(entities) => {
                for entity in entities {
                    self.schedule_entity(work, tenant, integration, &entity.settings).await?;
                }
                Ok(())
            }
            // It has no records to synchronise.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends the schedules of an integration that is deleted, and has its records erased.
    pub(crate) async fn end_syncs(&self, work: &mut Work, tenant: TenantId, integration: &Integration) -> Result<()> {
        // Without loading it: what can no longer be run can still be deleted.
        let manifest = self.plugin_of(integration).await?.manifest;
        for entity in manifest.sync.keys() {
            self.unschedule_entity(work, integration.id, entity).await?;
        }
        let (scope, part) = (self.0.store.tenant(tenant), integration.id.to_bytes());
        let mapped = scope.list_under::<Mapping>(&part, &Page::first(1)).await?;
        if manifest.sync.is_empty() && mapped.items.is_empty() {
            return Ok(());
        }
        job::enqueue_erase(self, work, tenant, integration.id).await
    }

    /// Brings one entity's schedule in line with its settings.
    pub(super) async fn schedule_entity(
        &self,
        work: &mut Work,
        tenant: TenantId,
        integration: &Integration,
        settings: &EntitySettings,
    ) -> Result<()> {
        let on = settings.enabled && integration.status != IntegrationStatus::Disabled;
        let Some(every) = settings.schedule.rhythm().filter(|_| on) else {
            return self.unschedule_entity(work, integration.id, &settings.entity).await;
        };
        let name = name_of(integration.id, &settings.entity);
        let payload = BeginPayload {
            tenant,
            integration: integration.id,
            entity: settings.entity.clone(),
            trigger: Trigger::Schedule,
        };
        let new = NewSchedule {
            unique: Some(name.clone()),
            name,
            tenant: Some(tenant),
            every,
            catch_up: CatchUp::One,
            kind: job::BEGIN.to_owned(),
            payload: payload_of(payload)?,
            class: Class::Bulk,
            group: None,
        };
        self.jobs().schedule(work.change(), new).await.map(|_| ())
    }

    pub(super) async fn unschedule_entity(
        &self,
        work: &mut Work,
        integration: IntegrationId,
        entity: &str,
    ) -> Result<()> {
        match self.jobs().unschedule(work.change(), &name_of(integration, entity)).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    /// An entity's schedule, where it has one.
    pub(super) async fn schedule_of(&self, integration: IntegrationId, entity: &str) -> Result<Option<Schedule>> {
        let stored = self.0.store.admin().get::<Schedule>(&name_of(integration, entity)).await?;
        Ok(stored.map(|stored| stored.record))
    }
}

/// What the keys of an entity's feed begin with.
pub(super) fn feed_of(integration: IntegrationId, entity: &str) -> Vec<u8> {
    entity_prefix(integration, entity)
}
