//! The server: the layers wired in one place, and its life from the first byte of
//! configuration to the last answer. `serve` and `demo` both run this.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gatehouse_api::{Join, Options};
use gatehouse_broker::{Broker, BrokerConfig};
use gatehouse_domain::{Error, ErrorKind, Result};
use gatehouse_engine::catalog::Upload;
use gatehouse_engine::jobs::RunnerLimits;
use gatehouse_engine::ledger::Pace;
use gatehouse_engine::subscriptions::Sending;
use gatehouse_engine::trust::Rules;
use gatehouse_engine::{Engine, HealthLimits, Parts, Policy, SystemClock};
use gatehouse_runtime::{CompileLimits, PoolConfig, Runtime, RuntimeConfig, WorkerCommand};
use gatehouse_store::sled::SpaceLimits;
use gatehouse_store::{Artefacts, Retention, SledConfig, SledStorage, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::sandbox::house;

mod anchor;
pub(crate) mod deployment;
pub(crate) mod key_note;
mod shutdown;

pub use shutdown::{StoreFailed, until_signal};

/// The largest component that is kept, in bytes.
const ARTEFACT_BYTES: usize = 32 << 20;
/// How long calls that are running may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(35);

/// A server that listens.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The use cases, for what the binary does itself.
    pub engine: Engine,
    /// Whether the root key was made by this start.
    pub new_root_key: bool,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    working: Vec<JoinHandle<()>>,
    anchor: Option<PathBuf>,
}

impl Server {
    /// Opens the data, settles what a crash left open, and listens.
    ///
    /// # Errors
    /// Whatever a layer says: a locked or damaged store, a readable root key, a port in use.
    pub async fn start(config: &Config) -> Result<Self> {
        // First, as the address is part of what the engine is told; requests wait until it serves.
        let listener = listen(config.listen).await?;
        let address = listener.local_addr().map_err(|error| in_use(config.listen, &error))?;
        let sandbox = match config.sandbox.listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let (engine, new_root_key) = open_engine(config, address).await?;
        let (stop, stopped) = watch::channel(false);
        let mut working = engine.start(stopped.clone()).await?;
        if let Some(sandbox) = sandbox {
            let providers = house::serve(sandbox, engine.clone(), own_url(address), stopped.clone());
            working.push(tokio::spawn(providers));
        }
        let note = key_note::keep(engine.store().clone(), config.data_dir.clone(), stopped.clone());
        working.push(tokio::spawn(note));
        let anchor = config.audit.anchor_file.clone();
        if let Some(file) = anchor.clone() {
            working.push(tokio::spawn(anchor::keep(engine.clone(), file, stopped.clone())));
        }
        let serving = tokio::spawn(serve(listener, engine.clone(), options(config), stopped));
        Ok(Self { address, engine, new_root_key, stop, serving, working, anchor })
    }

    /// The address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops taking requests, lets running ones end, and closes the store.
    ///
    /// # Errors
    /// Where the store can not be closed in good order; nothing acknowledged is lost by that.
    pub async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        if tokio::time::timeout(DRAIN, self.serving).await.is_err() {
            tracing::warn!("some requests did not end in time and were cut off");
        }
        for task in self.working {
            task.await.ok();
        }
        if let Some(file) = &self.anchor {
            // With the checkpoint that the end of the work has made.
            anchor::add(&self.engine, file).await;
        }
        self.engine.store().storage().close().await
    }
}

async fn open_engine(config: &Config, address: SocketAddr) -> Result<(Engine, bool)> {
    let store = open_store(config)?;
    let (vault, new_root_key) = deployment::open_vault(config, &store).await?;
    let runtime = Runtime::new(RuntimeConfig {
        worker: compile_worker(),
        compile: CompileLimits {
            component_bytes: usize::try_from(config.plugins.max_component_bytes).unwrap_or(usize::MAX),
            functions: config.plugins.max_functions as usize,
            memory_bytes: config.plugins.compile_memory_bytes,
            time: Duration::from_secs(config.plugins.compile_seconds.into()),
        },
        pool: PoolConfig { instances: config.pool.instances, ..PoolConfig::default() },
        zero_stacks: config.pool.zero_stacks,
        ..RuntimeConfig::new(config.data_dir.join("compiled"), vault.cwasm_key())
    })?;
    let broker = Broker::new(BrokerConfig {
        allow_origins: config.egress.allow.iter().map(ToString::to_string).chain(sandbox_origin(config)).collect(),
        own_addresses: vec![address.ip()].into_iter().filter(|ip| !ip.is_loopback() && !ip.is_unspecified()).collect(),
        ..BrokerConfig::default()
    })?;
    let parts = Parts { store, vault, broker, runtime, clock: Arc::new(SystemClock), policy: policy(config, address) };
    Ok((Engine::new(parts), new_root_key))
}

pub(crate) fn open_store(config: &Config) -> Result<Store> {
    let artefacts = Artefacts::open(config.data_dir.join("artefacts"), ARTEFACT_BYTES)?;
    let space = SpaceLimits {
        low_bytes: config.store.free_soft_bytes,
        full_bytes: config.store.free_hard_bytes,
        ..SpaceLimits::default()
    };
    let sled =
        SledConfig { cache_bytes: config.store.cache_bytes, space, ..SledConfig::new(config.data_dir.join("store")) };
    Ok(Store::new(Arc::new(SledStorage::open(sled)?), artefacts))
}

