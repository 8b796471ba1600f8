//! Helpers linked into gateways: that the whole runs, what is told of it, and what is refused.

use std::sync::OnceLock;

use gatehouse_domain::Result;
use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::plugin::PluginRef;
use gatehouse_runtime::{Answer, Inspection, Linked, Target, compose, package};
use serde_json::{Value, json};

use crate::guest::{self, Script, load, new_runtime};
use crate::small::{self, binary};

const WORDS: &str = include_str!("../guests/words/plugin.toml");
const GREETER: &str = include_str!("../guests/greeter/plugin.toml");

/// The helper and the gateway that needs it.
fn pair() -> &'static (Vec<u8>, Vec<u8>) {
    static BUILT: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    BUILT.get_or_init(|| {
        let as_plugin = |guest: &str, manifest: &str| {
            let manifest = Manifest::from_toml(manifest).unwrap();
            package(&guest::built(guest), &manifest, &[], &json!({ "kept": true })).unwrap()
        };
        (as_plugin("gatehouse-guest-words", WORDS), as_plugin("gatehouse-guest-greeter", GREETER))
    })
}

fn link(root: &[u8], helpers: &[&[u8]]) -> Result<Vec<u8>> {
    let plugins: Vec<PluginRef> = (0..helpers.len())
        .map(|index| PluginRef {
            id: format!("helper-{index}"),
            version: "1.0.0".parse().unwrap(),
            digest: String::new(),
        })
        .collect();
    let linked: Vec<Linked<'_>> =
        plugins.iter().zip(helpers).map(|(plugin, component)| Linked { plugin, component }).collect();
    compose(root, &linked)
}

#[track_caller]
fn refused(found: Result<impl std::fmt::Debug>, expect: &str) {
    let error = found.unwrap_err().to_string();
    assert!(error.contains(expect), "{error}\nwanted: {expect}");
}

#[tokio::test]
async fn a_gateway_runs_with_the_helper_that_is_linked_into_it() {
    let (words, greeter) = pair();
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let alone = Inspection::of(greeter).unwrap();
    assert_eq!(alone.wants, ["test:words/case@1.0.0"]);
    refused(load(&runtime, greeter).await, "wants test:words/case@1.0.0, which nobody has linked into it");
    refused(load(&runtime, words).await, "`words` is a helper");
    assert_eq!(Inspection::of(words).unwrap().provides, ["test:words/case@1.0.0"]);

    let whole = link(greeter, &[words]).unwrap();
    let inspection = Inspection::of(&whole).unwrap();
    assert_eq!(inspection.wants, [""; 0]);
    assert_ne!(inspection.digest, alone.digest);
    assert_eq!(inspection.manifest, alone.manifest, "the sections are the gateway's");
    assert_eq!(inspection.fixtures, Some(json!({ "kept": true })));
    assert_eq!(inspection.capabilities, alone.capabilities);
    let ours = |import: &&String| import.starts_with("gatehouse:");
    assert_eq!(inspection.sheet.imports.iter().filter(ours).collect::<Vec<_>>(), ["gatehouse:plugin/log@0.1.0"]);
    assert_eq!(link(greeter, &[words]).unwrap(), whole, "the same parts make the same bytes");

    let plugin = load(&runtime, &whole).await.unwrap();
    let greet = async |name: &str| {
        let parameters = plugin.parse("GREET", &json!({ "name": name })).unwrap();
        runtime.call(&plugin, Target::Capability(parameters), guest::call(Script::ok("fine"))).await.outcome
    };
    match greet("ada king  lovelace").await {
        Answer::Ok(found) => assert_eq!(found, json!({ "text": "Hello, Ada King Lovelace!", "words": 3 })),
        other => panic!("{other:?}"),
    }
    match greet(" ").await {
        Answer::Refused(error) => assert_eq!(error.message, "there are no words in it"),
        other => panic!("{other:?}"),
    }
}

/// A helper with one function, from a number to a number.
fn helper(interface: &str, parameter: &str) -> Vec<u8> {
    binary(&format!(
        r#"(component
            (core module $m (func (export "twice") (param i32) (result i32) local.get 0 i32.const 2 i32.mul))
            (core instance $i (instantiate $m))
            (func $twice (param "n" {parameter}) (result u32) (canon lift (core func $i "twice")))
            (instance $numbers (export "twice" (func $twice)))
            (export "{interface}" (instance $numbers)))"#
    ))
}

/// A gateway that answers twice 21, by way of a helper.
fn gateway() -> Vec<u8> {
    binary(
        r#"(component
            (import "test:numbers/twice@1.0.0" (instance $numbers (export "twice" (func (param "n" u32) (result u32)))))
            (core func $twice (canon lower (func $numbers "twice")))
            (core module $m
                (import "numbers" "twice" (func $twice (param i32) (result i32)))
                (memory (export "memory") 1)
                (func (export "run") (result i32) i32.const 21 call $twice))
            (core instance $i (instantiate $m (with "numbers" (instance (export "twice" (func $twice))))))
            (func $run (result u32) (canon lift (core func $i "run")))
            (instance $probe (export "run" (func $run)))
            (export "test:small/probe@1.0.0" (instance $probe)))"#,
    )
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused() {
    let numbers = helper("test:numbers/twice@1.0.0", "u32");
    let root = gateway();
    let whole = link(&root, &[&numbers]).unwrap();
    let manifest =
        Manifest::from_toml(&small::MANIFEST.replace("[egress]", "[dependencies]\nnumbers = \"*\"\n[egress]"));
    let whole = package(&whole, &manifest.unwrap(), &[], &Value::Null).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let plugin = load(&runtime, &whole).await.unwrap();
    let run = plugin.parse("RUN", &json!({})).unwrap();
    let report = runtime.call(&plugin, Target::Capability(run), guest::call(Script::ok("fine"))).await;
    assert!(matches!(&report.outcome, Answer::Ok(found) if *found == json!(42)), "{report:?}");

    refused(link(&root, &[]), "`test:numbers/twice@1.0.0` is imported, and its `dependencies` bring nothing");
    let other = helper("test:numbers/thrice@1.0.0", "u32");
    refused(link(&root, &[&other]), "bring test:numbers/thrice@1.0.0");
    refused(link(&root, &[&numbers, &other]), "nothing of the helper `helper-1` is imported");
    refused(link(&root, &[&numbers, &numbers]), "two helpers bring `test:numbers/twice@1.0.0`");
    let wide = helper("test:numbers/twice@1.0.0", "s32");
    refused(link(&root, &[&wide]), "imported with other types than its helper has");
    refused(link(&root, &[b"nonsense"]), "can not be read");
}

#[test]
fn a_helper_that_is_more_than_that_is_refused() {
    let inspect = |component: &[u8], manifest: &str| {
        let manifest = Manifest::from_toml(manifest).unwrap();
        Inspection::of(&package(component, &manifest, &[], &Value::Null).unwrap())
    };
    let good = helper("test:numbers/twice@1.0.0", "u32");
    assert_eq!(inspect(&good, WORDS).unwrap().provides, ["test:numbers/twice@1.0.0"]);
    refused(inspect(&binary("(component)"), WORDS), "the helper exports no interface");
    refused(inspect(&helper("gatehouse:plugin/connection@0.1.0", "u32"), WORDS), "which is for gateways");
    refused(inspect(&gateway(), small::MANIFEST), "test:numbers/twice@1.0.0`, which the host does not lend");
    let curious = binary(
        r#"(component
            (import "gatehouse:plugin/context@0.1.0" (instance (export "attempt" (func (result u32))))))"#,
    );
    refused(inspect(&curious, WORDS), "lent to gateways only");
}
