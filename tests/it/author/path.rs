//! From nothing to a published gateway that answers a call, in one folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{done, gatehouse, json as parsed, lock, refused, said};
use crate::harness::canary::SECRET_KEY;
use crate::harness::story::new_tenant;
use crate::harness::{Client, Server};

const PARAMS: &str = r#"{"amount":{"minor_units":1999,"currency":"EUR"},"description":"Zwölf Äpfel",
    "success_url":"https://shop.example/thanks","reference":"order-1042"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_is_begun_tested_checked_run_recorded_and_published() {
    let home = tempfile::tempdir().unwrap();
    done(home.path(), &["plugin", "new", "Acme Pay", "--kind", "payments"]);
    let folder = home.path().join("acme-pay");
    assert!(folder.join(".gatehouse/sdk/src/lib.rs").is_file(), "it has what it is built against");
    lock(&folder);
    let tested = done(&folder, &["plugin", "test"]);
    assert!(tested.contains("4 cases pass on the component"), "{tested}");
    let checked = parsed(&done(&folder, &["plugin", "check", "--json"]));
    assert_eq!((&checked["errors"], &checked["cases"]), (&json!(0), &json!(4)), "{checked:#}");
    assert!(checked["trials"].as_u64().unwrap() >= 26, "{checked:#}");
    assert_eq!(checked["sheet"]["secrets"][0]["field"], "api_key", "{checked:#}");
    runs(&folder);
    records(&folder).await;
    publishes(&folder).await;
}

/// Against its own fixtures, as a provider on loopback.
fn runs(folder: &Path) {
    let run = ["plugin", "run", "--capability", "CREATE_PAYMENT_LINK", "--params", PARAMS, "--json"];
    let ran = parsed(&done(folder, &run));
    assert_eq!(ran["outcome"]["ok"]["url"], "https://pay.example/lnk_1", "{ran:#}");
    assert_eq!((&ran["calls"][0]["method"], &ran["calls"][0]["status"]), (&json!("POST"), &json!(201)), "{ran:#}");
    let wrong =
        refused(folder, &["plugin", "run", "--capability", "CREATE_PAYMENT_LINK", "--params", r#"{"amount":7}"#]);
    assert!(wrong.contains("--params does not fit") && wrong.contains("$.amount"), "{wrong}");
    let unknown = refused(folder, &["plugin", "run", "--capability", "CREATE_LINK"]);
    assert!(unknown.contains("the gateway has test, CREATE_PAYMENT_LINK"), "{unknown}");
}

/// Against an account: a provider that echoes what it is sent, the credential among it.
async fn records(folder: &Path) {
    let origin = echo().await;
    let secrets = folder.join("secrets.toml");
    fs::write(&secrets, format!("api_key = \"{SECRET_KEY}\"\n")).unwrap();
    let settings = json!({ "base_url": origin }).to_string();
    let account = ["--secrets-file", "secrets.toml", "--settings", &settings, "--allow", &origin];
    let run = [&["plugin", "run", "--capability", "test"], &account[..]].concat();
    let open = tokio::task::block_in_place(|| refused(folder, &run));
    assert!(open.contains("chmod 600"), "{open}");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    let record =
        [&["plugin", "record", "--case", "recorded", "--capability", "test", "--redact", "owner"], &account[..]]
            .concat();
    let output = tokio::task::block_in_place(|| gatehouse(folder, &record).output().unwrap());
    let told = said(&output);
    assert!(!told.contains(SECRET_KEY), "a secret is never printed");
    assert!(output.status.success(), "{told}");
    let exchange = fs::read_to_string(folder.join("fixtures/test/recorded/exchange.json")).unwrap();
    assert!(!exchange.contains(SECRET_KEY) && exchange.contains("acct_9"), "{exchange}");
    assert!(exchange.contains("redacted-1"), "what the author names is taken out: {exchange}");
    let twice = tokio::task::block_in_place(|| refused(folder, &record));
    assert!(twice.contains("is there already"), "{twice}");
}

/// A provider that answers with the credential that it was shown.
async fn echo() -> String {
    let me = |headers: HeaderMap| async move {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("nothing").to_owned();
        Json(json!({ "id": "acct_9", "name": format!("shown {shown}"), "owner": "Ada Lovelace", "live": false }))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/me", get(me))).await });
    origin
}

/// To a real server, where a tenant enables and calls it.
async fn publishes(folder: &Path) {
    let server = Server::start_with(&[("GATEHOUSE_PLUGINS__REVIEW", "required".to_owned())]);
    let key = json!({ "name": "author", "permissions": ["plugins:read", "plugins:write"] });
    let key = server.operator().post("/keys", key).await.expect(201);
    // The author's key only submits: an operator looks at what waits, and approves it.
    let approving = tokio::spawn(approves(server.operator()));
    let publish = || {
        gatehouse(folder, &["plugin", "publish", "--wait=120", "--url", &server.base])
            .env("GATEHOUSE_KEY", key["token"].as_str().unwrap())
            .output()
            .unwrap()
    };
    let told = tokio::task::block_in_place(publish);
    let (output, name) = (said(&told), approving.await.unwrap());
    assert!(told.status.success(), "{output}");
    for says in ["acme-pay 0.1.0 is submitted, unsigned", "in_review", "acme-pay@0.1.0 is approved"] {
        assert!(output.contains(says), "no {says} in {output}");
    }
    assert_eq!(name, "acme-pay");
    let tenant = new_tenant(&server, "Acme").await;
    let view = integration(&tenant).await;
    let path = format!("/integrations/{}/execute", view["id"].as_str().unwrap());
    let parameters = json!({ "amount": 7 });
    let asked = json!({ "capability": "CREATE_PAYMENT_LINK", "parameters": parameters });
    // The call reaches the gateway's own types; where it would go is no place that can be reached from here.
    tenant.post(&path, asked).await.expect_problem(422, "schema");
}

/// Approves the first version that waits, and answers its plugin.
async fn approves(operator: Client) -> String {
    // Building and checking come first, which takes its time on a busy machine.
    let end = Instant::now() + Duration::from_secs(120);
    let found = loop {
        let waiting = operator.get("/plugins/submissions").await.expect(200);
        if let Some(found) = waiting["items"].as_array().unwrap().first() {
            break found.clone();
        }
        assert!(Instant::now() < end, "nothing was submitted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let text = |path: &str| found.pointer(path).and_then(Value::as_str).unwrap().to_owned();
    let (id, version) = (text("/plugin/id"), text("/plugin/version"));
    let approve = json!({ "digest": text("/submission/digest") });
    operator.post(&format!("/plugins/{id}/versions/{version}/approve"), approve).await.expect(200);
    id
}

async fn integration(tenant: &Client) -> Value {
    let sheet = tenant.get("/plugins/acme-pay/permissions").await.expect(200);
    let toggle = json!({ "enabled": true, "consent": sheet["digest"] });
    tenant.post("/plugins/tenant/acme-pay/toggle", toggle).await.expect(200);
    let new = json!({ "provider": "acme-pay", "name": "Primary", "credentials": { "api_key": SECRET_KEY } });
    tenant.post("/integrations", new).await.expect(201)
}
