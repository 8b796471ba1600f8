//! What a tenant decides about the sync of each entity, and what holds where it decided nothing.

use std::collections::BTreeMap;

use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::manifest::{SyncDirection, SyncMode, SyncRules};
use gatehouse_domain::sync::{ConflictRule, EntitySettings, SyncSchedule};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Caller, Engine};

/// What to change of an entity's settings; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityChange {
    /// Whether it is synchronised at all.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Which ways records travel.
    #[serde(default)]
    pub direction: Option<SyncDirection>,
    /// When runs begin by themselves.
    #[serde(default)]
    pub schedule: Option<SyncSchedule>,
    /// Who prevails where both sides changed a record.
    #[serde(default)]
    pub conflict: Option<ConflictRule>,
    /// How many records are asked for, or pushed, in one call: 1 to 1,000.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// An entity with its settings and what its gateway can.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntityView {
    /// What holds.
    #[serde(flatten)]
    pub settings: EntitySettings,
    /// What a run reads where nobody says otherwise.
    pub mode: SyncMode,
    /// Which ways the gateway can.
    pub gateway_direction: SyncDirection,
}

/// An entity of an integration with what holds for it.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub(super) rules: SyncRules,
    pub(super) settings: EntitySettings,
}

impl Entity {
    /// An entity that the gateway no longer has: it is switched off.
    pub(super) fn gone(integration: IntegrationId, name: &str) -> Self {
        let rules = SyncRules { mode: SyncMode::Full, direction: SyncDirection::Pull, every_minutes: 0 };
        let settings = EntitySettings::of_manifest(integration, name, &rules);
        Self { settings: EntitySettings { enabled: false, ..settings }, rules }
    }
}

impl Engine {
    /// The entities of an integration, by name, with what holds for each.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where its gateway has no sync.
    pub async fn sync_settings(&self, by: &Caller, target: &str) -> Result<Vec<EntityView>> {
        let integration = self.integration(by, target).await?.record;
        let entities = self.entities(by.tenant()?, &integration).await?;
        Ok(entities.into_iter().map(view).collect())
    }

    /// Changes what a tenant decided; schedules follow in the same commit.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with every JSON path that does not fit, and as [`Engine::sync_settings`].
    pub async fn change_sync_settings(
        &self,
        by: &Caller,
        target: &str,
        changes: BTreeMap<String, EntityChange>,
    ) -> Result<Vec<EntityView>> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.record;
        let mut entities = self.entities(tenant, &integration).await?;
        let mut work = self.work(by);
        for (name, change) in changes {
            let place = format!("$.entities.{name}");
            let entity = entities.iter_mut().find(|entity| entity.settings.entity == name);
            let Some(entity) = entity else {
                let problem = Problem::at(place, format!("`{name}` is no entity of this integration"));
                return Err(Error::problems("the sync settings do not fit", vec![problem]));
            };
            let before = entity.settings.clone();
            apply(&mut entity.settings, change);
            entity.settings.check(&entity.rules, &place)?;
            work.tenant(tenant).put(&entity.settings)?;
            self.schedule_entity(&mut work, tenant, &integration, &entity.settings)
                .await
                .map_err(|error| at_schedule(error, &place))?;
            work.audit("sync.settings", format!("{}/{name}", integration.id), Some(&before), Some(&entity.settings))?;
        }
        work.commit().await?;
        Ok(entities.into_iter().map(view).collect())
    }

    /// The entities of an integration in the order of their names.
    pub(super) async fn entities(&self, tenant: TenantId, integration: &Integration) -> Result<Vec<Entity>> {
        let plugin = self.plugin(&integration.plugin).await?;
        let mut entities = Vec::new();
        for (name, rules) in &plugin.manifest().sync {
            entities.push(self.entity_with(tenant, integration, name, rules.clone()).await?);
        }
        if entities.is_empty() {
            let message = format!("the gateway of the integration `{}` has no records to synchronise", integration.id);
            return Err(Error::conflict(message));
        }
        Ok(entities)
    }

    /// One entity of an integration.
    pub(super) async fn entity(&self, tenant: TenantId, integration: &Integration, name: &str) -> Result<Entity> {
        let plugin = self.plugin(&integration.plugin).await?;
        let rules = plugin.manifest().sync.get(name).cloned();
        let rules = rules.ok_or_else(|| {
            let names: Vec<&str> = plugin.manifest().sync.keys().map(String::as_str).collect();
            Error::new(
                ErrorKind::NotFound,
                match names.is_empty() {
                    true => format!("there is no entity `{name}`: the plugin synchronises nothing"),
                    false => format!("there is no entity `{name}`; there are {}", names.join(", ")),
                },
            )
        })?;
        self.entity_with(tenant, integration, name, rules).await
    }

    async fn entity_with(
        &self,
        tenant: TenantId,
        integration: &Integration,
        name: &str,
        rules: SyncRules,
    ) -> Result<Entity> {
        let decided = self.0.store.tenant(tenant).get::<EntitySettings>(&(integration.id, name.to_owned())).await?;
        let settings = match decided {
            Some(decided) => decided.record,
            None => EntitySettings::of_manifest(integration.id, name, &rules),
        };
        Ok(Entity { rules, settings })
    }
}

fn view(entity: Entity) -> EntityView {
    EntityView { settings: entity.settings, mode: entity.rules.mode, gateway_direction: entity.rules.direction }
}

fn apply(settings: &mut EntitySettings, change: EntityChange) {
    let EntityChange { enabled, direction, schedule, conflict, limit } = change;
    settings.enabled = enabled.unwrap_or(settings.enabled);
    settings.direction = direction.unwrap_or(settings.direction);
    settings.conflict = conflict.unwrap_or(settings.conflict);
    settings.limit = limit.unwrap_or(settings.limit);
    if let Some(schedule) = schedule {
        settings.schedule = schedule;
    }
}

/// A schedule that can not be is told at its place.
fn at_schedule(error: Error, place: &str) -> Error {
    match error.kind {
        ErrorKind::Invalid => {
            let problem = Problem::at(format!("{place}.schedule.expression"), error.message);
            Error::problems("the sync settings do not fit", vec![problem])
        }
        _ => error,
    }
}
