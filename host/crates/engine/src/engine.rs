//! The engine: the layers below it, wired, and the plugins that are loaded.

use std::sync::{Arc, OnceLock, Weak};

use gatehouse_broker::{Broker, Vault};
use gatehouse_domain::address::IpRange;
use gatehouse_domain::grant::Limits;
use gatehouse_domain::id::{EndpointId, Id, RequestId, Subject};
use gatehouse_domain::time::Timestamp;
use gatehouse_domain::{Error, Result};
use gatehouse_runtime::Runtime;
use gatehouse_store::{Retention, Store};

use crate::clock::{Clock, fraction_of, new_id};
use crate::health::{Checks, HealthLimits};
use crate::installs::Settle;
use crate::installs::canary::Ripen;
use crate::installs::tell::Tell;
use crate::jobs::{Jobs, Runner, RunnerLimits};
use crate::ledger::{Pace, Resolve};
use crate::metrics::{Metered, Metrics};
use crate::resilience::{self, Resilience};
use crate::subscriptions::{Forget, Sending, Slots};

/// What the engine is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// What seals and opens credentials.
    pub vault: Vault,
    /// What sends requests to providers.
    pub broker: Broker,
    /// What runs gateways.
    pub runtime: Runtime,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// What the operator decided.
    pub policy: Policy,
}

/// What the operator decided.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The limits of every call.
    pub limits: Limits,
    /// What keeps one failing provider from taking the others with it.
    pub resilience: resilience::Settings,
    /// How long growing records are kept.
    pub retention: Retention,
    /// Where providers reach us, such as `https://gatehouse.example`.
    pub public_url: String,
    /// Which plugins are taken, by their signatures.
    pub trust: crate::trust::Rules,
    /// How many jobs run at the same time.
    pub jobs: RunnerLimits,
    /// How much may wait before the server counts as not ready.
    pub health: HealthLimits,
    /// The proxies whose word about where a request came from is believed.
    pub trusted_proxies: Vec<IpRange>,
    /// How the outcomes of writes whose answers were lost are asked for.
    pub ledger: Pace,
    /// The origins to which a browser may be sent after a person agreed at a provider.
    pub return_origins: Vec<String>,
    /// How deliveries to subscriptions are sent.
    pub sending: Sending,
    /// Where the deployment's own sandbox provider is, such as `http://127.0.0.1:8421`.
    pub sandbox: Option<String>,
    /// How often what nobody calls for is looked after.
    pub upkeep: crate::upkeep::Pace,
}

/// The use cases, over the layers below. Cheap to clone; every clone is the same engine.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) broker: Broker,
    pub(crate) runtime: Runtime,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) resilience: Resilience,
    pub(crate) loaded: crate::loaded::Loaded,
    /// Held while a version is checked against its neighbours and published.
    pub(crate) publishing: tokio::sync::Mutex<()>,
    pub(crate) quarantine: crate::webhook::Quarantine,
    pub(crate) quarantined: crate::quarantine::Quarantined,
    jobs: Jobs,
    pub(crate) chains: crate::audit::Chains,
    pub(crate) turns: crate::idempotency::Turns,
    pub(crate) narrowed: crate::providers::Narrowed,
    pub(crate) uses: crate::market::Uses,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) checks: Checks,
    pub(crate) key_uses: crate::keys::KeyUses,
    pub(crate) secret_uses: crate::audit::SecretUses,
    /// Told when a tenant was deleted.
    pub(crate) to_erase: tokio::sync::Notify,
    pub(crate) routing: crate::routing::State,
    pub(crate) mapping: crate::mapping::State,
    pub(crate) watchers: crate::sync::Watchers,
    pub(crate) flights: crate::oauth::Flights,
    pub(crate) running: crate::deferred::Running,
    pub(crate) recordings: crate::cassettes::Recordings,
    pub(crate) canaries: crate::installs::canary::Canaries,
    /// Says when the server stops; set when the engine starts.
    stopping: OnceLock<tokio::sync::watch::Receiver<bool>>,
    pub(crate) slots: Slots,
}

impl Engine {
    /// An engine over its parts. It does nothing by itself until [`Engine::start`].
    pub fn new(parts: Parts) -> Self {
        let started = parts.clock.now();
        let metrics = Arc::new(Metrics::new(started));
        let storage = Metered { inner: Arc::clone(parts.store.storage()), metrics: Arc::clone(&metrics) };
        let store = Store::new(Arc::new(storage), parts.store.artefacts().clone());
        let jobs = Jobs::new(store.clone(), Arc::clone(&parts.clock));
        jobs.count_in(Arc::clone(&metrics));
        Self(Arc::new(Inner {
            store,
            vault: parts.vault,
            broker: parts.broker,
            runtime: parts.runtime,
            resilience: Resilience::new(parts.policy.resilience.clone(), dice_of(&parts.clock)),
            clock: parts.clock,
            slots: Slots::new(parts.policy.sending.in_flight),
            policy: parts.policy,
            loaded: crate::loaded::Loaded::default(),
            publishing: tokio::sync::Mutex::default(),
            quarantine: crate::webhook::Quarantine::default(),
            quarantined: crate::quarantine::Quarantined::default(),
            jobs,
            chains: crate::audit::Chains::default(),
            turns: crate::idempotency::Turns::default(),
            narrowed: crate::providers::Narrowed::default(),
            uses: crate::market::Uses::default(),
            metrics,
            checks: Checks::new(started),
            key_uses: crate::keys::KeyUses::default(),
            secret_uses: crate::audit::SecretUses::default(),
            to_erase: tokio::sync::Notify::new(),
            routing: crate::routing::State::default(),
            mapping: crate::mapping::State::default(),
            watchers: crate::sync::Watchers::default(),
            flights: crate::oauth::Flights::default(),
            running: crate::deferred::Running::default(),
            recordings: crate::cassettes::Recordings::default(),
            canaries: crate::installs::canary::Canaries::default(),
            stopping: OnceLock::new(),
        }))
    }

