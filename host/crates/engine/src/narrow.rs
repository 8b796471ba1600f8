//! What a restricted key knows of: the one place that decides which integrations, calls and
//! records exist for a caller. What does not exist for it is not found, and not in any list.

use std::collections::HashMap;

use gatehouse_domain::event::Event;
use gatehouse_domain::execution::Execution;
use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::integration::{Environment, Integration};
use gatehouse_domain::key::{ApiKey, KeyEnvironment};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::record::TenantRecord;
use gatehouse_store::records::IntegrationByProvider;
use gatehouse_store::{Page, Paged};

use crate::{Caller, Engine};

/// The most parts of a list that are read to fill one page for a restricted key. A page may
/// hold less than was asked for; its cursor still leads on.
const ROUNDS: usize = 32;

impl Caller {
    /// Whether its key knows of no more than a part of the tenant.
    pub fn is_restricted(&self) -> bool {
        let ApiKey { integrations, capabilities, environment, .. } = &self.key;
        integrations.is_some() || capabilities.is_some() || *environment == KeyEnvironment::Test
    }

    /// Whether the integration exists for the caller.
    pub fn sees_integration(&self, integration: &Integration) -> bool {
        self.sees_environment(integration.environment) && self.key.covers_integration(integration.id)
    }

    /// Whether its key is for integrations of this environment: a `test` key is for the sandbox
    /// alone, a `live` key for both.
    pub fn sees_environment(&self, environment: Environment) -> bool {
        self.environment() == KeyEnvironment::Live || environment == Environment::Sandbox
    }

    /// Checks that the caller may make an integration in an environment.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] for a key that would not know of it afterwards.
    pub fn may_add_integration(&self, environment: Environment) -> Result<()> {
        let message = if self.key.integrations.is_some() {
            "this key is restricted to integrations that exist; use one without `integrations`"
        } else if !self.sees_environment(environment) {
            "this is a `test` key; it makes integrations with `environment: sandbox` only"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Forbidden, message))
    }

    /// Checks that the caller may call a capability.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`], naming those that it may call.
    pub fn must_cover_capability(&self, code: &str) -> Result<()> {
        if self.key.covers_capability(code) {
            return Ok(());
        }
        let codes = self.key.capabilities.as_deref().unwrap_or_default().join(", ");
        Err(Error::new(ErrorKind::Forbidden, format!("this key is restricted to the capabilities {codes}")))
    }
}

/// Tells which executions exist for a caller, looking up each integration once.
pub(crate) struct Lens<'a> {
    engine: &'a Engine,
    by: &'a Caller,
    known: HashMap<IntegrationId, bool>,
}

impl<'a> Lens<'a> {
    pub(crate) fn new(engine: &'a Engine, by: &'a Caller) -> Self {
        Self { engine, by, known: HashMap::new() }
    }

    /// Whether a record exists for the caller.
    pub(crate) async fn sees(&mut self, record: &impl Belongs) -> Result<bool> {
        let (integration, capability) = record.belongs_to();
        let covered = capability.is_none_or(|code| self.by.key.covers_capability(code));
        Ok(covered && self.sees_records_of(integration).await?)
    }

    /// Whether an event exists for the caller. What concerns the whole tenant does not for a
    /// restricted key.
    pub(crate) async fn sees_event(&mut self, event: &Event) -> Result<bool> {
        match event.integration {
            Some(integration) => self.sees_records_of(integration).await,
            None => Ok(!self.by.is_restricted()),
        }
    }

    /// Whether records of this integration exist for the caller. Those of one that is deleted
    /// are hidden from a `test` key, as nobody can tell any more where it belonged.
    pub(crate) async fn sees_records_of(&mut self, id: IntegrationId) -> Result<bool> {
        if !self.by.key.covers_integration(id) {
            return Ok(false);
        }
        if self.by.environment() == KeyEnvironment::Live {
            return Ok(true);
        }
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        let stored = self.engine.0.store.tenant(self.by.tenant()?).get::<Integration>(&id).await?;
        let sees = stored.is_some_and(|stored| self.by.sees_integration(&stored));
        self.known.insert(id, sees);
        Ok(sees)
    }
}

/// A record that belongs to an integration, and perhaps to a call of a capability.
pub(crate) trait Belongs: TenantRecord {
    /// The integration, and the capability's code.
    fn belongs_to(&self) -> (IntegrationId, Option<&str>);
}

impl Belongs for IntegrationByProvider {
    fn belongs_to(&self) -> (IntegrationId, Option<&str>) {
        (self.integration, None)
    }
}

impl Belongs for Execution {
    fn belongs_to(&self) -> (IntegrationId, Option<&str>) {
        (self.integration, Some(&self.capability))
    }
}

impl Engine {
    /// A page of the records that exist for the caller, read on until it is full.
    pub(crate) async fn list_known<R: Belongs>(&self, by: &Caller, prefix: &[u8], page: &Page) -> Result<Paged<R>> {
        let scope = self.0.store.tenant(by.tenant()?);
        if !by.is_restricted() {
            return scope.list_under::<R>(prefix, page).await;
        }
        let limit = page.limit.max(1);
        let (mut rest, mut items, mut lens) = (page.clone(), Vec::new(), Lens::new(self, by));
        for _ in 0..ROUNDS {
            // Never more than there is room for, so that the cursor is that of the last one kept.
            rest.limit = limit - items.len();
            let Paged { items: found, next } = scope.list_under::<R>(prefix, &rest).await?;
            for item in found {
                if lens.sees(&item).await? {
                    items.push(item);
                }
            }
            rest.after = next;
            if rest.after.is_none() || items.len() >= limit {
                break;
            }
        }
        Ok(Paged { items, next: rest.after })
    }
}
