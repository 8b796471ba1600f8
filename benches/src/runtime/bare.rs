//! The floor: bare wasmtime with the runtime's settings and the imports that a gateway may
//! have, answered from memory, with no limits but wasmtime's own.

use std::time::{Duration, Instant};

use wasmtime::component::{Component, ComponentExportIndex, HasSelf, InstancePre, Linker, Val};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreLimits,
    StoreLimitsBuilder, UpdateDeadline,
};

use super::Caller;
use super::subject::Subject;
use bindings::Imports;
use bindings::gatehouse::plugin::{context, http, log, types};

#[allow(missing_docs, unreachable_pub, reason = "the macro's own code")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/plugin@0.1.0",
        world: "imports",
        imports: { "gatehouse:plugin/http.send": async },
    });
}

/// Calls at the same time, as the runtime has it by default.
const INSTANCES: u32 = 1000;

/// A component that is compiled and linked.
pub(super) struct Bare {
    /// How long its compilation took.
    pub(super) compile_time: Duration,
    engine: Engine,
    pre: InstancePre<Data>,
    export: ComponentExportIndex,
    arguments: Vec<Val>,
    answer: Vec<u8>,
}

/// What the imports of one call can reach.
struct Data {
    answer: Vec<u8>,
    limits: StoreLimits,
}

impl Bare {
    /// Compiles it.
    pub(super) fn new(subject: &Subject) -> Self {
        let engine = Engine::new(&settings()).unwrap();
        count_epochs(&engine);
        let begun = Instant::now();
        let component = Component::new(&engine, &subject.bytes).unwrap();
        let compile_time = begun.elapsed();
        let mut linker = Linker::new(&engine);
        Imports::add_to_linker::<Data, HasSelf<Data>>(&mut linker, |data| data).unwrap();
        // The standard library of the small gateway imports WASI and does not call it here.
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let pre = linker.instantiate_pre(&component).unwrap();
        let interface = component.get_export_index(None, subject.interface).unwrap();
        let export = component.get_export_index(Some(&interface), subject.function).unwrap();
        let (arguments, answer) = (subject.arguments.clone(), subject.answer.clone().into_bytes());
        Self { compile_time, engine, pre, export, arguments, answer }
    }

    fn new_store(&self) -> Store<Data> {
        let limits = StoreLimitsBuilder::new().memory_size(64 << 20).build();
        let mut store = Store::new(&self.engine, Data { answer: self.answer.clone(), limits });
        store.limiter(|data| &mut data.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        store
    }
}

impl Caller for Bare {
    async fn call(&self) {
        let mut store = self.new_store();
        let arguments = self.arguments.clone();
        let instance = self.pre.instantiate_async(&mut store).await.unwrap();
        let function = instance.get_func(&mut store, self.export).unwrap();
        let mut results = [Val::Bool(false)];
        function.call_async(&mut store, &arguments, &mut results).await.unwrap();
        assert!(matches!(results, [Val::Result(Ok(_))]), "{results:?}");
    }
}

/// What `gatehouse_runtime` sets, value by value, so that the difference is our own work.
fn settings() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20)
        .async_stack_zeroing(true)
        .memory_init_cow(true)
        .generate_address_map(true)
        .gc_support(false)
        .wasm_gc(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES)
        .total_core_instances(INSTANCES * 16)
        .total_memories(INSTANCES)
        .total_tables(INSTANCES * 4)
        .total_stacks(INSTANCES)
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_tables_per_module(4)
        .table_elements(20_000)
        .max_memory_size(256 << 20)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(32 << 10)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(100)
        .decommit_batch_size(1);
    pool
}

/// Ends with the engine.
fn count_epochs(engine: &Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(10));
        }
    });
}

impl types::Host for Data {}

impl http::Host for Data {
    async fn send(&mut self, _: http::Request) -> Result<http::Response, http::HttpError> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(http::Response { status: 200, headers, body: std::mem::take(&mut self.answer) })
    }
}

impl context::Host for Data {
    fn settings(&mut self) -> String {
        "{}".to_owned()
    }

    fn idempotency_key(&mut self) -> String {
        "key".to_owned()
    }

    fn attempt(&mut self) -> u32 {
        1
    }

    fn remaining_ms(&mut self) -> u64 {
        30_000
    }

    fn account(&mut self) -> Option<types::Account> {
        None
    }
}

impl log::Host for Data {
    fn write(&mut self, _: log::Level, _: String, _: Vec<(String, String)>) {}
}
