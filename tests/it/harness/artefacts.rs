//! What has to be built before a test can run: the binary and the components.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::{Inspection, package};
use serde_json::Value;

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The server's binary: the one that `GATEHOUSE_BIN` names, or built when a test first asks.
pub(crate) fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(built) = std::env::var_os("GATEHOUSE_BIN").map(PathBuf::from).filter(|path| path.is_file()) {
            return built;
        }
        run(Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "gatehouse"]).current_dir(root()));
        // This test runs from `target/<profile>/deps`.
        let deps = std::env::current_exe().unwrap();
        deps.parent().unwrap().parent().unwrap().join("gatehouse")
    })
}

/// The built component of a gateway in `plugins/`.
pub(crate) fn plugin(name: &str) -> PathBuf {
    built(name, &root().join("plugins").join(name))
}

/// The built component of a gateway that only tests use.
pub(crate) fn guest(name: &str) -> PathBuf {
    built(&format!("guest-{name}"), &root().join("host/crates/runtime/tests/guests").join(name))
}

fn built(name: &str, folder: &Path) -> PathBuf {
    static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let out = root().join("target/test-plugins").join(format!("{name}.wasm"));
    // Held while it builds, so that a test that asks meanwhile waits. A failed build is tried again.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if !built.contains(name) {
        std::fs::create_dir_all(out.parent().unwrap()).unwrap();
        run(Command::new(binary()).args(["plugin", "build"]).arg(folder).arg("--out").arg(&out).current_dir(root()));
        built.insert(name.to_owned());
    }
    out
}

/// The built component of a gateway, with another manifest.
pub(crate) fn plugin_with(name: &str, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    repackaged(&plugin(name), change)
}

/// The built component of a gateway that only tests use, with another manifest.
pub(crate) fn guest_with(name: &str, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    repackaged(&guest(name), change)
}

fn repackaged(built: &Path, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let bytes = std::fs::read(built).unwrap();
    let mut inspection = Inspection::of(&bytes).unwrap();
    change(&mut inspection.manifest);
    package(&bytes, &inspection.manifest, &[], &Value::Null).unwrap()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}
