//! Plugins that need helpers: chosen and linked as they are published, and told of.

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::package;
use serde_json::{Value, json};

use crate::harness::story::{self, upload_bytes};
use crate::harness::{Client, Server, Upstream};

/// A helper whose function gives `factor` times its number.
pub(in crate::api) fn helper(id: &str, version: &str, factor: u32, dependencies: &str) -> Vec<u8> {
    let component = format!(
        r#"(component
            (core module $m (func (export "times") (param i32) (result i32) local.get 0 i32.const {factor} i32.mul))
            (core instance $i (instantiate $m))
            (func $times (param "n" u32) (result u32) (canon lift (core func $i "times")))
            (instance $numbers (export "times" (func $times)))
            (export "test:{id}/times@1.0.0" (instance $numbers)))"#
    );
    packaged(&component, &manifest(id, version, "helper = true", dependencies))
}

/// A gateway that answers what a helper makes of seven.
pub(in crate::api) fn gateway(version: &str, helper: &str, dependencies: &str) -> Vec<u8> {
    let component = format!(
        r#"(component
            (import "test:{helper}/times@1.0.0" (instance $numbers (export "times" (func (param "n" u32) (result u32)))))
            (core func $times (canon lower (func $numbers "times")))
            (core module $m
                (import "numbers" "times" (func $times (param i32) (result i32)))
                (memory (export "memory") 1)
                (func (export "run") (result i32) i32.const 7 call $times))
            (core instance $i (instantiate $m (with "numbers" (instance (export "times" (func $times))))))
            (func $run (result u32) (canon lift (core func $i "run")))
            (instance $probe (export "run" (func $run)))
            (export "test:gate/probe@1.0.0" (instance $probe)))"#
    );
    let rest = r#"
        [egress]
        base_url = "https://api.example.com"
        allow = [{ host = "api.example.com", methods = ["GET"], paths = ["/**"] }]
        [capabilities.RUN]
        effect = "read"
    "#;
    packaged(&component, &(manifest("gate", version, "provider = \"gate\"", dependencies) + rest))
}

fn manifest(id: &str, version: &str, more: &str, dependencies: &str) -> String {
    format!(
        r#"
        id = "{id}"
        version = "{version}"
        {more}
        name = "A part"
        description = "For tests."
        publisher = "tests"
        license = "Apache-2.0"
        category = "tests"
        contract = "0.1.0"
        [dependencies]
        {dependencies}
        "#
    )
}

fn packaged(component: &str, manifest: &str) -> Vec<u8> {
    package(&wat::parse_str(component).unwrap(), &Manifest::from_toml(manifest).unwrap(), &[], &Value::Null).unwrap()
}

async fn run(tenant: &Client, integration: &str) -> Value {
    let ask = json!({ "capability": "RUN", "parameters": {} });
    tenant.post(&format!("/integrations/{integration}/execute"), ask).await.expect(200)["result"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_runs_with_the_helpers_that_were_chosen_for_it() {
    let upstream = Upstream::start().await;
    let server = Server::start(std::slice::from_ref(&upstream.origin));
    for (version, factor) in [("1.0.0", 2), ("1.1.0", 3), ("2.0.0", 5)] {
        upload_bytes(&server, helper("doubler", version, factor, "")).await;
    }
    upload_bytes(&server, gateway("1.0.0", "doubler", "doubler = \"^1\"")).await;
    let versions = server.operator().get("/plugins/gate/versions").await.expect(200);
    let with = &versions["items"][0]["composition"]["with"];
    assert_eq!((&with[0]["id"], &with[0]["version"]), (&json!("doubler"), &json!("1.1.0")));
    assert_ne!(versions["items"][0]["composition"]["uploaded"], versions["items"][0]["plugin"]["digest"]);
    let again = upload_bytes(&server, gateway("1.0.0", "doubler", "doubler = \"^1\"")).await;
    assert_eq!(again["plugin"], versions["items"][0]["plugin"], "the same bytes change nothing");

    let tenant = story::new_tenant(&server, "Acme").await;
    story::enable_plugin(&tenant, "gate").await;
    let new = json!({ "provider": "gate", "name": "Gate", "credentials": {} });
    let integration = super::id(&tenant.post("/integrations", new).await.expect(201));
    assert_eq!(run(&tenant, &integration).await, json!(21));

    // A helper that comes later changes nothing by itself, and a new version takes it.
    upload_bytes(&server, helper("doubler", "1.2.0", 4, "")).await;
    assert_eq!(run(&tenant, &integration).await, json!(21));
    upload_bytes(&server, gateway("1.0.1", "doubler", "doubler = \"^1\"")).await;
    // The call before was recorded, and does not come to the same any more.
    let meant = json!({ "accept_differences": true });
    tenant.post("/plugins/tenant/gate/upgrade", meant).await.expect(200);
    assert_eq!(run(&tenant, &integration).await, json!(28));
    let server = server.kill_and_restart();
    assert_eq!(run(&tenant.moved_to(&server), &integration).await, json!(28));

    // A helper is nothing to enable, and no provider.
    let tenant = tenant.moved_to(&server);
    let sheet = tenant.get("/plugins/doubler/permissions").await.expect(200);
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    tenant.post("/plugins/tenant/doubler/toggle", toggle).await.expect_problem(409, "is a helper");
    let providers = tenant.get("/providers").await.expect(200);
    assert_eq!(providers["items"].as_array().unwrap().len(), 1, "{providers:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_met_is_refused_with_the_reason() {
    let server = Server::start(&[]);
    let refuse = async |wasm: Vec<u8>, status: u16, text: &str| {
        server.operator().post_bytes("/plugins", wasm, &[]).await.expect_problem(status, text);
    };
    let missing = "gate@1.0.0 needs the helper `doubler`, which is not published";
    refuse(gateway("1.0.0", "doubler", "doubler = \"^1\""), 409, missing).await;
    upload_bytes(&server, helper("doubler", "1.0.0", 2, "")).await;
    let none = "gate@1.0.0 needs `^2`; there are 1.0.0";
    refuse(gateway("1.0.0", "doubler", "doubler = \"^2\""), 409, none).await;
    refuse(gateway("1.0.0", "tripler", "doubler = \"^1\""), 422, "dependencies` bring test:doubler/times@1.0.0").await;
    refuse(gateway("1.0.0", "doubler", ""), 422, "which the host does not lend").await;
    upload_bytes(&server, helper("tripler", "1.0.0", 3, "")).await;
    let both = "doubler = \"^1\"\ntripler = \"^1\"";
    refuse(gateway("1.0.0", "doubler", both), 422, "nothing of the helper `tripler` is imported").await;
    refuse(helper("tripler", "1.0.1", 3, "doubler = \"^1\""), 422, "nothing of the helper `doubler`").await;
    upload_bytes(&server, gateway("1.0.0", "doubler", "doubler = \"^1\"")).await;
    refuse(helper("other", "1.0.0", 3, "gate = \"^1\""), 409, "`gate`, which is a gateway").await;
}
