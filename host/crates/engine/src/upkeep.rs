//! What is looked after though nobody calls: the schedules of the deployment's own upkeep, and the
//! jobs that they make. What is done stands with what it is about, in `oauth` and `webhook`.

mod walk;

use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::Result;
use gatehouse_domain::job::Class;
use gatehouse_domain::schedule::{CatchUp, Every};
use serde_json::Value;

use crate::jobs::NewSchedule;
use crate::{Engine, oauth, webhook};

pub(crate) use walk::Tenants;

/// How often it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(pub Duration);

impl Default for Pace {
    fn default() -> Self {
        Self(Duration::from_secs(300))
    }
}

/// Every kind of job that a schedule of the deployment makes.
const KINDS: &[&str] = &[oauth::KEEP, webhook::KEEP];

impl Engine {
    /// Registers what does the upkeep's jobs.
    pub(crate) fn register_upkeep(&self) {
        self.jobs().register(Arc::new(oauth::Keep::of(self)));
        self.jobs().register(Arc::new(oauth::Renew::of(self)));
        self.jobs().register(Arc::new(webhook::Keep::of(self)));
        self.jobs().register(Arc::new(webhook::Register::of(self)));
        self.jobs().register(Arc::new(webhook::Farewell::of(self)));
        self.jobs().register(Arc::new(webhook::Fill::of(self)));
    }

    /// Sees that the upkeep ticks. A start does not put a tick off.
    pub(crate) async fn schedule_upkeep(&self) -> Result<()> {
        let seconds = u32::try_from(self.0.policy.upkeep.0.as_secs()).unwrap_or(u32::MAX).max(1);
        let mut change = self.0.store.change();
        for kind in KINDS {
            let new = NewSchedule {
                name: format!("upkeep/{kind}"),
                tenant: None,
                every: Every::Interval { seconds },
                catch_up: CatchUp::One,
                kind: (*kind).to_owned(),
                payload: Value::Null,
                class: Class::Bulk,
                unique: Some((*kind).to_owned()),
                group: None,
            };
            self.jobs().schedule(&mut change, new).await?;
        }
        change.commit().await.map(|_| ())
    }
}
