//! A client generated from the OpenAPI document, by a generator that no one here wrote: it compiles
//! under the strictest rules, and what a host app does first works with it against the real server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::installed;
use crate::harness::canary::SECRET_KEY;
use crate::harness::contract::DOCUMENT;
use crate::harness::server::OPERATOR;
use crate::harness::story::upload;
use crate::harness::{Server, Upstream};

/// The host app.
const STORY: &str = include_str!("generated/story.ts");

/// Runs one of the peers' programs; answers what it printed.
fn run(folder: &Path, program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{} {arguments:?}:\n{said}", program.display());
    said
}

/// Where the generator and the compiler are.
fn programs(node: &Path) -> Option<PathBuf> {
    let modules = node.parent()?.parent()?.join("node/node_modules");
    let there = modules.join(".bin/openapi-typescript").is_file() && modules.join(".bin/tsc").is_file();
    if !there {
        println!(
            "skipped: the peers for a generated client are not installed; `cargo xtask peers install` installs them"
        );
    }
    there.then_some(modules)
}

/// The client as JavaScript, type-checked.
fn compiled(folder: &Path, modules: &Path) {
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).unwrap();
    fs::write(folder.join("openapi.json"), DOCUMENT.to_string()).unwrap();
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    fs::write(folder.join("story.ts"), STORY).unwrap();
    run(
        folder,
        &modules.join(".bin/openapi-typescript"),
        &["openapi.json", "--default-non-nullable=false", "--output", "api.d.ts"],
    );
    let strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--skipLibCheck"];
    let target = ["--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable", "--types", "node"];
    run(
        folder,
        &modules.join(".bin/tsc"),
        &[&strict[..], &target, &["--outDir", "out", "story.ts", "api.d.ts"]].concat(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_client_works() {
    let Some(node) = installed("node") else { return };
    let Some(modules) = programs(&node) else { return };
    let folder = TempDir::new().unwrap();
    compiled(folder.path(), &modules);
    let upstream = Upstream::start().await;
    let server = Server::start(std::slice::from_ref(&upstream.origin));
    upload(&server).await;
    let arguments = ["out/story.js", &server.base, OPERATOR, &upstream.origin, SECRET_KEY];
    let told: Value = serde_json::from_str(&run(folder.path(), &node, &arguments)).unwrap();
    assert_eq!((&told["enabled"], &told["same"]), (&Value::Bool(true), &Value::Bool(true)), "{told:#}");
    assert_eq!((&told["outcome"], &told["problem"]), (&"succeeded".into(), &"urn:gatehouse:problem:not-found".into()));
}
