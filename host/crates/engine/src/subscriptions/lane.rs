//! One subscription's task: it takes events on, sends what is due as fast as the receiver takes
//! it, and stores what came of it. It alone does so, and what it knows can be lost: everything
//! that was accepted stands in the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use gatehouse_domain::id::{SubscriptionDeliveryId, SubscriptionId, TenantId};
use gatehouse_domain::subscription::Subscription;
use gatehouse_domain::time::{SignedDuration, Timestamp, from_millis};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_store::records::{DueDelivery, EventFeed};
use gatehouse_store::watch::Watch;
use gatehouse_store::{Page, Stored};
use tokio::sync::watch::Receiver;
use tokio::task::{Id, JoinError, JoinSet};

use super::accept::Accepted;
use super::attempt::{Tried, Verdict};
use super::pace::Pace;
use super::slots::Places;
use crate::Engine;

/// How long a lane sleeps at most, for clocks that are set and subscriptions that are deleted.
const NAP: Duration = Duration::from_secs(30);
/// What a clock may go back by itself without having been set.
const SET_BACK: SignedDuration = SignedDuration::from_secs(1);
/// How long it rests after the store failed it.
const TROUBLE: Duration = Duration::from_secs(1);
/// How long requests under way get to end when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// One subscription's task.
pub(super) struct Lane {
    engine: Engine,
    tenant: TenantId,
    id: SubscriptionId,
    places: Arc<Places>,
    pace: Pace,
    attempts: JoinSet<Result<Option<Tried>>>,
    /// Which delivery a task sends.
    of_task: HashMap<Id, SubscriptionDeliveryId>,
    /// What is being sent, and what was sent and is not stored yet.
    in_flight: HashSet<SubscriptionDeliveryId>,
    /// What is to be stored still.
    tried: Vec<Tried>,
    /// How many pending deliveries the metrics know of.
    counted: u64,
    /// The time as it was last seen; none where it is known to have been set back since.
    seen: Option<Timestamp>,
}

/// How a task ended.
type Ended = Result<(Id, Result<Option<Tried>>), JoinError>;

/// What a lane does next.
enum Next {
    /// It looks again.
    Look,
    /// It sleeps until something happens, or this moment.
    Sleep(Option<Timestamp>),
    /// There is nothing for it to do any more.
    End,
}

impl Lane {
    pub(super) fn new(engine: &Engine, tenant: TenantId, id: SubscriptionId) -> Self {
        Self {
            engine: engine.clone(),
            tenant,
            id,
            places: engine.0.slots.of(tenant),
            pace: Pace::new(engine.now()),
            attempts: JoinSet::new(),
            of_task: HashMap::new(),
            in_flight: HashSet::new(),
            tried: Vec::new(),
            counted: 0,
            seen: Some(engine.now()).filter(|_| !engine.jobs().clock_went_back()),
        }
    }

