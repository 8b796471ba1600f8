//! What is known of a plugin before it runs, and every reason to refuse one.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gatehouse_domain::capability::Effect;
use gatehouse_domain::error::ErrorKind;
use serde_json::{Value, json};

use crate::guest::{self, MANIFEST, component, load, new_runtime, plugin_bytes, shared, wit};
use crate::small::{self, binary, packaged, with_section};

async fn check(bytes: &[u8], expect: &str) {
    let (runtime, _) = shared().await;
    let error = runtime.inspect(bytes).unwrap_err();
    assert!(error.to_string().contains(expect), "{error}\nwanted: {expect}");
}

#[tokio::test]
async fn a_plugin_is_described_whole() {
    let (runtime, _) = shared().await;
    let inspection = runtime.inspect(plugin_bytes()).unwrap();
    let codes: Vec<&str> = inspection.capabilities.iter().map(|capability| capability.code.as_str()).collect();
    assert_eq!(codes, ["ADD_NUMBERS", "DO_NOTHING", "ECHO_EVERYTHING", "MANY_BYTES", "MISBEHAVE", "NOT_A_NUMBER"]);
    assert!(inspection.has_connection && inspection.has_sync && inspection.has_webhook && inspection.has_outcomes);
    let misbehave = &inspection.capabilities[4];
    assert_eq!(misbehave.description, "Misbehaves.");
    assert_eq!(misbehave.effect, Effect::Write);
    assert_eq!(misbehave.interface, "test:hostile/probe@1.0.0");
    assert_eq!(inspection.sheet.writes, ["MISBEHAVE"]);
    assert_eq!(inspection.fixtures, Some(json!({ "case": 1 })));
    assert_eq!(inspection.size, plugin_bytes().len() as u64);
    assert_eq!(inspection.digest.len(), 64);
    let ours: Vec<&String> = inspection.imports.iter().filter(|name| name.starts_with("gatehouse:")).collect();
    assert_eq!(ours, ["gatehouse:plugin/context@0.1.0", "gatehouse:plugin/http@0.1.0", "gatehouse:plugin/log@0.1.0"]);
    assert!(inspection.imports.iter().all(|name| name.starts_with("gatehouse:") || name.starts_with("wasi:")));
}

#[tokio::test]
async fn the_schemas_are_those_of_the_types() {
    let (_, plugin) = shared().await;
    let found = plugin.capability("ECHO_EVERYTHING").unwrap();
    let text = std::fs::read_to_string(guest::here().join("tests/it/echo_everything.schema.json")).unwrap();
    let expect: Value = serde_json::from_str(&text).unwrap();
    let schema = serde_json::to_string_pretty(&found.parameters_schema).unwrap();
    assert_eq!(found.parameters_schema, expect, "{schema}");
    assert_eq!(found.result_schema, expect);
    let nothing = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "null" });
    assert_eq!(plugin.capability("DO_NOTHING").unwrap().result_schema, nothing);
}

#[tokio::test]
async fn packaging_again_replaces_what_was_there() {
    let again = guest::packaged(plugin_bytes(), &MANIFEST.replace("1.2.3", "1.2.4"));
    let (runtime, _) = shared().await;
    assert_eq!(runtime.inspect(&again).unwrap().manifest.version.to_string(), "1.2.4");
    assert_eq!(again.len(), plugin_bytes().len());
    assert!(again.starts_with(component()));
    let broken = gatehouse_runtime::WitSource { text: "package broken".to_owned(), ..wit() };
    let manifest = gatehouse_domain::manifest::Manifest::from_toml(MANIFEST).unwrap();
    let error = gatehouse_runtime::package(component(), &manifest, &[broken], &Value::Null).unwrap_err();
    assert!(error.to_string().contains("the WIT does not parse"), "{error}");
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    check(b"(component)", "this is WebAssembly text").await;
    check(b"\0asm\x01\0\0\0", "this is a core module").await;
    check(b"\x7fELF\x02\x01\x01\0", "this is native code").await;
    check(b"PK\x03\x04", "this is no WebAssembly component").await;
    check(b"", "this is no WebAssembly component").await;
    check(&component()[..5000], "does not parse").await;
    let (runtime, _) = shared().await;
    let error = runtime.inspect(&vec![0; (32 << 20) + 1]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge);
}

#[tokio::test]
async fn what_does_not_validate_is_refused() {
    let mut bytes = small::plugin();
    let at = bytes.windows(2).position(|pair| pair == [0x41, 7]).unwrap();
    bytes[at] = 0x42;
    check(&bytes, "the component is not valid here").await;
}

