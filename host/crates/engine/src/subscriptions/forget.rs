//! The job that deletes what is left of a deleted subscription, batch by batch. It can be killed
//! at any point and begins again.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use gatehouse_domain::Result;
use gatehouse_domain::id::{SubscriptionId, TenantId};
use gatehouse_domain::subscription::SubscriptionDelivery;
use gatehouse_store::Page;
use gatehouse_store::record::TenantRecord;
use gatehouse_store::records::{DeadDelivery, DueDelivery};
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::engine::Inner;
use crate::jobs::{Claimed, Handler, NewJob, Outcome, Verdict, payload_of};
use crate::work::Work;

/// The kind of these jobs.
const KIND: &str = "subscription.forget";
/// How many records one commit deletes.
const BATCH: usize = 200;

/// Deletes what is left. The engine holds it, so it does not hold the engine.
pub(crate) struct Forget(Weak<Inner>);

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    tenant: TenantId,
    subscription: SubscriptionId,
}

/// Has a subscription's deliveries deleted, from the commit of `work` on.
pub(super) async fn enqueue(engine: &Engine, work: &mut Work, tenant: TenantId, id: SubscriptionId) -> Result<()> {
    let payload = payload_of(Payload { tenant, subscription: id })?;
    let job = NewJob { tenant: Some(tenant), ..NewJob::new(KIND, payload) };
    engine.jobs().enqueue(&mut work.admin(), job).await.map(|_| ())
}

impl Forget {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self(Arc::downgrade(&engine.0))
    }
}

#[async_trait]
impl Handler for Forget {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Claimed) -> Result<Outcome> {
        let engine = Engine::behind(&self.0)?;
        let Payload { tenant, subscription } = job.payload()?;
        engine.forget_all::<DueDelivery>(tenant, subscription).await?;
        engine.forget_all::<DeadDelivery>(tenant, subscription).await?;
        engine.forget_all::<SubscriptionDelivery>(tenant, subscription).await?;
        Ok(Verdict::Done.into())
    }
}

impl Engine {
    async fn forget_all<R: TenantRecord>(&self, tenant: TenantId, subscription: SubscriptionId) -> Result<()> {
        let scope = self.0.store.tenant(tenant);
        loop {
            let found = scope.list_stored::<R>(&subscription.to_bytes(), &Page::first(BATCH)).await?;
            if found.items.is_empty() {
                return Ok(());
            }
            let mut change = self.0.store.change();
            for record in &found.items {
                change.tenant(tenant).remove(record)?;
            }
            change.commit().await?;
        }
    }
}
