//! Arrows between crates go down only, and dangerous libraries have one owner.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::harness::artefacts::root;

/// Which host crate may know which. What is not here is not allowed.
const ARROWS: &[(&str, &[&str])] = &[
    ("gatehouse-domain", &[]),
    ("gatehouse-store", &["gatehouse-domain"]),
    ("gatehouse-broker", &["gatehouse-domain"]),
    ("gatehouse-runtime", &["gatehouse-broker", "gatehouse-domain"]),
    ("gatehouse-engine", &["gatehouse-broker", "gatehouse-domain", "gatehouse-runtime", "gatehouse-store"]),
    ("gatehouse-api", &["gatehouse-domain", "gatehouse-engine", "gatehouse-store"]),
    (
        "gatehouse",
        &[
            "gatehouse-api",
            "gatehouse-broker",
            "gatehouse-domain",
            "gatehouse-engine",
            "gatehouse-proof",
            "gatehouse-runtime",
            "gatehouse-sdk",
            "gatehouse-store",
        ],
    ),
    ("gatehouse-proof", &["gatehouse-domain", "gatehouse-sdk"]),
    ("gatehouse-sdk", &[]),
];

/// Libraries that only their owners may use in the product itself. The binary's `reqwest` is
/// the demo's client: it plays the host app and the provider.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["gatehouse-store"]),
    ("wasmtime", &["gatehouse-runtime", "gatehouse-bench"]),
    ("wasmtime-wasi", &["gatehouse-runtime"]),
    ("wac-graph", &["gatehouse-runtime"]),
    ("reqwest", &["gatehouse-broker", "gatehouse", "gatehouse-bench"]),
    ("oci-client", &["gatehouse"]),
    ("rustls", &["gatehouse-broker", "gatehouse", "gatehouse-bench"]),
    ("prometheus", &["gatehouse-engine"]),
    ("opentelemetry", &["gatehouse"]),
    ("opentelemetry-otlp", &["gatehouse"]),
    ("axum", &["gatehouse-api", "gatehouse", "gatehouse-bench"]),
];

/// Each package of the workspace with its dependencies, those of tests left out.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let used = package["dependencies"].as_array().unwrap().iter().filter(|used| used["kind"] != "dev");
            let used = used.map(|used| used["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), used)
        })
        .collect()
}

#[test]
fn arrows_go_down_only() {
    let packages = packages();
    for (name, allowed) in ARROWS {
        let used = packages.get(*name).unwrap_or_else(|| panic!("there is no package {name}"));
        for other in used.iter().filter(|other| other.starts_with("gatehouse")) {
            assert!(allowed.contains(&other.as_str()), "{name} must not know {other}");
        }
    }
    for (name, used) in packages.iter().filter(|(name, _)| name.starts_with("gatehouse-plugin-")) {
        let host = used.iter().find(|other| ARROWS.iter().any(|(host, _)| host == other) && *other != "gatehouse-sdk");
        assert!(host.is_none(), "{name} must not know {host:?}: a gateway knows the SDK alone");
    }
}

#[test]
fn dangerous_libraries_have_one_owner() {
    let packages = packages();
    for (library, owners) in OWNERS {
        let users: Vec<&str> = packages
            .iter()
            .filter(|(name, used)| used.contains(*library) && *name != "gatehouse-tests")
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(!users.is_empty(), "nobody uses {library}; the rule is out of date");
        for user in users {
            assert!(owners.contains(&user), "{user} must not use {library}; only {owners:?} may");
        }
    }
}
