//! Schemathesis, a property-based API tester, reads the OpenAPI document and asks the real server
//! whatever the document allows, and what it does not. The document that it reads has one thing more
//! than the served one: for every operation the records and the body of the permission matrix as
//! examples, so that a request reaches a handler and not only a check of its id. A route that is added
//! to the table is tested with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use gatehouse_api::Options;
use gatehouse_api::router::table;
use gatehouse_api::table::{Access, Route};
use gatehouse_domain::permission::{ALL, Reach};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::installed;
use crate::api::matrix::world::World;
use crate::harness::Client;
use crate::harness::contract::DOCUMENT;

/// What the tester calls while it runs: it counts answers.
const HOOKS: &str = include_str!("tester/hooks.py");
/// Which checks run, and why some statuses are as good as others.
const CONFIG: &str = include_str!("tester/schemathesis.toml");

/// Whether only an operator may use a route.
fn is_for_operators(route: &Route) -> bool {
    match route.access {
        Access::Public => false,
        Access::Needs(permission) => ALL.iter().any(|known| known.name == permission && known.reach == Reach::Operator),
    }
}

/// The document with examples for some routes, and the ids of their operations with what the tester
/// calls them.
async fn document(world: &World, wanted: impl Fn(&Route) -> bool) -> (Value, BTreeMap<String, String>) {
    let (mut document, mut ids) = (DOCUMENT.clone(), BTreeMap::new());
    for route in table(&Options::default()).iter().filter(|route| wanted(route)) {
        let (path, method) = (format!("/api/v1{}", route.path), route.method.as_str().to_ascii_lowercase());
        let operation = &mut document["paths"][&path][&method];
        ids.insert(operation["operationId"].as_str().unwrap().to_owned(), format!("{} {path}", route.method));
        let (places, body) = world.example(route).await;
        for parameter in operation["parameters"].as_array_mut().unwrap() {
            if let Some((_, there)) = places.iter().find(|(name, _)| parameter["name"] == *name) {
                parameter["example"] = json!(there);
            }
        }
        let content = operation.pointer_mut("/requestBody/content/application~1json");
        if let (Some(content), Ok(body)) = (content, serde_json::from_slice::<Value>(&body)) {
            content["example"] = body;
        }
    }
    (document, ids)
}

/// Runs the tester; answers what it said where it found something.
fn run(
    program: &Path,
    folder: &Path,
    world: &World,
    ids: &BTreeMap<String, String>,
    client: &Client,
) -> Result<(), String> {
    fs::write(folder.join("hooks.py"), HOOKS).unwrap();
    fs::write(folder.join("schemathesis.toml"), CONFIG).unwrap();
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["-m", "schemathesis.cli", "run", "openapi.json", "--url", &world.server.base, "--no-color"])
        .args(ids.keys().flat_map(|id| ["--include-operation-id", id]))
        .args(["--header", &format!("Authorization: Bearer {}", client.token())])
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("COUNTS", folder.join("counts.json"))
        .env("KEPT", world.own.ids().join(" "))
        .env("PYTHONPATH", folder);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// The answers by status, by operation.
fn counts(folder: &Path) -> BTreeMap<String, BTreeMap<String, u64>> {
    serde_json::from_slice(&fs::read(folder.join("counts.json")).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_undocumented_comes_of_any_request() {
    let Some(python) = installed("python") else { return };
    let world = World::build().await;
    let runs = [("the tenant", &world.own.owner, false), ("the operator", &world.server.operator(), true)];
    for (who, client, operators) in runs {
        let folder = TempDir::new().unwrap();
        let (document, ids) = document(&world, |route| is_for_operators(route) == operators).await;
        fs::write(folder.path().join("openapi.json"), document.to_string()).unwrap();
        let began = std::time::Instant::now();
        let outcome = run(&python, folder.path(), &world, &ids, client);
        println!("as {who} in {:.1?}", began.elapsed());
        if let Err(said) = outcome {
            panic!("as {who}:\n{said}");
        }
        let mut counts = counts(folder.path());
        counts.retain(|label, _| ids.values().any(|known| known == label));
        let asked = ids.len();
        let is_good = |answers: &&BTreeMap<String, u64>| answers.keys().any(|status| status.starts_with(['2', '3']));
        let good = counts.values().filter(is_good).count();
        println!(
            "as {who}: {good} of {asked} operations answered well, {} requests",
            counts.values().flat_map(BTreeMap::values).sum::<u64>()
        );
        // The records of the matrix have no sync, so what is about one can only be refused here.
        assert_eq!(counts.len(), asked, "as {who} some operations were not asked: {counts:#?}");
        assert!(good * 10 >= asked * 6, "as {who} only {good} of {asked} operations ever answered well: {counts:#?}");
    }
}
