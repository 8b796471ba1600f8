//! The runtime: one engine, one cache, one pool of instances for the whole process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use gatehouse_domain::error::{Error, ErrorKind, Result};
use gatehouse_domain::execution::{Cost, Fault};
use gatehouse_domain::grant::Limits;
use gatehouse_domain::trace::SPANS;
use serde_json::Map;
use tokio::sync::Semaphore;
use tracing::{Instrument, Span, field};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

mod stored;

use crate::cache::Cache;
use crate::call::state::State;
use crate::call::{Answer, Call, CancelOnDrop, Report, Target, run};
use crate::config::{CompileLimits, RuntimeConfig, WorkerCommand};
use crate::egress::Closed;
use crate::inspect::{self, Inspected, Inspection};
use crate::play::Play;
use crate::plugin::{Plugin, Source};
use crate::tape::Tape;
use crate::{compile, engine, host};
use stored::Stored;

/// The runtime. Clones share everything.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    engine: Engine,
    linker: Linker<State>,
    cache: Cache,
    worker: Option<WorkerCommand>,
    compile: CompileLimits,
    max_memory_bytes: usize,
    /// One permit for each slot of the pool: a pool at its end would fail calls.
    slots: Arc<Semaphore>,
    instances: usize,
    /// Held while a plugin is loaded from the cache, so that none is loaded twice.
    loading: tokio::sync::Mutex<()>,
    /// Held while one is compiled, so that none is compiled twice and only one compiler runs. What
    /// was compiled before is loaded meanwhile: a component that takes long holds up no other.
    compiling: tokio::sync::Mutex<()>,
    /// Plugins in use, by digest.
    loaded: Mutex<HashMap<String, Weak<Plugin>>>,
}

impl Runtime {
    /// Starts the engine and its epoch thread, and opens the cache.
    ///
    /// # Errors
    /// Where the cache folder can not be used or the engine does not fit this machine.
    pub fn new(config: RuntimeConfig) -> Result<Self> {
        let engine = engine::new(&config)?;
        let cache = Cache::open(&config.cache_dir, &config.cache_key, &engine)?;
        let linker = host::linker(&engine)?;
        let instances = config.pool.instances.max(1) as usize;
        Ok(Self(Arc::new(Inner {
            linker,
            cache,
            engine,
            worker: config.worker,
            compile: config.compile,
            max_memory_bytes: config.pool.max_memory_bytes,
            slots: Arc::new(Semaphore::new(instances)),
            instances,
            loading: tokio::sync::Mutex::new(()),
            compiling: tokio::sync::Mutex::new(()),
            loaded: Mutex::default(),
        })))
    }

    /// Reads everything about a component without running or compiling it. It takes
    /// processor time in proportion to the size; call it from a blocking thread.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] or [`ErrorKind::TooLarge`] with the exact reason.
    pub fn inspect(&self, component: &[u8]) -> Result<Inspection> {
        inspect::size::check(component, &self.0.compile)?;
        inspect::inspect(component).map(|inspected| inspected.inspection)
    }

    /// Makes a plugin version ready to be called. `component` is asked for the bytes only
    /// where the cache has no code for this digest.
    ///
    /// # Errors
    /// As [`Runtime::inspect`]; [`ErrorKind::Corrupt`] where the bytes are not those of the
    /// digest; [`ErrorKind::Invalid`] where the component does not compile or start.
    pub async fn load(&self, digest: &str, component: impl FnOnce() -> Result<Vec<u8>> + Send) -> Result<Arc<Plugin>> {
        if let Some(plugin) = self.loaded(digest) {
            return Ok(plugin);
        }
        if let Some(plugin) = self.load_cached(digest).await? {
            return Ok(plugin);
        }
        let _compiling = self.0.compiling.lock().await;
        // Whoever had the turn before may have compiled this very one.
        if let Some(plugin) = self.load_cached(digest).await? {
            return Ok(plugin);
        }
        let plugin = self.compiled(digest, component()?).await?;
        self.admit(digest, plugin).await
    }

