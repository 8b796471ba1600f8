//! The host app's changes: accepted with what is needed to push them later, in one commit, so
//! that an accepted change is never lost. A record has at most one change that is not over.

use gatehouse_domain::id::{ChangeId, TenantId};
use gatehouse_domain::integration::Integration;
use gatehouse_domain::sync::{ChangeState, LONGEST_RECORD_ID, SyncChange, SyncedRecord};
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use gatehouse_store::Stored;
use gatehouse_store::records::ChangeKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hash;
use super::job;
use super::push::pended;
use crate::{Caller, Engine};

/// The most bytes of a record's content.
const MOST_BYTES: usize = (1 << 20) - (16 << 10);

/// What became of a change that was handed in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AcceptedChange")]
pub struct Accepted {
    /// The change; absent where the record is already as it was asked to be.
    pub change: Option<SyncChange>,
}

/// What a person says of a change that waits for one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "outcome", deny_unknown_fields)]
pub enum Resolve {
    /// The provider took it.
    Pushed {
        /// The record's id at the provider; needed for a new record.
        #[serde(default)]
        record: Option<String>,
    },
    /// The provider does not have it, and it is to be pushed again.
    Retry,
    /// It is to be forgotten.
    Drop,
}

impl Engine {
    /// Takes in a new record that is to be made at the provider.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where nothing of this entity is pushed;
    /// [`ErrorKind::TooLarge`].
    pub async fn create_record(
        &self,
        by: &Caller,
        target: &str,
        entity: &str,
        data: Map<String, Value>,
    ) -> Result<Accepted> {
        let integration = self.pushing(by, target, entity).await?;
        let change = self.new_change(&integration, entity, None, Some(data))?;
        self.accept(by, &integration, change, None, None).await
    }

    /// Takes in a change of a record: its whole new content, or its deletion where there is none.
    /// One that waits to be pushed is replaced by it.
    ///
    /// # Errors
    /// As [`Engine::create_record`]; [`ErrorKind::Conflict`] too where a change of the record is
    /// being pushed, or waits until it is known what became of it.
    pub async fn change_record(
        &self,
        by: &Caller,
        target: &str,
        entity: &str,
        id: &str,
        data: Option<Map<String, Value>>,
    ) -> Result<Accepted> {
        let integration = self.pushing(by, target, entity).await?;
        let tenant = by.tenant()?;
        let key = (integration.id, entity.to_owned(), id.to_owned());
        let known = self.0.store.tenant(tenant).get::<SyncedRecord>(&key).await?;
        let known = known.filter(|known| !known.deleted && id.len() <= LONGEST_RECORD_ID);
        let known = known.ok_or_else(|| Error::not_found("record", id))?;
        let mut change = self.new_change(&integration, entity, Some(&known), data)?;
        let waiting = match known.pending {
            Some(pending) => Some(self.waiting_change(tenant, &integration, entity, pending).await?),
            None => None,
        };
        if let Some(waiting) = &waiting {
            change = SyncChange { id: waiting.id, base: waiting.base.clone(), ..change };
        }
        if !change.deleted && change.hash == known.hash {
            return self.take_back_change(by, &known, waiting).await;
        }
        self.accept(by, &integration, change, Some(&known), waiting).await
    }

