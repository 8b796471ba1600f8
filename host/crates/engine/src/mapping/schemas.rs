//! The schemas that mappings are checked against: those of capabilities are the component's own,
//! that of an entity is what the host app registered for its side.

use std::sync::Arc;

use gatehouse_domain::id::TenantId;
use gatehouse_domain::integration::Integration;
use gatehouse_domain::mapping::{EntityShape, Sample, Way};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Change;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::fit::Schemas;
use crate::{Caller, Engine};

/// The largest schema, in bytes of JSON.
const LARGEST: usize = 256 << 10;

/// What the host app registered for an entity.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Registered {
    /// The entity.
    pub entity: String,
    /// The JSON Schema of its records as the host app keeps them.
    pub schema: Value,
    /// When it was registered.
    #[schemars(with = "String")]
    pub updated_at: Timestamp,
}

impl Engine {
    /// The schema that the host app registered for an entity.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn entity_schema(&self, by: &Caller, target: &str, entity: &str) -> Result<Registered> {
        let integration = self.integration(by, target).await?.record;
        self.must_sync(&integration, entity).await?;
        let shape = self.shape_of(by.tenant()?, &integration, entity, Way::Out).await?;
        let found = shape.and_then(|shape| Some((shape.schema?, shape.updated_at)));
        let (schema, updated_at) = found.ok_or_else(|| Error::not_found("schema of the entity", entity))?;
        Ok(Registered { entity: entity.to_owned(), schema, updated_at })
    }

    /// Registers how the host app keeps the records of an entity. Mappings are checked against it
    /// when they are saved; those that are in use stay as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what is no JSON Schema, [`ErrorKind::TooLarge`] beyond 256 KiB,
    /// [`ErrorKind::NotFound`] for what is no entity.
    pub async fn register_schema(&self, by: &Caller, target: &str, entity: &str, schema: Value) -> Result<Registered> {
        let tenant = by.tenant()?;
        let integration = self.integration(by, target).await?.record;
        self.must_sync(&integration, entity).await?;
        check(&schema)?;
        let before = self.shape_of(tenant, &integration, entity, Way::Out).await?;
        let shape = EntityShape {
            integration: integration.id,
            entity: entity.to_owned(),
            side: Way::Out,
            schema: Some(schema.clone()),
            sample: None,
            updated_at: self.now(),
        };
        let mut work = self.work(by);
        work.tenant(tenant).put(&shape)?;
        work.audit("mapping.schema", format!("{}/{entity}", integration.id), before.as_ref(), Some(&shape))?;
        work.commit().await?;
        Ok(Registered { entity: entity.to_owned(), schema, updated_at: shape.updated_at })
    }

    /// Makes the newest record of a page, as the provider sent it, part of a change: what a mapping
    /// made of it does not tell how it was.
    pub(crate) fn keep_sample(
        &self,
        change: &mut Change,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        sample: Sample,
    ) -> Result<()> {
        let shape = EntityShape {
            integration: integration.id,
            entity: entity.to_owned(),
            side: Way::In,
            schema: None,
            sample: Some(sample),
            updated_at: self.now(),
        };
        change.tenant(tenant).put(&shape)
    }

    pub(super) async fn shape_of(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        side: Way,
    ) -> Result<Option<EntityShape>> {
        let key = (integration.id, entity.to_owned(), side);
        Ok(self.0.store.tenant(tenant).get::<EntityShape>(&key).await?.map(|stored| stored.record))
    }

    /// What is known of both sides of a way.
    pub(super) async fn schemas_of(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        way: Way,
    ) -> Result<Schemas> {
        let plugin = self.plugin(&integration.plugin).await?;
        if let Some(capability) = plugin.capability(entity) {
            return Ok(match way {
                Way::In => Schemas { source: Some(Arc::new(capability.result_schema.clone())), target: None },
                Way::Out => Schemas { source: None, target: Some(Arc::new(capability.parameters_schema.clone())) },
            });
        }
        let shape = self.shape_of(tenant, integration, entity, Way::Out).await?;
        let ours = shape.and_then(|shape| shape.schema).map(Arc::new);
        Ok(match way {
            Way::In => Schemas { source: None, target: ours },
            Way::Out => Schemas { source: ours, target: None },
        })
    }

    async fn must_sync(&self, integration: &Integration, entity: &str) -> Result<()> {
        let plugin = self.plugin(&integration.plugin).await?;
        if plugin.manifest().sync.contains_key(entity) {
            return Ok(());
        }
        let message = format!("there is no entity `{entity}` of the integration `{}`", integration.id);
        Err(Error::new(ErrorKind::NotFound, message))
    }
}

fn check(schema: &Value) -> Result<()> {
    let wrong = |message: String| Error::problems("the schema does not fit", vec![Problem::at("$.schema", message)]);
    let size = serde_json::to_vec(schema).map_or(usize::MAX, |bytes| bytes.len());
    if size > LARGEST {
        let message = format!("has {size} bytes; a schema has at most {LARGEST}");
        return Err(Error::new(ErrorKind::TooLarge, format!("the schema {message}")).at("$.schema", message));
    }
    if !schema.is_object() {
        return Err(wrong("is no object; `{}` takes any record".to_owned()));
    }
    jsonschema::draft202012::new(schema).map(drop).map_err(|error| wrong(format!("is no JSON Schema: {error}")))
}