    /// Runs until the subscription is off or gone, or `stop` says so.
    pub(super) async fn run(mut self, mut stop: Receiver<bool>) {
        // Before the first look, so that nothing that comes after it is missed.
        let scope = self.engine.0.store.tenant(self.tenant);
        let mut feed = scope.watch_entries::<EventFeed>();
        let mut due = scope.watch_under::<DueDelivery>(&self.id.to_bytes());
        while !*stop.borrow() {
            let next = match self.step().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, subscription.id = %self.id, "a subscription could not be served; it is tried again");
                    self.doze(TROUBLE, &mut stop).await;
                    Next::Look
                }
            };
            match next {
                Next::Look => {}
                Next::Sleep(until) => self.sleep(until, &mut feed, &mut due, &mut stop).await,
                Next::End => break,
            }
        }
        self.wind_down().await;
        self.count(0);
    }

    async fn step(&mut self) -> Result<Next> {
        self.gather();
        self.store().await?;
        self.mind_the_clock().await?;
        let scope = self.engine.0.store.tenant(self.tenant);
        let subscription = scope.get::<Subscription>(&self.id).await?.filter(|subscription| subscription.enabled);
        let Some(subscription) = subscription else { return Ok(Next::End) };
        match self.engine.present_tenant(self.tenant).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Next::End),
            known => known?,
        };
        let accepted = self.engine.accept_events(self.tenant, &subscription).await?;
        match accepted {
            Accepted::Gone => return Ok(Next::End),
            Accepted::All(pending) => self.count(pending),
            Accepted::More => {}
        }
        let until = self.begin_due(&subscription).await?;
        Ok(if accepted == Accepted::More { Next::Look } else { Next::Sleep(until) })
    }

    /// Has what waits follow a clock that was set back.
    async fn mind_the_clock(&mut self) -> Result<()> {
        let now = self.engine.now();
        if self.seen.is_none_or(|seen| now.duration_since(seen) < -SET_BACK) {
            self.engine.follow_clock(self.tenant, self.id).await?;
        }
        self.seen = Some(now);
        Ok(())
    }

    /// Begins what is due and may be begun; answers when to look again by itself.
    async fn begin_due(&mut self, subscription: &Stored<Subscription>) -> Result<Option<Timestamp>> {
        let room = self.pace.room(subscription.concurrency).saturating_sub(self.in_flight.len());
        if room == 0 {
            return Ok(None);
        }
        let scope = self.engine.0.store.tenant(self.tenant);
        // Those under way stand first, as they were due first.
        let page = Page::first(room + self.in_flight.len() + 1);
        let found = scope.list_under::<DueDelivery>(&self.id.to_bytes(), &page).await?.items;
        let shared = Arc::new(subscription.record.clone());
        let waiting = found.into_iter().filter(|due| !self.in_flight.contains(&due.delivery)).collect::<Vec<_>>();
        for due in waiting.iter().take(room) {
            let (now, at) = (self.engine.now(), from_millis(i64::try_from(due.due).unwrap_or(i64::MAX)));
            if at > now {
                return Ok(Some(at));
            }
            if let Err(again) = self.pace.begin(now, subscription.rate_per_second) {
                return Ok(Some(again));
            }
            self.begin(&shared, due.delivery);
        }
        Ok(None)
    }

    fn begin(&mut self, subscription: &Arc<Subscription>, id: SubscriptionDeliveryId) {
        let (engine, tenant, silent) = (self.engine.clone(), self.tenant, self.pace.is_silent());
        let (places, subscription) = (Arc::clone(&self.places), Arc::clone(subscription));
        self.in_flight.insert(id);
        let attempt = async move { engine.try_delivery(tenant, places, silent, subscription, id).await };
        let task = self.attempts.spawn(attempt).id();
        self.of_task.insert(task, id);
    }

    /// Takes in the attempts that have ended.
    fn gather(&mut self) {
        while let Some(ended) = self.attempts.try_join_next_with_id() {
            self.ended(ended);
        }
    }

    fn ended(&mut self, ended: Ended) {
        let (task, outcome) = match ended {
            Ok((task, outcome)) => (task, outcome),
            Err(error) => (error.id(), Err(Error::internal("an attempt failed").caused_by(error))),
        };
        let delivery = self.of_task.remove(&task);
        match outcome {
            Ok(Some(tried)) => return self.tried.push(tried),
            Ok(None) => {}
            // It is begun again, as the store knows nothing of it.
            Err(error) => tracing::error!(%error, subscription.id = %self.id, "a delivery could not be tried"),
        }
        if let Some(delivery) = delivery {
            self.in_flight.remove(&delivery);
        }
    }

    /// Stores what came of attempts. What can not be stored is kept for the next time.
    async fn store(&mut self) -> Result<()> {
        if self.tried.is_empty() {
            return Ok(());
        }
        let scope = self.engine.0.store.tenant(self.tenant);
        let Some(subscription) = scope.get::<Subscription>(&self.id).await? else {
            self.tried.clear();
            return Ok(());
        };
        self.engine.settle_attempts(self.tenant, &subscription, &self.tried).await?;
        let now = self.engine.now();
        for tried in std::mem::take(&mut self.tried) {
            self.in_flight.remove(&tried.delivery);
            self.pace.learn(tried.verdict.took(), now, subscription.concurrency);
            self.measure(&tried, now);
        }
        Ok(())
    }

    fn measure(&self, tried: &Tried, now: Timestamp) {
        let metrics = &self.engine.0.metrics.subscriptions;
        let took = Duration::from_millis(tried.attempt.duration_ms);
        let delay = Duration::try_from(now.duration_since(tried.since)).unwrap_or_default();
        match tried.verdict {
            Verdict::Delivered => metrics.delivered(took, delay),
            Verdict::Failed(_) => metrics.failed("failed", took),
            Verdict::Throttled(_) => metrics.failed("throttled", took),
            Verdict::Gone => metrics.failed("gone", took),
            Verdict::Unanswered => metrics.failed("unanswered", took),
            Verdict::Impossible => metrics.failed("impossible", took),
        }
    }

    fn count(&mut self, pending: u64) {
        self.engine.0.metrics.subscriptions.waiting(self.counted, pending);
        self.counted = pending;
    }

    async fn sleep(&mut self, until: Option<Timestamp>, feed: &mut Watch, due: &mut Watch, stop: &mut Receiver<bool>) {
        let left = until.map(|until| until.duration_since(self.engine.now()));
        let nap = left.and_then(|left| Duration::try_from(left).ok()).unwrap_or(NAP);
        tokio::select! {
            biased;
            Some(ended) = self.attempts.join_next_with_id() => self.ended(ended),
            () = feed.changed() => {}
            () = due.changed() => {}
            () = tokio::time::sleep(nap.clamp(Duration::from_millis(1), NAP)) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn doze(&self, pause: Duration, stop: &mut Receiver<bool>) {
        tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Lets requests under way end, so that what was delivered is not sent again after a stop.
    async fn wind_down(&mut self) {
        let all = async {
            while let Some(ended) = self.attempts.join_next_with_id().await {
                self.ended(ended);
            }
        };
        tokio::time::timeout(STOP_WITHIN, all).await.ok();
        if let Err(error) = self.store().await {
            tracing::warn!(%error, subscription.id = %self.id, "some deliveries are sent again after the next start");
        }
    }
}