    /// A change, wherever it stands.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub async fn sync_change(&self, by: &Caller, target: &str, entity: &str, id: ChangeId) -> Result<SyncChange> {
        let integration = self.integration(by, target).await?.record;
        Ok(self.stored_change(by.tenant()?, &integration, entity, id).await?.record)
    }

    /// Settles a change of which nobody could find out whether the provider took it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for a change that waits for nobody;
    /// [`ErrorKind::Invalid`] where the id of a new record is missing.
    pub async fn resolve_change(
        &self,
        by: &Caller,
        target: &str,
        entity: &str,
        id: ChangeId,
        says: Resolve,
    ) -> Result<SyncChange> {
        let integration = self.integration(by, target).await?.record;
        let tenant = by.tenant()?;
        let stored = self.stored_change(tenant, &integration, entity, id).await?;
        if !matches!(stored.state, ChangeState::Held { .. }) {
            return Err(Error::conflict(format!("the change `{id}` does not wait for a decision")));
        }
        let mut next = stored.record.clone();
        match says {
            Resolve::Retry => next.state = ChangeState::Pending,
            Resolve::Drop => next.state = ChangeState::Dropped { reason: "a person dropped it".to_owned() },
            Resolve::Pushed { record } => {
                next.record = next.record.or(record.filter(|id| !id.is_empty() && id.len() <= LONGEST_RECORD_ID));
                next.state = ChangeState::Pushed;
            }
        }
        if next.state == ChangeState::Pushed && next.record.is_none() {
            let problem = Problem::at("$.record", "is missing: say which id the new record has at the provider");
            return Err(Error::problems("the decision does not fit", vec![problem]));
        }
        self.keep_decision(by, &integration, &stored, next).await
    }

    async fn keep_decision(
        &self,
        by: &Caller,
        integration: &Integration,
        stored: &Stored<SyncChange>,
        mut next: SyncChange,
    ) -> Result<SyncChange> {
        let tenant = by.tenant()?;
        let mut work = self.work(by);
        if next.state.is_over() {
            next.settled_at = Some(self.now());
            work.tenant(tenant).remove(stored)?;
            work.tenant(tenant).create(&next)?;
            if let Some(known) = self.record_with(tenant, stored).await? {
                work.tenant(tenant).replace(&known, &pended(&known, None))?;
            }
        } else {
            work.tenant(tenant).replace(stored, &next)?;
            job::enqueue_push(self, &mut work, tenant, integration.id, &next.entity).await?;
        }
        work.audit("sync.change.resolved", next.id, Some(&stored.record), Some(&next))?;
        work.commit().await?;
        Ok(next)
    }

    /// The record that waits for a change.
    async fn record_with(&self, tenant: TenantId, change: &SyncChange) -> Result<Option<Stored<SyncedRecord>>> {
        let Some(id) = &change.record else { return Ok(None) };
        let key = (change.integration, change.entity.clone(), id.clone());
        let known = self.0.store.tenant(tenant).get::<SyncedRecord>(&key).await?;
        Ok(known.filter(|known| known.pending == Some(change.id)))
    }

    async fn accept(
        &self,
        by: &Caller,
        integration: &Integration,
        change: SyncChange,
        known: Option<&Stored<SyncedRecord>>,
        waiting: Option<Stored<SyncChange>>,
    ) -> Result<Accepted> {
        let tenant = by.tenant()?;
        let mut work = self.work(by);
        match &waiting {
            Some(waiting) => work.tenant(tenant).replace(waiting, &change)?,
            None => {
                work.tenant(tenant).create(&change)?;
                if let Some(known) = known {
                    work.tenant(tenant).replace(known, &pended(known, Some(change.id)))?;
                }
                job::enqueue_push(self, &mut work, tenant, integration.id, &change.entity).await?;
            }
        }
        work.commit().await?;
        Ok(Accepted { change: Some(change) })
    }

    /// The record is as it was asked to be: there is nothing to push, and what waits is taken back.
    async fn take_back_change(
        &self,
        by: &Caller,
        known: &Stored<SyncedRecord>,
        waiting: Option<Stored<SyncChange>>,
    ) -> Result<Accepted> {
        if let Some(waiting) = waiting {
            let tenant = by.tenant()?;
            let mut dropped = waiting.record.clone();
            dropped.state = ChangeState::Dropped { reason: "the host app took it back".to_owned() };
            dropped.settled_at = Some(self.now());
            let mut work = self.work(by);
            work.tenant(tenant).remove(&waiting)?;
            work.tenant(tenant).create(&dropped)?;
            work.tenant(tenant).replace(known, &pended(known, None))?;
            work.commit().await?;
        }
        Ok(Accepted { change: None })
    }

    /// The integration, if changes of the entity are pushed.
    async fn pushing(&self, by: &Caller, target: &str, entity: &str) -> Result<Integration> {
        let integration = self.integration(by, target).await?.record;
        let found = self.entity(by.tenant()?, &integration, entity).await?;
        if found.settings.enabled && found.settings.direction.pushes() {
            return Ok(integration);
        }
        let message = format!(
            "nothing is pushed to `{entity}` of the integration `{}`; PUT …/sync/settings with `enabled` and a \
             `direction` of push or both, where its gateway can",
            integration.id
        );
        Err(Error::conflict(message))
    }

    fn new_change(
        &self,
        integration: &Integration,
        entity: &str,
        known: Option<&Stored<SyncedRecord>>,
        data: Option<Map<String, Value>>,
    ) -> Result<SyncChange> {
        let deleted = data.is_none();
        let data = data.unwrap_or_default();
        let size = hash::canonical(&data).len();
        if size > MOST_BYTES {
            let message = format!("the record has {size} bytes; a record has at most {MOST_BYTES}");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(SyncChange {
            id: self.new_id()?,
            integration: integration.id,
            entity: entity.to_owned(),
            record: known.map(|known| known.id.clone()),
            deleted,
            hash: hash::of(&data),
            data,
            base: known.map(|known| known.hash.clone()),
            created_at: self.now(),
            state: ChangeState::Pending,
            attempts: 0,
            asked: 0,
            first_sent_at: None,
            last_sent_at: None,
            settled_at: None,
        })
    }

    /// The change of a record that another one may replace.
    async fn waiting_change(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        id: ChangeId,
    ) -> Result<Stored<SyncChange>> {
        let stored = self.stored_change(tenant, integration, entity, id).await?;
        let why = match &stored.state {
            ChangeState::Pending => return Ok(stored),
            ChangeState::Held { .. } => "waits for a person; POST …/records/{entity}/changes/{change}/resolve first",
            _ => "is being pushed; try again when it is known what became of it",
        };
        Err(Error::conflict(format!("the change `{id}` of this record {why}")).retry_after(1_000))
    }

    async fn stored_change(
        &self,
        tenant: TenantId,
        integration: &Integration,
        entity: &str,
        id: ChangeId,
    ) -> Result<Stored<SyncChange>> {
        for over in [false, true] {
            let key = ChangeKey { integration: integration.id, entity: entity.to_owned(), over, change: id };
            if let Some(found) = self.0.store.tenant(tenant).get::<SyncChange>(&key).await? {
                return Ok(found);
            }
        }
        Err(Error::not_found("change", id))
    }
}