#[tokio::test]
async fn the_manifest_must_be_there_and_fit() {
    let plain = small::component("", "i32.const 7");
    check(&plain, "carries no manifest").await;
    check(&with_section(&plain, "gatehouse:manifest", b"{}"), "the embedded manifest does not parse").await;
    let twice = with_section(&small::plugin(), "gatehouse:manifest", b"{}");
    check(&twice, "two sections `gatehouse:manifest`").await;
    let docs = with_section(&packaged_without_docs(&plain), "gatehouse:docs", b"[");
    check(&docs, "the section `gatehouse:docs` does not parse").await;
    for (old, new, expect) in [
        ("contract = \"0.1.0\"", "contract = \"0.2.0\"", "$.contract: 0.2.0 is not served; this host serves 0.1.0"),
        ("[capabilities.RUN]", "[capabilities.WALK]", "$.capabilities.WALK: the component exports no such function"),
        ("[capabilities.RUN]", "[capabilities.WALK]", "$.capabilities.RUN: is missing"),
        (
            "[capabilities.RUN]",
            "[sync.customers]\nmode = \"full\"\ndirection = \"pull\"\nevery_minutes = 5\n[capabilities.RUN]",
            "$.sync: the component does not export gatehouse:plugin/sync",
        ),
    ] {
        check(&packaged(&plain, &small::MANIFEST.replace(old, new)), expect).await;
    }
    let lines = MANIFEST.lines().filter(|line| !line.contains("[sync.customers]"));
    let without_sync: Vec<&str> = lines
        .filter(|line| !["mode =", "direction =", "every_minutes ="].iter().any(|key| line.contains(key)))
        .collect();
    check(&guest::packaged(component(), &without_sync.join("\n")), "$.sync: is missing").await;
}

