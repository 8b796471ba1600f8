//! Reading batches. One exists for every key that sees all of the tenant, and for the key that
//! made it.

use gatehouse_domain::batch::{Batch, Item, Refusal};
use gatehouse_domain::execution::Outcome;
use gatehouse_domain::guest::GuestError;
use gatehouse_domain::id::{BatchId, ExecutionId};
use gatehouse_domain::{Error, Result};
use gatehouse_store::{Page, Paged, Stored};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::standing::{Standing, counts};
use crate::{Caller, Engine};

/// A call of a batch, with its result.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Line {
    /// Its place in the batch, from 0.
    pub index: u32,
    /// The host app's own name for it.
    pub reference: Option<String>,
    /// The capability's code.
    pub capability: String,
    /// What has become of it.
    pub outcome: Outcome,
    /// Its record; absent as long as it was not begun.
    pub execution: Option<ExecutionId>,
    /// The result, under the capability's JSON Schema.
    pub result: Option<Value>,
    /// The gateway's answer, where it said no.
    pub error: Option<GuestError>,
    /// Why it was not made, or could not be carried to an end.
    pub refused: Option<Refusal>,
}

impl Engine {
    /// One batch.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::NotFound`], also for another tenant's.
    pub async fn batch(&self, by: &Caller, id: BatchId) -> Result<Batch> {
        let mut batch = self.stored_batch(by, id).await?.record;
        // What is unknown is found out later, whether the batch is finished or not.
        if batch.counts.unknown > 0 {
            batch.counts = counts(&self.standings(by.tenant()?, id).await?);
        }
        Ok(batch)
    }

    /// The tenant's batches, newest first.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Invalid`] for a cursor of another list.
    pub async fn batches(&self, by: &Caller, page: &Page) -> Result<Paged<Batch>> {
        let page = Page { reverse: true, ..page.clone() };
        let mut found = self.0.store.tenant(by.tenant()?).list::<Batch>(&page).await?;
        found.items.retain(|batch| sees(by, batch));
        Ok(found)
    }

    /// The calls of a batch with their results, in order.
    ///
    /// # Errors
    /// As [`Engine::batch`]; [`gatehouse_domain::ErrorKind::Invalid`] for a cursor of another list.
    pub async fn batch_items(&self, by: &Caller, id: BatchId, page: &Page) -> Result<Paged<Line>> {
        let tenant = by.tenant()?;
        self.stored_batch(by, id).await?;
        let found = self.0.store.tenant(tenant).list_under::<Item>(&id.to_bytes(), page).await?;
        let mut items = Vec::with_capacity(found.items.len());
        for item in found.items {
            items.push(line(self.standing(tenant, item).await?));
        }
        Ok(Paged { items, next: found.next })
    }

    pub(super) async fn stored_batch(&self, by: &Caller, id: BatchId) -> Result<Stored<Batch>> {
        let stored = self.0.store.tenant(by.tenant()?).get::<Batch>(&id).await?;
        stored.filter(|batch| sees(by, batch)).ok_or_else(|| Error::not_found("batch", id))
    }
}

fn sees(by: &Caller, batch: &Batch) -> bool {
    !by.is_restricted() || batch.actor == by.key.id
}

fn line(standing: Standing) -> Line {
    let Standing { item, outcome, execution } = standing;
    let Item { index, reference, capability, refused, .. } = item;
    let Some(execution) = execution else {
        return Line { index, reference, capability, outcome, execution: None, result: None, error: None, refused };
    };
    let fault = execution.fault.map(|fault| Refusal { message: fault.describe(), errors: Vec::new() });
    Line {
        index,
        reference,
        capability,
        outcome,
        execution: Some(execution.id),
        result: execution.result,
        error: execution.error,
        refused: refused.or(fault),
    }
}
