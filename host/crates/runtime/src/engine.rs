//! The one wasmtime engine of the process and the thread that counts its epochs.

use std::num::NonZeroUsize;
use std::time::Duration;

use gatehouse_domain::error::{Error, Result};
use wasmtime::{
    Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, ModuleVersionStrategy, PoolingAllocationConfig,
};

use crate::config::{PoolConfig, RuntimeConfig};

/// How long an epoch is: the grain of processor time.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Memories that one component may have.
pub(crate) const MAX_MEMORIES: u32 = 4;
/// Tables that one component may have.
pub(crate) const MAX_TABLES: u32 = 16;
/// Elements that one table may have.
pub(crate) const MAX_TABLE_ELEMENTS: usize = 20_000;
/// Core instances that one component may have.
pub(crate) const MAX_CORE_INSTANCES: u32 = 64;
/// The stack of a guest, in bytes.
pub(crate) const MAX_STACK_BYTES: usize = 512 << 10;

/// How much of a stack is zeroed by hand and stays resident; the rest goes back to the
/// system, which costs a page fault for each page that the next call touches.
const STACK_KEPT_BYTES: usize = 32 << 10;

/// What cwasm is bound to. The default check is the major version alone, under which code
/// from a generator that was patched since would still be used.
pub(crate) fn version() -> String {
    format!("{}+gatehouse.1", wasmtime_environ::VERSION)
}

/// The engine that runs guests.
///
/// # Errors
/// Where the settings do not fit this machine.
pub(crate) fn new(config: &RuntimeConfig) -> Result<Engine> {
    let mut settings = settings()?;
    settings.async_stack_zeroing(config.zero_stacks);
    settings.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(&config.pool)));
    let engine = match Engine::new(&settings) {
        Ok(engine) => engine,
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                instances = config.pool.instances,
                "no address space for the instance pool: calls will be slower; lower pool.instances or raise the limit"
            );
            settings.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Engine::new(&settings).map_err(|error| failed(&error))?
        }
    };
    count_epochs(engine.weak())?;
    Ok(engine)
}

/// An engine that only compiles. What it makes runs on [`new`].
///
/// # Errors
/// Where the settings do not fit this machine.
pub(crate) fn compiler() -> Result<Engine> {
    Engine::new(&settings()?).map_err(|error| failed(&error))
}

/// Everything that compiled code depends on is here, and the same for both engines.
fn settings() -> Result<Config> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(MAX_STACK_BYTES)
        .async_stack_size(1 << 20)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(32))
        .generate_address_map(true)
        .gc_support(false)
        .wasm_gc(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false);
    config.module_version(ModuleVersionStrategy::Custom(version())).map_err(|error| failed(&error))?;
    Ok(config)
}

fn pool(config: &PoolConfig) -> PoolingAllocationConfig {
    // A trial instantiation at load takes a slot beside the calls.
    let calls = config.instances.saturating_add(4);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(16).max(MAX_CORE_INSTANCES * 2))
        .total_memories(calls.saturating_add(MAX_MEMORIES))
        .total_tables(calls.saturating_mul(4).max(MAX_TABLES * 2))
        .total_stacks(calls)
        .max_core_instances_per_component(MAX_CORE_INSTANCES)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(MAX_TABLES)
        .max_tables_per_module(4)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(config.max_memory_bytes)
        .linear_memory_keep_resident(config.keep_resident_bytes)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(STACK_KEPT_BYTES)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(100)
        .decommit_batch_size(1);
    pool
}

/// A thread of its own: a guest that spins may hold every thread that timers run on.
fn count_epochs(engine: EngineWeak) -> Result<()> {
    let ticker = std::thread::Builder::new().name("gatehouse-epoch".to_owned());
    let spawned = ticker.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    });
    spawned.map(drop).map_err(|error| Error::internal("the epoch thread can not start").caused_by(error))
}

fn failed(error: &wasmtime::Error) -> Error {
    Error::internal(format!("the WebAssembly engine can not start: {error:#}"))
}