    async fn load_cached(&self, digest: &str) -> Result<Option<Arc<Plugin>>> {
        let _loading = self.0.loading.lock().await;
        if let Some(plugin) = self.loaded(digest) {
            return Ok(Some(plugin));
        }
        match self.cached(digest) {
            Some(plugin) => self.admit(digest, plugin).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes a plugin in that starts.
    async fn admit(&self, digest: &str, plugin: Plugin) -> Result<Arc<Plugin>> {
        let plugin = Arc::new(plugin);
        self.try_out(&plugin).await?;
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, plugin| plugin.strong_count() > 0);
        loaded.insert(digest.to_owned(), Arc::downgrade(&plugin));
        Ok(plugin)
    }

    /// Calls a plugin: a fresh instance, one function, and nothing left of it afterwards.
    ///
    /// The call runs in a task of its own. Dropping this future cancels it, which ends the
    /// guest at its next epoch.
    pub async fn call(&self, plugin: &Arc<Plugin>, target: Target, call: Call) -> Report {
        if let Some(gateway) = plugin.player() {
            return gateway.play(target, call).await;
        }
        let wait = Duration::from_millis(call.limits.wall_ms);
        let Ok(Ok(slot)) = tokio::time::timeout(wait, self.0.slots.clone().acquire_owned()).await else {
            return host_fault("every instance is in use; try again later");
        };
        let cancel = call.cancel.clone().unwrap_or_default();
        let guard = CancelOnDrop::new(cancel.clone());
        let span = span_of(plugin, &target);
        let (engine, plugin, told) = (self.0.engine.clone(), plugin.clone(), span.clone());
        let running = async move {
            let report = run::run(&engine, &plugin, target, call, cancel).await;
            drop(slot);
            tell(&told, &report);
            report
        };
        let running = tokio::spawn(running.instrument(span.or_current()));
        let report = running.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a call failed within the host");
            host_fault("the host failed while it ran the gateway")
        });
        guard.disarm();
        report
    }

    /// Has calls of the plugin that `inspection` tells of answered by `gateway`, and loads it so for
    /// as long as somebody holds what this gives. It has no capabilities.
    pub fn play(&self, inspection: Inspection, gateway: Arc<dyn Play>) -> Arc<Plugin> {
        let digest = inspection.digest.clone();
        let plugin = Arc::new(Plugin::played(inspection, gateway));
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert(digest, Arc::downgrade(&plugin));
        plugin
    }

    /// How many instances are free for calls now, and how many there are in all.
    pub fn instances(&self) -> (usize, usize) {
        (self.0.slots.available_permits(), self.0.instances)
    }

    /// How many plugin versions have their code in memory.
    pub fn in_memory(&self) -> usize {
        let loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.values().filter(|plugin| plugin.strong_count() > 0).count()
    }

    /// Deletes the compiled code of a component from the disk. What runs is not touched.
    pub fn forget(&self, digest: &str) {
        self.0.cache.forget(digest);
    }

    fn loaded(&self, digest: &str) -> Option<Arc<Plugin>> {
        self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest)?.upgrade()
    }

    fn cached(&self, digest: &str) -> Option<Plugin> {
        let bytes = self.0.cache.read(digest)?;
        let plugin = Stored::parse(&bytes).and_then(|(stored, code)| {
            // SAFETY: the bytes carry our own MAC under a key that only the host has, for
            // this digest and this very engine version: this host wrote them as it compiled.
            #[allow(unsafe_code, reason = "wasmtime can not check native code; the MAC was checked just before")]
            let component = unsafe { Component::deserialize(&self.0.engine, code) };
            let component = component.map_err(|error| Error::internal(format!("{error:#}")))?;
            self.linked(stored.into(), &component, Source::Cache)
        });
        match plugin {
            Ok(plugin) => Some(plugin),
            Err(error) => {
                tracing::warn!(digest, %error, "compiled code does not load; compiling again");
                self.0.cache.forget(digest);
                None
            }
        }
    }

    async fn compiled(&self, digest: &str, bytes: Vec<u8>) -> Result<Plugin> {
        let (inspected, bytes) = inspected(digest.to_owned(), bytes).await?;
        check_runs(&inspected.inspection)?;
        inspect::size::check(&bytes, &self.0.compile)?;
        let code = compile::compile(&self.0.engine, (self.0.worker.as_ref(), &self.0.compile), bytes).await?;
        let stored = Stored::from(inspected);
        if Engine::detect_precompiled(&code).is_none() {
            return Err(Error::internal("the compiler gave no code: check the compile worker's command"));
        }
        // SAFETY: it came from our own compiler, in this process or in our child.
        #[allow(unsafe_code, reason = "wasmtime can not check native code; it comes from our own compiler")]
        let component = unsafe { Component::deserialize(&self.0.engine, &code) };
        let component = component
            .map_err(|error| Error::invalid(format!("the component does not fit into an instance here: {error:#}")))?;
        self.0.cache.write(digest, &stored.to_bytes(&code)?)?;
        self.linked(stored.into(), &component, Source::Compiler)
    }

    fn linked(&self, inspected: Inspected, component: &Component, source: Source) -> Result<Plugin> {
        check_resources(component, self.0.max_memory_bytes)?;
        let pre = self.0.linker.instantiate_pre(component);
        let pre = pre.map_err(|error| Error::invalid(format!("the component does not link: {error:#}")))?;
        Plugin::new(inspected, component, pre, source)
    }

    async fn try_out(&self, plugin: &Arc<Plugin>) -> Result<()> {
        let call = Call {
            egress: Arc::new(Closed),
            settings: Map::new(),
            idempotency_key: String::new(),
            attempt: 1,
            account: None,
            limits: Limits { wall_ms: 5_000, ..Limits::default() },
            cancel: None,
            tape: Tape::Off,
        };
        let (engine, plugin) = (self.0.engine.clone(), plugin.clone());
        let started = tokio::spawn(async move { run::try_out(&engine, &plugin, call).await }).await;
        match started {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(Error::invalid(format!("the plugin does not start: {}", fault.describe()))),
            Err(error) => Err(Error::internal("the host failed while it started a plugin").caused_by(error)),
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("free", &self.0.slots.available_permits()).finish_non_exhaustive()
    }
}