fn policy(config: &Config, address: SocketAddr) -> Policy {
    let kept = &config.retention;
    Policy {
        limits: config.limits.clone(),
        resilience: config.resilience.clone(),
        retention: Retention {
            executions_days: kept.executions_days,
            deliveries_days: kept.deliveries_days,
            events_days: kept.events_days,
            dead_jobs_days: kept.dead_jobs_days,
            sync_logs_days: kept.sync_logs_days,
            audit_days: kept.audit_days,
        },
        public_url: config.public_url.clone().unwrap_or_else(|| format!("http://{address}")),
        ledger: Pace {
            first_retry: Duration::from_millis(config.ledger.first_retry_ms),
            max_retry: Duration::from_millis(config.ledger.max_retry_ms),
            give_up: Duration::from_secs(u64::from(config.ledger.give_up_hours) * 3_600),
        },
        return_origins: config.oauth.return_origins.iter().map(ToString::to_string).collect(),
        sending: sending(config),
        sandbox: sandbox_origin(config),
        upkeep: gatehouse_engine::upkeep::Pace(Duration::from_secs(config.upkeep.every_seconds.into())),
        trust: Rules {
            signed_only: config.plugins.policy == crate::config::Policy::Signed,
            publishers: config.plugins.publishers.clone(),
            reviewed_only: config.plugins.review == crate::config::Review::Required,
        },
        jobs: RunnerLimits {
            concurrency: config.jobs.concurrency as usize,
            tenant_percent: config.jobs.tenant_percent as usize,
            stop_within: Duration::from_secs(config.jobs.stop_seconds.into()),
            ..RunnerLimits::default()
        },
        health: HealthLimits { backlog: config.health.backlog, backlog_seconds: config.health.backlog_seconds },
        trusted_proxies: config.trusted_proxies.clone(),
    }
}

/// Where integrations of the sandbox send their requests.
fn sandbox_origin(config: &Config) -> Option<String> {
    config.sandbox.listen.map(|address| format!("http://{address}"))
}

/// Where this server is reached from this machine.
fn own_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

fn sending(config: &Config) -> Sending {
    let sending = &config.deliveries;
    Sending {
        timeout: Duration::from_millis(sending.timeout_ms),
        pauses: sending.pauses_ms.iter().copied().map(Duration::from_millis).collect(),
        disable_after: Duration::from_secs(sending.disable_after_seconds),
        in_flight: sending.concurrency as usize,
    }
}

fn options(config: &Config) -> Options {
    let join = config.telemetry.otlp_endpoint.as_ref().map(|_| crate::telemetry::join as Join);
    Options { metrics_public: config.metrics.public, join }
}

/// This very program, as the child that compiles.
pub(crate) fn compile_worker() -> Option<WorkerCommand> {
    let program: PathBuf = std::env::current_exe().ok()?;
    Some(WorkerCommand { program, args: vec!["compile-worker".to_owned()] })
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| in_use(address, &error))
}

fn in_use(address: SocketAddr, error: &std::io::Error) -> Error {
    let message = format!("can not listen on {address}: {error}; choose another with --listen or GATEHOUSE_LISTEN");
    Error::new(ErrorKind::Unavailable, message)
}

async fn serve(
    listener: TcpListener,
    engine: Engine,
    options: Options,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let until = async move {
        stopped.wait_for(|stop| *stop).await.ok();
    };
    // With the peer's address, as keys can be bound to addresses.
    let api = gatehouse_api::serve_api(engine, options).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, api).with_graceful_shutdown(until).await
}

/// The threads that everything runs on.
///
/// # Errors
/// Where the system gives no threads.
pub fn threads() -> Result<tokio::runtime::Runtime> {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    threads.map_err(|error| Error::internal("the worker threads can not start").caused_by(error))
}

/// Uploads every component in a folder; one that is refused is named and left out.
///
/// # Errors
/// Where the folder can not be read.
pub async fn upload_folder(engine: &Engine, folder: &Path) -> Result<()> {
    let unreadable = |error| Error::invalid(format!("plugins_dir `{}` can not be read: {error}", folder.display()));
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).map_err(unreadable)?.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "wasm"));
    paths.sort();
    // A gateway may stand before the helpers that it needs: what is refused for that is asked again
    // as long as there is something new.
    let mut waiting = paths;
    loop {
        let mut refused = Vec::new();
        for path in &waiting {
            match engine.take_plugin_from_folder(read_upload(path).map_err(unreadable)?).await {
                Ok(version) => {
                    tracing::info!(plugin.id = version.plugin.id, plugin.version = %version.plugin.version, "plugin ready");
                }
                Err(error) => refused.push((path.clone(), error)),
            }
        }
        let again = refused.len() < waiting.len() && refused.iter().any(|(_, error)| error.kind == ErrorKind::Conflict);
        if !again {
            for (path, error) in refused {
                tracing::error!(%error, path = %path.display(), "the plugin was refused");
            }
            return Ok(());
        }
        waiting = refused.into_iter().map(|(path, _)| path).collect();
    }
}

/// A component and, where there is one, the signature file beside it: `shop.wasm` and `shop.wasm.sig`.
fn read_upload(path: &Path) -> std::io::Result<Upload> {
    let signature = match std::fs::read_to_string(signature_beside(path)) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(Upload { component: std::fs::read(path)?, signature })
}

/// Where the signature of a component is looked for.
pub(crate) fn signature_beside(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}
