//! What one isolated call costs, beside bare wasmtime with the same settings and the same
//! bytes: fresh instance, one function, one host import, and everything dropped.
//!
//! `cargo build -p gatehouse-guest-plain --target wasm32-wasip2 --profile gateway`, then
//! `cargo run --release -p gatehouse-runtime --example speed -- target/wasm32-wasip2/gateway/gatehouse_guest_plain.wasm`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measuring program, run by hand"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::grant::Limits;
use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::egress::{BoxFuture, Request, Response, SendError};
use gatehouse_runtime::{Answer, Call, Egress, Runtime, RuntimeConfig, Tape, Target, package};
use serde_json::{Map, json};
use wasmtime::component::{Component, Linker, ResourceTable, Val};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreLimits,
    StoreLimitsBuilder, UpdateDeadline,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

const ROUNDS: usize = 5_000;

struct Silent;

impl Egress for Silent {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async { Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() }) })
    }

    fn scrub_text(&self, text: &str) -> String {
        text.to_owned()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = std::env::args().nth(1).unwrap();
    let manifest = Manifest::from_toml(include_str!("../tests/guests/plain/plugin.toml")).unwrap();
    let bytes = package(&std::fs::read(path).unwrap(), &manifest, &[], &serde_json::Value::Null).unwrap();
    println!("component: {} bytes", bytes.len());
    for zero_stacks in [true, false] {
        println!("stack zeroing {zero_stacks}");
        for _ in 0..2 {
            show("  bare wasmtime", bare(&bytes, zero_stacks).await);
            show("  this runtime ", ours(&bytes, zero_stacks, "host_calls").await);
        }
        show("  with one request", ours(&bytes, zero_stacks, "send").await);
    }
    load(&bytes).await;
}

async fn ours(bytes: &[u8], zero_stacks: bool, behaviour: &str) -> Vec<Duration> {
    let folder = std::env::temp_dir().join(format!("gatehouse-speed-{}", std::process::id()));
    let mut config = RuntimeConfig::new(&folder, [1; 32]);
    config.zero_stacks = zero_stacks;
    let runtime = Runtime::new(config).unwrap();
    let digest = runtime.inspect(bytes).unwrap().digest;
    let plugin = runtime.load(&digest, || Ok(bytes.to_vec())).await.unwrap();
    let parameters = plugin.parse("MISBEHAVE", &json!({ "behaviour": behaviour, "count": 1, "text": "/" })).unwrap();
    let egress: Arc<dyn Egress> = Arc::new(Silent);
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let call = Call {
            egress: egress.clone(),
            settings: Map::new(),
            idempotency_key: "key".to_owned(),
            attempt: 1,
            account: None,
            limits: Limits::default(),
            cancel: None,
            tape: Tape::Off,
        };
        let target = Target::Capability(parameters.clone());
        let begun = Instant::now();
        let report = runtime.call(&plugin, target, call).await;
        times.push(begun.elapsed());
        assert!(matches!(report.outcome, Answer::Ok(_)), "{report:?}");
    }
    std::fs::remove_dir_all(folder).unwrap();
    times
}

async fn load(bytes: &[u8]) {
    let folder = std::env::temp_dir().join(format!("gatehouse-speed-{}", std::process::id()));
    for what in ["compile and load", "load from cache"] {
        let runtime = Runtime::new(RuntimeConfig::new(&folder, [1; 32])).unwrap();
        let digest = runtime.inspect(bytes).unwrap().digest;
        let begun = Instant::now();
        let plugin = runtime.load(&digest, || Ok(bytes.to_vec())).await.unwrap();
        println!("{what}: {:?} ({} capabilities)", begun.elapsed(), plugin.capabilities().len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

struct Bare {
    limits: StoreLimits,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Bare {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

async fn bare(bytes: &[u8], zero_stacks: bool) -> Vec<Duration> {
    let mut pool = PoolingAllocationConfig::new();
    pool.max_core_instances_per_component(64)
        .max_tables_per_component(16)
        .max_tables_per_module(4)
        .total_core_instances(16_000)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(32 << 10)
        .pagemap_scan(Enabled::Auto)
        .max_memory_size(256 << 20);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20)
        .async_stack_zeroing(zero_stacks)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = Engine::new(&config).unwrap();
    let component = Component::new(&engine, bytes).unwrap();
    let mut linker: Linker<Bare> = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    let mut context = linker.instance("gatehouse:plugin/context@0.1.0").unwrap();
    context.func_wrap("attempt", |_, (): ()| Ok((1_u32,))).unwrap();
    linker.allow_shadowing(true);
    for name in ["settings", "idempotency-key", "remaining-ms", "account"] {
        let mut context = linker.instance("gatehouse:plugin/context@0.1.0").unwrap();
        context.func_new(name, |_, _, _, _| Ok(())).unwrap();
    }
    linker
        .instance("gatehouse:plugin/http@0.1.0")
        .unwrap()
        .func_new_async("send", |_, _, _, _| Box::new(async { Ok(()) }))
        .unwrap();
    linker.instance("gatehouse:plugin/log@0.1.0").unwrap().func_new("write", |_, _, _, _| Ok(())).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();
    let probe = component.get_export_index(None, "test:hostile/probe@1.0.0").unwrap();
    let export = component.get_export_index(Some(&probe), "misbehave").unwrap();
    let order = Val::Record(vec![
        ("behaviour".to_owned(), Val::Enum("host-calls".to_owned())),
        ("count".to_owned(), Val::Option(Some(Box::new(Val::U64(1))))),
        ("text".to_owned(), Val::Option(None)),
    ]);
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        {
            let limits = StoreLimitsBuilder::new().memory_size(64 << 20).build();
            let mut store = Store::new(&engine, Bare { limits, wasi: WasiCtx::default(), table: ResourceTable::new() });
            store.limiter(|bare| &mut bare.limits);
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
            let instance = pre.instantiate_async(&mut store).await.unwrap();
            let function = instance.get_func(&mut store, export).unwrap();
            let mut results = [Val::Bool(false)];
            function.call_async(&mut store, std::slice::from_ref(&order), &mut results).await.unwrap();
        }
        times.push(begun.elapsed());
    }
    times
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.drain(..200);
    times.sort();
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!("{what}: min {:?}, median {:?}, p99 {:?}", times[0], at(0.5), at(0.99));
}
