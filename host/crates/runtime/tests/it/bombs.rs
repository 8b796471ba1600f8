//! Components that are made to be costly to compile: each is refused by the limit that it names,
//! and nobody else waits for it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use gatehouse_domain::ErrorKind;
use gatehouse_runtime::{CompileLimits, PoolConfig, Runtime, RuntimeConfig, Target, WorkerCommand};
use serde_json::json;

use crate::guest::{Script, call, compile_worker, load};
use crate::small;

fn runtime(folder: &Path, worker: WorkerCommand, compile: CompileLimits) -> Runtime {
    let mut config = RuntimeConfig::new(folder, [5; 32]);
    config.pool = PoolConfig { instances: 2, ..PoolConfig::default() };
    config.worker = Some(worker);
    config.compile = compile;
    Runtime::new(config).unwrap()
}

/// A plugin whose module has `core` in it beside what works.
fn bomb(core: &str) -> Vec<u8> {
    let component = small::binary(&format!(
        r#"(component
            (core module $m (memory (export "memory") 1) (func (export "run") (result i32) i32.const 7) {core})
            (core instance $i (instantiate $m))
            (func $run (result u32) (canon lift (core func $i "run")))
            (instance $probe (export "run" (func $run)))
            (export "test:small/probe@1.0.0" (instance $probe)))"#
    ));
    small::packaged(&component, small::MANIFEST)
}

/// One function of `count` steps, of which each depends on all before it.
fn tangled(count: usize) -> String {
    let mut code = String::from("(func (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64)\n");
    for at in 0..count {
        let (to, from, other) = (1 + at % 8, 1 + (at * 3 + 1) % 8, 1 + (at * 5 + 2) % 8);
        let _ = writeln!(
            code,
            "(if (i64.lt_u (local.get {from}) (local.get {other})) (then (local.set {to} (i64.mul (i64.add (local.get \
             {from}) (i64.const {at})) (i64.rotl (local.get {other}) (i64.load (local.get 0)))))))"
        );
    }
    code + "(i32.wrap_i64 (local.get 1)))"
}

/// One function with a jump to `count` places.
fn table_of_jumps(count: usize) -> String {
    let open = "(block ".repeat(1_000);
    let close = "(local.set 0 (i32.mul (local.get 0) (i32.const 3))))".repeat(1_000);
    let targets: String = (0..count).fold(String::new(), |all, at| all + " " + &(at % 1_000).to_string());
    format!("(func (param i32) (result i32) {open} (br_table{targets} (local.get 0)) {close} (local.get 0))")
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_anything_is_done_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = WorkerCommand { program: "/nonexistent/worker".into(), args: Vec::new() };
    let runtime = runtime(folder.path(), nobody, CompileLimits::default());
    let check = async |component: Vec<u8>, expect: &str| {
        let error = runtime.inspect(&component).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
        assert!(error.message.contains(expect), "{error}");
    };
    let functions = |count: usize| bomb(&"(func)".repeat(count - 1));
    assert!(runtime.inspect(&functions(10_000)).is_ok());
    check(functions(10_001), "10001 functions; at most 10000 are taken (`plugins.max_functions`)").await;
    let good = small::plugin();
    let padding = (16 << 20) - good.len() - 10;
    assert!(runtime.inspect(&small::with_section(&good, "pad", &vec![0; padding])).is_ok());
    let padded = small::with_section(&good, "pad", &vec![0; padding + 10]);
    check(padded, "at most 16777216 are taken (`plugins.max_component_bytes`)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb_ends_with_its_limit_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let quick = CompileLimits { time: Duration::from_millis(400), ..CompileLimits::default() };
    let bombs = [
        ("tangled", bomb(&tangled(15_000))),
        ("jumps", bomb(&table_of_jumps(60_000))),
        ("many", bomb(&tangled(20).repeat(2_000))),
        ("locals", bomb(&format!("(func {})", "(local i64)".repeat(49_000)).repeat(200))),
    ];
    let runtime = runtime(folder.path(), compile_worker(), quick.clone());
    let mut ended = 0;
    for (name, bomb) in &bombs {
        match load(&runtime, bomb).await {
            Ok(_) => {}
            Err(error) => {
                let named = error.message.contains("takes more than 0.4 s to compile")
                    || error.message.contains("more memory or processor time to compile than it may have");
                assert!(named, "{name}: {error}");
                ended += 1;
            }
        }
    }
    assert!(ended > 0, "not one of the bombs took longer than it may");
    // The child has no more memory than it was given.
    let scarce = CompileLimits { memory_bytes: 4 << 20, time: Duration::from_secs(60), ..CompileLimits::default() };
    let other = tempfile::tempdir().unwrap();
    let starved = self::runtime(other.path(), compile_worker(), scarce);
    let error = load(&starved, &bombs[0].1).await.unwrap_err();
    assert!(
        error.message.contains("it takes more memory") || error.message.contains("takes more memory or"),
        "{error}"
    );
}

/// A component that never ends to compile holds up no call, and nothing that was compiled before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_compilation_but_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    drop(load(&runtime(folder.path(), compile_worker(), CompileLimits::default()), &small::plugin()).await.unwrap());
    // This one says that it has begun, and nothing more.
    let begun = folder.path().join("begun");
    let script = format!(": > '{}'; exec sleep 600", begun.display());
    let stuck = WorkerCommand { program: "/bin/sh".into(), args: vec!["-c".to_owned(), script] };
    let patient = CompileLimits { time: Duration::from_secs(600), ..CompileLimits::default() };
    let runtime = runtime(folder.path(), stuck, patient);
    let (busy, bomb) = (runtime.clone(), bomb("(func)"));
    let mut compiling = Box::pin(async move { load(&busy, &bomb).await.map(drop) });
    let has_begun = async {
        while !begun.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = &mut compiling => panic!("a compiler that answers nothing has answered"),
        begun = tokio::time::timeout(Duration::from_secs(30), has_begun) => begun.unwrap(),
    }
    let work = async {
        let plugin = load(&runtime, &small::plugin()).await.unwrap();
        let parameters = plugin.parse("RUN", &json!({})).unwrap();
        runtime.call(&plugin, Target::Capability(parameters), call(Script::ok(""))).await
    };
    tokio::select! {
        _ = &mut compiling => panic!("a compiler that answers nothing has answered"),
        report = work => assert_eq!(report.outcome, gatehouse_runtime::Answer::Ok(json!(7))),
    }
}