    /// Settles what a crash left open, then starts the background work: running jobs, delivering events to subscriptions, pruning, erasing deleted tenants,
    /// exchanging keys, writing when API keys and credentials were used, and making checkpoints of the audit trail.
    /// The tasks end when `stop` says so.
    ///
    /// # Errors
    /// Whatever the store says while the open executions are settled.
    pub async fn start(&self, stop: tokio::sync::watch::Receiver<bool>) -> Result<Vec<tokio::task::JoinHandle<()>>> {
        crate::recover::settle_interrupted(self).await?;
        self.recall_quarantines().await?;
        self.look_at_all().await?;
        self.0.stopping.set(stop.clone()).ok();
        let keeper = tokio::spawn(resilience::keep_budgets(self.clone(), stop.clone()));
        self.0.jobs.register(Arc::new(Resolve::of(self)));
        self.register_syncs(&stop);
        self.0.jobs.register(Arc::new(Tell::of(self)));
        self.0.jobs.register(Arc::new(Settle::of(self)));
        self.0.jobs.register(Arc::new(Ripen::of(self)));
        self.0.jobs.register(Arc::new(crate::oauth::GiveBack::of(self)));
        self.0.jobs.register(Arc::new(crate::deferred::Make::of(self)));
        self.0.jobs.register(Arc::new(crate::batches::Drive::of(self)));
        self.0.jobs.register(Arc::new(Forget::of(self)));
        self.0.jobs.register(Arc::new(crate::webhook::Parse::of(self)));
        self.register_upkeep();
        if let Err(error) = self.0.jobs.begin().await {
            // A full disk stops new work, not the server: the runner goes on trying.
            tracing::error!(%error, "jobs can not be run yet");
        }
        if let Err(error) = self.schedule_upkeep().await {
            // As with the jobs; the schedules of an earlier start go on.
            tracing::error!(%error, "the upkeep could not be scheduled");
        }
        let runner = tokio::spawn(Runner::new(self.0.jobs.clone(), self.0.policy.jobs.clone()).run(stop.clone()));
        let pruner = tokio::spawn(crate::housekeeping::prune(self.clone(), stop.clone()));
        let eraser = tokio::spawn(crate::tenants::erase_deleted(self.clone(), stop.clone()));
        let uses = tokio::spawn(crate::keys::write_uses(self.clone(), stop.clone()));
        let keys = tokio::spawn(crate::rotation::exchange_keys(self.clone(), stop.clone()));
        let windows = tokio::spawn(crate::routing::keep_windows(self.clone(), stop.clone()));
        let audit = tokio::spawn(crate::audit::keep_audit(self.clone(), stop.clone()));
        let lanes = tokio::spawn(crate::subscriptions::keep_lanes(self.clone(), stop));
        Ok(vec![keeper, runner, pruner, eraser, uses, keys, windows, audit, lanes])
    }

    /// Where everything is kept, for plain reads and for health.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The job queue: to enqueue in a change, and to ask about jobs. Handlers are registered before
    /// [`Engine::start`].
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// The engine for one of its jobs' handlers: the engine holds those, so they do not hold it.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Unavailable`] where it is gone.
    pub(crate) fn behind(weak: &Weak<Inner>) -> Result<Self> {
        weak.upgrade().map(Self).ok_or_else(|| Error::unavailable("the server stops"))
    }

    /// An identifier for a request to our API.
    ///
    /// # Errors
    /// [`gatehouse_domain::ErrorKind::Internal`] where there is no randomness.
    pub fn new_request_id(&self) -> Result<RequestId> {
        self.new_id()
    }

    /// Where to point a provider's webhooks.
    pub fn webhook_url(&self, endpoint: EndpointId) -> String {
        format!("{}/api/v1/webhooks/{endpoint}", self.0.policy.public_url.trim_end_matches('/'))
    }

    /// What is counted and timed, for the layers above to add theirs.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The proxies whose word about where a request came from is believed.
    pub fn trusted_proxies(&self) -> &[IpRange] {
        &self.0.policy.trusted_proxies
    }

    /// How the providers fare, by integration: what routing asks before it chooses.
    pub fn resilience(&self) -> &Resilience {
        &self.0.resilience
    }

    /// Waits until the server stops.
    pub(crate) async fn stopping(&self) {
        let Some(mut stop) = self.0.stopping.get().cloned() else { return std::future::pending().await };
        stop.wait_for(|stop| *stop).await.ok();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn new_id<S: Subject>(&self) -> Result<Id<S>> {
        new_id(self.0.clock.as_ref())
    }

    /// A number from 0 up to 1, by chance.
    pub(crate) fn fraction(&self) -> f64 {
        fraction_of(self.0.clock.as_ref())
    }
}

fn dice_of(clock: &Arc<dyn Clock>) -> resilience::Dice {
    let clock = Arc::clone(clock);
    Arc::new(move || fraction_of(clock.as_ref()))
}