async fn inspected(digest: String, bytes: Vec<u8>) -> Result<(Inspected, Vec<u8>)> {
    let work = tokio::task::spawn_blocking(move || {
        let found = inspect::digest(&bytes);
        if found != digest {
            let message = format!("the component has the digest {found} and not {digest}: it was damaged or exchanged");
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        Ok((inspect::inspect(&bytes)?, bytes))
    });
    work.await.map_err(|error| Error::internal("the inspection failed").caused_by(error))?
}

/// A helper runs only within what it is linked into, and what lacks its helpers does not run.
fn check_runs(inspection: &Inspection) -> Result<()> {
    let id = &inspection.manifest.id;
    if inspection.manifest.helper {
        return Err(Error::invalid(format!("`{id}` is a helper: it runs only within the gateways that need it")));
    }
    if inspection.wants.is_empty() {
        return Ok(());
    }
    let wants = inspection.wants.join(", ");
    Err(Error::invalid(format!("`{id}` wants {wants}, which nobody has linked into it: publish it with its helpers")))
}

fn span_of(plugin: &Plugin, target: &Target) -> Span {
    let manifest = plugin.manifest();
    tracing::info_span!(
        target: SPANS,
        "component.call",
        plugin.id = manifest.id,
        plugin.version = %manifest.version,
        function = target.function(),
        answer = field::Empty,
        cost.cpu_ticks = field::Empty,
        cost.memory_bytes = field::Empty,
        cost.host_calls = field::Empty,
        cost.wall_us = field::Empty,
    )
}

fn tell(span: &Span, report: &Report) {
    span.record("answer", report.outcome.word());
    span.record("cost.cpu_ticks", report.cost.cpu_ticks);
    span.record("cost.memory_bytes", report.cost.memory_bytes);
    span.record("cost.host_calls", report.cost.host_calls);
    span.record("cost.wall_us", report.cost.wall_us);
}

fn check_resources(component: &Component, max_memory_bytes: usize) -> Result<()> {
    let Some(needed) = component.resources_required() else {
        return Err(Error::invalid("the component imports core modules, which the host does not lend"));
    };
    let memory = needed.max_initial_memory_size.unwrap_or(0).saturating_mul(64 << 10);
    let table = needed.max_initial_table_size.unwrap_or(0);
    let limits = [
        ("memories", u64::from(needed.num_memories), u64::from(engine::MAX_MEMORIES)),
        ("tables", u64::from(needed.num_tables), u64::from(engine::MAX_TABLES)),
        ("bytes of memory at the start", memory, max_memory_bytes as u64),
        ("elements in one table", table, engine::MAX_TABLE_ELEMENTS as u64),
    ];
    match limits.iter().find(|(_, needs, most)| needs > most) {
        Some((what, needs, most)) => {
            Err(Error::invalid(format!("the component needs {needs} {what}; at most {most} are given")))
        }
        None => Ok(()),
    }
}

fn host_fault(message: &str) -> Report {
    let outcome = Answer::Fault(Fault::Host { message: message.to_owned() });
    Report { outcome, cost: Cost::default(), log: Vec::new(), instantiation: None }
}
