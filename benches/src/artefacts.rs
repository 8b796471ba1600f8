//! What has to be there before anything is measured: folders, the server's binary, components.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Where results and everything temporary go: on the disk that the project is on.
pub(crate) fn folder() -> PathBuf {
    let folder = target().join("bench");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The server's binary, of the same build as this program.
pub(crate) fn binary() -> PathBuf {
    let path = std::env::current_exe().unwrap().with_file_name("gatehouse");
    assert!(path.exists(), "there is no {}; run `cargo xtask bench`", path.display());
    path
}

/// A gateway that does next to nothing, as cargo builds it.
pub(crate) fn small_guest() -> Vec<u8> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "gatehouse-guest-plain"]);
    cargo.args(["--target", "wasm32-wasip2", "--profile", "gateway"]);
    run(&mut cargo);
    std::fs::read(target().join("wasm32-wasip2/gateway/gatehouse_guest_plain.wasm")).unwrap()
}

/// A real gateway of `plugins/`, packaged.
pub(crate) fn gateway(name: &str) -> Vec<u8> {
    packaged(name, &root().join("plugins").join(name))
}

/// The gateway that tests of syncs use, packaged.
pub(crate) fn syncing_guest() -> Vec<u8> {
    packaged("syncing", &root().join("host/crates/runtime/tests/guests/syncing"))
}

/// The gateway that misbehaves on request, packaged.
pub(crate) fn hostile_guest() -> Vec<u8> {
    packaged("hostile", &root().join("host/crates/runtime/tests/guests/hostile"))
}

/// A real gateway as [`gateway`] has packaged it before.
pub(crate) fn gateway_as_built(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.wasm"))).unwrap()
}

fn packaged(name: &str, source: &Path) -> Vec<u8> {
    let out = folder().join(format!("{name}.wasm"));
    let mut build = Command::new(binary());
    build.args(["plugin", "build"]).arg(source).arg("--out").arg(&out);
    run(&mut build);
    std::fs::read(out).unwrap()
}

/// This program runs from `target/release`.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().parent().unwrap().to_owned()
}

fn run(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG") || name == "RUSTFLAGS") {
        command.env_remove(name);
    }
    let output = command.current_dir(root()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}