#[tokio::test]
async fn a_section_is_read_packed_or_not_and_never_beyond_its_bound() {
    let (runtime, _) = shared().await;
    let packed = |data: &[u8]| {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
        packer.write_all(data).unwrap();
        packer.finish().unwrap()
    };
    let with = |data: &[u8]| with_section(&small::plugin(), "gatehouse:fixtures", data);
    for data in [br#"{"a": 1}"#.to_vec(), packed(br#"{"a": 1}"#)] {
        assert_eq!(runtime.inspect(&with(&data)).unwrap().fixtures, Some(json!({ "a": 1 })));
    }
    let bomb = with(&packed(&vec![b' '; 32 << 20]));
    assert!(bomb.len() < 100_000);
    let error = runtime.inspect(&bomb).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge, "{error}");
    assert!(error.message.contains("`gatehouse:fixtures` unpacks to more than 8388608 bytes"), "{error}");
    check(&with(&packed(b"{")), "the section `gatehouse:fixtures` does not parse").await;
    check(&with(&packed(br#"{"a": 1}"#)[..9]), "the section `gatehouse:fixtures` does not unpack").await;
}

fn packaged_without_docs(component: &[u8]) -> Vec<u8> {
    let manifest = gatehouse_domain::manifest::Manifest::from_toml(small::MANIFEST).unwrap();
    with_section(component, "gatehouse:manifest", &serde_json::to_vec(&manifest).unwrap())
}

#[tokio::test]
async fn only_what_is_lent_may_be_imported() {
    for (import, expect) in [
        (
            r#"(import "wasi:http/outgoing-handler@0.2.3" (instance (export "handle" (func))))"#,
            "imports `wasi:http/outgoing-handler@0.2.3`, which the host does not lend: it lends gatehouse:plugin/context",
        ),
        (
            r#"(import "other:host/secrets@1.0.0" (instance (export "get" (func))))"#,
            "imports `other:host/secrets@1.0.0`",
        ),
        (
            r#"(import "gatehouse:plugin/vault@0.1.0" (instance (export "get" (func))))"#,
            "imports `gatehouse:plugin/vault@0.1.0`",
        ),
        (
            r#"(import "gatehouse:plugin/http@0.2.0" (instance (export "send" (func))))"#,
            "imports `gatehouse:plugin/http@0.2.0`; this host serves 0.1.0",
        ),
        (r#"(import "wasi:cli/exit@0.3.0" (instance (export "exit" (func))))"#, "imports `wasi:cli/exit@0.3.0`"),
        (r#"(import "do-it" (func))"#, "imports `do-it`"),
    ] {
        check(&packaged(&small::component(import, "i32.const 7"), small::MANIFEST), expect).await;
    }
}

#[tokio::test]
async fn an_export_must_be_callable_with_json() {
    let plain = |ty: &str, lift: &str| {
        binary(&format!(
            r#"(component
                (core module $m (memory (export "memory") 1)
                    (func (export "run") (result i32) unreachable)
                    (func (export "take") (param i32)))
                (core instance $i (instantiate $m))
                {ty}
                (func $run {lift})
                (instance $probe (export "run" (func $run)))
                (export "test:small/probe@1.0.0" (instance $probe)))"#
        ))
    };
    let lifted = r#"(canon lift (core func $i "run") (memory (core memory $i "memory")))"#;
    for (bytes, expect) in [
        (
            plain("(type $r (result u32 (error string)))", &format!("(result $r) {lifted}")),
            "run.result is a result whose error is not `gatehouse:plugin/types.error`",
        ),
        (
            plain("(type $o (option u32)) (type $oo (option $o))", &format!("(result $oo) {lifted}")),
            "run.result is an option within an option, which has no JSON form",
        ),
        (
            binary(
                r#"(component
                    (component $inner
                        (type $res' (resource (rep i32)))
                        (core module $m (func (export "run") (param i32)))
                        (core instance $i (instantiate $m))
                        (export $res "handle" (type $res'))
                        (func $run (param "given" (own $res)) (canon lift (core func $i "run")))
                        (export "run" (func $run)))
                    (instance $probe (instantiate $inner))
                    (export "test:small/probe@1.0.0" (instance $probe)))"#,
            ),
            "run.given is a resource handle, which has no JSON form",
        ),
        (
            binary(
                r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
                (func $f (canon lift (core func $i "f"))) (export "loose" (func $f)))"#,
            ),
            "exports `loose` outside an interface",
        ),
        (
            small::component(r#"(export "test:small/other@1.0.0" (instance $probe))"#, "i32.const 1"),
            "`test:small/other@1.0.0` and `test:small/probe@1.0.0` both export `run`",
        ),
        (
            small::component(r#"(export "gatehouse:plugin/connection@0.2.0" (instance $probe))"#, "i32.const 1"),
            "exports `gatehouse:plugin/connection@0.2.0`; this host serves 0.1.0",
        ),
        (
            small::component(r#"(export "gatehouse:plugin/admin@0.1.0" (instance $probe))"#, "i32.const 1"),
            "of gatehouse:plugin it may export connection, sync, webhook, outcomes, registrations and backfill",
        ),
        (plain("(type $f (future u32))", &format!("(result $f) {lifted}")), "WASI 0.3"),
    ] {
        let bytes = packaged_without_docs(&bytes);
        let (runtime, _) = shared().await;
        let error = runtime.inspect(&bytes).unwrap_err().to_string();
        assert!(error.contains(expect) || both_ways(&error, expect), "{error}\nwanted: {expect}");
    }
}

/// Which of two interfaces is read first is up to the component.
fn both_ways(error: &str, expect: &str) -> bool {
    expect.contains("both export") && error.contains("both export `run`: the code RUN must be unique")
}

#[tokio::test]
async fn types_that_unfold_without_end_are_refused() {
    let mut types = String::from("(type $t0 (tuple u8 u8))");
    for level in 1..40 {
        types.push_str(&format!("(type $t{level} (tuple $t{} $t{}))", level - 1, level - 1));
    }
    // The largest type of a component is bounded by the validator; ours is by JSON.
    let text = format!(
        r#"(component
            (core module $m (memory (export "memory") 1) (func (export "run") (result i32) unreachable))
            (core instance $i (instantiate $m))
            {types}
            (func $run (result $t14) (canon lift (core func $i "run") (memory (core memory $i "memory"))))
            (instance $probe (export "run" (func $run)))
            (export "test:small/probe@1.0.0" (instance $probe)))"#
    );
    let bytes = packaged_without_docs(&binary(&text.replace("(type $t39 (tuple $t38 $t38))", "")));
    let (runtime, _) = shared().await;
    let error = runtime.inspect(&bytes).unwrap_err().to_string();
    assert!(error.contains("unfold to more than 20000") || error.contains("not valid here"), "{error}");
}

#[tokio::test]
async fn what_does_not_start_is_refused_when_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let start = |code: &str| {
        let text = format!(
            r#"(component
                (core module $m {code} (func (export "run") (result i32) i32.const 1))
                (core instance $i (instantiate $m))
                (func $run (result u32) (canon lift (core func $i "run")))
                (instance $probe (export "run" (func $run)))
                (export "test:small/probe@1.0.0" (instance $probe)))"#
        );
        packaged(&binary(&text), small::MANIFEST)
    };
    for (code, expect) in [
        ("(func $s (loop br 0)) (start $s)", "the plugin does not start: the gateway hit its limit `cpu_ms` of 200"),
        ("(func $s unreachable) (start $s)", "the plugin does not start: the gateway trapped: small 0.1.0"),
        ("(memory 8192)", "a minimum byte size of 536870912"),
        ("(table 30000 funcref)", "30000"),
        ("(memory 1) (memory 1) (memory 1) (memory 1) (memory 1)", "memor"),
    ] {
        let error = load(&runtime, &start(code)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains(expect), "{error}\nwanted: {expect}");
    }
}

#[tokio::test]
async fn handles_are_bounded() {
    let text = r#"(component
        (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r))
        (core module $m (import "" "new" (func $new (param i32) (result i32)))
            (func (export "run") (result i32) (loop (drop (call $new (i32.const 1))) br 0) unreachable))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func $run (result u32) (canon lift (core func $i "run")))
        (instance $probe (export "run" (func $run)))
        (export "test:small/probe@1.0.0" (instance $probe)))"#;
    let folder = tempfile::tempdir().unwrap();
    let runtime = new_runtime(folder.path());
    let plugin = load(&runtime, &packaged(&binary(text), small::MANIFEST)).await.unwrap();
    let run = gatehouse_runtime::Target::Capability(plugin.parse("RUN", &json!({})).unwrap());
    let report = runtime.call(&plugin, run, guest::call(guest::Script::ok(""))).await;
    assert_eq!(guest::limit(&report), ("handles", 1000));
}
