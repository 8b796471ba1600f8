//! Compiled code on disk: used again, and never believed when it was touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use gatehouse_domain::error::ErrorKind;
use gatehouse_runtime::{Answer, PoolConfig, Runtime, RuntimeConfig, Target, WorkerCommand};
use serde_json::json;

use crate::guest::{self, Script, call, plugin_bytes};
use crate::small;

fn runtime(folder: &Path, key: u8) -> Runtime {
    let mut config = RuntimeConfig::new(folder, [key; 32]);
    config.pool = PoolConfig { instances: 2, ..PoolConfig::default() };
    Runtime::new(config).unwrap()
}

/// Loads and calls the small plugin, and says whether it was compiled for that.
async fn compiles(runtime: &Runtime) -> bool {
    let bytes = small::plugin();
    let digest = runtime.inspect(&bytes).unwrap().digest;
    let asked = AtomicBool::new(false);
    let plugin = runtime
        .load(&digest, || {
            asked.store(true, Ordering::Relaxed);
            Ok(bytes)
        })
        .await
        .unwrap();
    let run = Target::Capability(plugin.parse("RUN", &json!({})).unwrap());
    assert_eq!(runtime.call(&plugin, run, call(Script::ok(""))).await.outcome, Answer::Ok(json!(7)));
    asked.into_inner()
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test]
async fn code_is_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("code");
    assert!(compiles(&runtime(&cache, 1)).await);
    assert!(!compiles(&runtime(&cache, 1)).await);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&cache), mode(&only_file(&cache))), (0o700, 0o600));
}

#[tokio::test]
async fn a_loaded_plugin_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime(folder.path(), 1);
    let first = guest::load(&runtime, &small::plugin()).await.unwrap();
    let second = guest::load(&runtime, &small::plugin()).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn code_that_was_touched_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime(folder.path(), 1);
    assert!(compiles(&runtime).await);
    let path = only_file(folder.path());
    let good = fs::read(&path).unwrap();
    let positions = (0..48).chain((48..good.len()).step_by(good.len() / 40));
    for position in positions.chain([good.len() - 1]) {
        let mut bad = good.clone();
        bad[position] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert!(compiles(&runtime).await, "byte {position} of {}", good.len());
        assert!(!compiles(&runtime).await, "what was compiled again is good");
    }
    for bad in [&good[..0], &good[..20], &good[..good.len() - 1]] {
        fs::write(&path, bad).unwrap();
        assert!(compiles(&runtime).await);
    }
}

#[tokio::test]
async fn code_under_another_key_or_open_to_others_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    assert!(compiles(&runtime(folder.path(), 1)).await);
    assert!(compiles(&runtime(folder.path(), 2)).await);
    let path = only_file(folder.path());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(compiles(&runtime(folder.path(), 2)).await);
    assert!(!compiles(&runtime(folder.path(), 2)).await);
}

#[tokio::test]
async fn code_of_another_component_or_behind_a_link_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime(folder.path(), 1);
    assert!(compiles(&runtime).await);
    let path = only_file(folder.path());
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("code");
    fs::rename(&path, &target).unwrap();
    symlink(&target, &path).unwrap();
    assert!(compiles(&runtime).await);
    assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
    // The code of one component under the name of another.
    let other = small::packaged(&small::component("", "i32.const 8"), small::MANIFEST);
    let plugin = guest::load(&runtime, &other).await.unwrap();
    let files: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let second = files.iter().find(|file| **file != path).unwrap();
    drop(plugin);
    fs::copy(second, &path).unwrap();
    assert!(compiles(&runtime).await);
}

#[tokio::test]
async fn the_folder_must_be_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    fs::create_dir(&real).unwrap();
    let link = folder.path().join("link");
    symlink(&real, &link).unwrap();
    let error = Runtime::new(RuntimeConfig::new(&link, [0; 32])).unwrap_err();
    assert!(error.to_string().contains("is not a folder"), "{error}");
}

#[tokio::test]
async fn bytes_of_another_digest_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = runtime(folder.path(), 1).load(&"0".repeat(64), || Ok(small::plugin())).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt);
}

#[tokio::test]
async fn the_worker_compiles_what_the_host_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = RuntimeConfig::new(folder.path(), [3; 32]);
    config.pool = PoolConfig { instances: 2, ..PoolConfig::default() };
    config.worker = Some(guest::compile_worker());
    let runtime = Runtime::new(config.clone()).unwrap();
    assert!(compiles(&runtime).await);
    assert!(!compiles(&runtime).await);
    let plugin = guest::load(&runtime, plugin_bytes()).await.unwrap();
    let run =
        Target::Capability(plugin.parse("ADD_NUMBERS", &json!({ "first_number": 2, "second_number": 3 })).unwrap());
    assert_eq!(runtime.call(&plugin, run, call(Script::ok(""))).await.outcome, Answer::Ok(json!(5)));
}

#[tokio::test]
async fn what_the_worker_says_is_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (program, args, expect) in [
        (
            "/bin/sh",
            vec!["-c", "cat >/dev/null; echo out of memory >&2; exit 3"],
            "does not compile: it takes more memory to compile than it may have",
        ),
        ("/bin/sh", vec!["-c", "exit 4"], "the compile worker ended with exit status: 4"),
        ("/bin/sh", vec!["-c", "kill -9 $$"], "the compile worker was ended by signal 9"),
        ("/nonexistent/worker", vec![], "the compile worker can not start"),
        ("/bin/sh", vec!["-c", "cat >/dev/null; echo nonsense"], "the compiler gave no code"),
    ] {
        let mut config = RuntimeConfig::new(folder.path(), [3; 32]);
        config.pool = PoolConfig { instances: 2, ..PoolConfig::default() };
        let args = args.into_iter().map(str::to_owned).collect();
        config.worker = Some(WorkerCommand { program: program.into(), args });
        let error = guest::load(&Runtime::new(config).unwrap(), &small::plugin()).await.unwrap_err();
        assert!(error.to_string().contains(expect), "{error}\nwanted: {expect}");
    }
}
