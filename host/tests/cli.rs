//! The program as a shell sees it: its answers, its exit codes, and a real plugin from folder to file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by failing")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gatehouse::sandbox::{Fixtures, Options, Sandbox, fixture};
use serde_json::Value;

fn gatehouse(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GATEHOUSE_") {
            command.env_remove(name);
        }
    }
    let home = folder.join("home");
    command.env("HOME", &home).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    // A toolchain that lives in the real home must stay where it is.
    for (variable, fallback) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
        let real = std::env::var_os("HOME").map(|home| Path::new(&home).join(fallback).into_os_string());
        if let Some(value) = std::env::var_os(variable).or(real) {
            command.env(variable, value);
        }
    }
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}{}", text(&output.stdout), text(&output.stderr)))
}

#[test]
fn exit_codes_are_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.wasm"), "hello").unwrap();
    let check = |arguments: &[&str], code: i32, expect: &str| {
        let output = gatehouse(arguments, folder.path());
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expect), "{arguments:?}: {said}");
    };
    check(&["--version"], 0, "gatehouse 0.");
    check(&["keys", "generate"], 0, "gh_");
    check(&[], 2, "Usage");
    check(&["keys", "generate", "--nonsense"], 2, "--nonsense");
    check(&["serve", "--set", "limits.cpu=1"], 2, "did you mean `limits.cpu_ms`?");
    check(&["serve", "--config", "none.toml"], 2, "none.toml");
    check(&["plugin", "inspect", "none.wasm"], 1, "none.wasm can not be read");
    check(&["plugin", "inspect", "bad.wasm"], 1, "component");
    check(&["plugin", "build", "."], 1, "plugin.toml can not be read");
    check(&["keys", "check", "gh_x"], 1, "checksum");
    assert!(!folder.path().join("home").exists(), "nothing was made on the way");
}

#[test]
fn the_doctor_finds_a_healthy_machine_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let healthy = ["doctor", "--json", "--listen", "127.0.0.1:0", "--set", "store.free_hard_bytes=1"];
    let output = gatehouse(&healthy, folder.path());
    let findings = json(&output);
    assert_eq!(output.status.code(), Some(0), "{findings:#}");
    let checks: Vec<&str> = findings.as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        [
            "configuration",
            "data folder",
            "disk space",
            "root key",
            "listen address",
            "traces",
            "metrics",
            "wasm runtime",
            "kernel",
            "open files",
            "clock"
        ]
    );
    let compiled = findings.as_array().unwrap().iter().find(|one| one["check"] == "wasm runtime").unwrap();
    assert_eq!(compiled["verdict"], "ok", "{compiled}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made on the way");
}

#[test]
fn the_doctor_names_what_has_to_be_repaired() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = gatehouse(&["doctor", "--listen", &address, "--data-dir", "file"], folder.path());
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("✗ listen address") && said.contains("✗ data folder") && said.contains("→ "), "{said}");
    let output = gatehouse(&["doctor", "--set", "nonsense=1", "--json"], folder.path());
    assert_eq!((output.status.code(), json(&output)[0]["check"].as_str()), (Some(1), Some("configuration")));
}

/// The folders of `plugins/`, whatever they are called.
fn plugin_folders() -> Vec<PathBuf> {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("plugin.toml").is_file());
    folders.sort();
    folders
}

#[tokio::test]
async fn a_plugin_goes_from_its_folder_to_one_file_that_says_what_it_is() {
    let plugin = plugin_folders().into_iter().next().expect("there is a plugin to build");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out/plugin.wasm");
    let build = ["plugin", "build", plugin.to_str().unwrap(), "--json", "--out", file.to_str().unwrap()];
    let built = json(&gatehouse(&build, folder.path()));
    assert_eq!(built["component"].as_str(), file.to_str());
    assert_eq!(built["size"], std::fs::metadata(&file).unwrap().len());

    let inspected = json(&gatehouse(&["plugin", "inspect", file.to_str().unwrap(), "--json"], folder.path()));
    assert_eq!((&inspected["manifest"]["id"], &inspected["digest"]), (&built["id"], &built["digest"]));
    let capabilities = inspected["capabilities"].as_array().unwrap();
    assert_eq!(capabilities.len(), built["capabilities"].as_array().unwrap().len());
    for capability in capabilities {
        assert_eq!(capability["parameters_schema"]["type"], "object", "{capability:#}");
        assert!(
            !capability["description"].as_str().unwrap().is_empty(),
            "the documentation is packaged: {capability:#}"
        );
    }
    let shown = text(&gatehouse(&["plugin", "inspect", file.to_str().unwrap()], folder.path()).stdout);
    assert!(shown.contains("never seen by the plugin") && shown.contains("parameters\n{"), "{shown}");

    let cache = gatehouse_runtime::RuntimeConfig::new(folder.path().join("cache"), [0; 32]);
    let runtime = gatehouse_runtime::Runtime::new(cache).unwrap();
    let fixtures = runtime.inspect(&std::fs::read(&file).unwrap()).unwrap().fixtures.expect("it carries fixtures");
    plays_every_exchange(&fixtures).await;
}

/// Its fixtures are enough to be a provider: each request gets the answer that was recorded.
async fn plays_every_exchange(fixtures: &Value) {
    let sandbox = Sandbox::start(fixtures, Options::default()).await.unwrap();
    // Redirects are among the answers, and the host does not follow them either.
    let client = reqwest::Client::builder().tls_backend_preconfigured(no_tls()).no_proxy();
    let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut played = 0;
    for case in Fixtures::from_json(fixtures).unwrap().cases {
        sandbox.prefer(&case.function, &case.name).unwrap();
        for exchange in &case.record.exchange {
            let Some(response) = &exchange.response else { continue };
            let answer = request(&client, &sandbox.base_url(), &exchange.request).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), response.status, "{}/{}", case.function, case.name);
            played += 1;
        }
    }
    assert!(played > 0, "the plugin has no fixture with an answer");
    assert_eq!(sandbox.journal().len(), played);
    sandbox.stop().await;
}

fn request(client: &reqwest::Client, base: &str, wanted: &fixture::Request) -> reqwest::RequestBuilder {
    let pairs =
        |pairs: &[(String, String)]| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let target = format!("{base}{}?{}", wanted.path, pairs(&wanted.query));
    let mut request = client.request(wanted.method.parse().unwrap(), target.trim_end_matches('?'));
    for (name, value) in &wanted.headers {
        request = request.header(name, value);
    }
    match (&wanted.form, &wanted.json) {
        (Some(form), _) => request.header("content-type", "application/x-www-form-urlencoded").body(pairs(form)),
        (None, Some(json)) => request.header("content-type", "application/json").body(json.to_string()),
        (None, None) => request,
    }
}

/// The client needs its cryptography only for https, which is never spoken here.
fn no_tls() -> rustls::ClientConfig {
    let provider = rustls::crypto::ring::default_provider();
    let versions = rustls::ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    versions.unwrap().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}
