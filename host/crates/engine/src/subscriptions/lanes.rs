//! The lanes of all subscriptions: one for each that is on, begun again where one ended too early.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use gatehouse_domain::id::SubscriptionId;
use gatehouse_domain::{ErrorKind, Result};
use gatehouse_store::Page;
use gatehouse_store::page::MAX_LIMIT;
use gatehouse_store::records::SubscriptionPlace;
use tokio::sync::watch::Receiver;
use tokio::task::{Id, JoinError, JoinSet};

use super::lane::Lane;
use crate::Engine;

/// How long to rest between two looks that nothing asked for.
const PAUSE: Duration = Duration::from_secs(30);

/// How long to rest after a lane failed, which it might do again.
const TROUBLE: Duration = Duration::from_secs(1);

/// Keeps a lane for each subscription until `stop` says so.
pub(crate) async fn keep_lanes(engine: Engine, mut stop: Receiver<bool>) {
    let mut changes = engine.0.store.admin().watch::<SubscriptionPlace>();
    let mut lanes =
        Lanes { engine, running: HashSet::new(), of_task: HashMap::new(), tasks: JoinSet::new(), stop: stop.clone() };
    while !*stop.borrow() {
        if let Err(error) = lanes.begin_missing().await {
            tracing::error!(%error, "the subscriptions could not be read; it is tried again");
        }
        let failed = tokio::select! {
            biased;
            () = changes.changed() => false,
            Some(ended) = lanes.tasks.join_next_with_id() => lanes.ended(ended),
            () = tokio::time::sleep(PAUSE) => false,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        if failed {
            tokio::time::sleep(TROUBLE).await;
        }
    }
    while lanes.tasks.join_next().await.is_some() {}
}

struct Lanes {
    engine: Engine,
    running: HashSet<SubscriptionId>,
    /// Which subscription a task serves, for one that panics.
    of_task: HashMap<Id, SubscriptionId>,
    tasks: JoinSet<()>,
    stop: Receiver<bool>,
}

impl Lanes {
    /// Begins the lane of each subscription that is on and has none.
    async fn begin_missing(&mut self) -> Result<()> {
        let mut page = Page::first(MAX_LIMIT);
        loop {
            let found = self.engine.0.store.admin().list::<SubscriptionPlace>(&page).await?;
            for place in found.items.iter().filter(|place| place.enabled) {
                if !self.running.contains(&place.subscription) && self.is_wanted(place).await? {
                    self.running.insert(place.subscription);
                    let lane = Lane::new(&self.engine, place.tenant, place.subscription);
                    let task = self.tasks.spawn(lane.run(self.stop.clone())).id();
                    self.of_task.insert(task, place.subscription);
                }
            }
            let Some(next) = found.next else { return Ok(()) };
            page.after = Some(next);
        }
    }

    /// Whether its tenant is there: the subscriptions of one that is deleted go a little later.
    async fn is_wanted(&self, place: &SubscriptionPlace) -> Result<bool> {
        match self.engine.present_tenant(place.tenant).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes the end of a lane; whether it failed.
    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) -> bool {
        let failed = ended.is_err();
        let task = match ended {
            Ok((task, ())) => task,
            Err(error) => {
                tracing::error!(%error, "a subscription's task failed and is begun again");
                error.id()
            }
        };
        if let Some(id) = self.of_task.remove(&task) {
            self.running.remove(&id);
        }
        failed
    }
}
