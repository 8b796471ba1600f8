//! `gatehouse keys` against a running server.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::text;
use crate::harness::Server;
use crate::harness::artefacts::binary;
use crate::harness::server::OPERATOR;
use crate::harness::story::new_tenant;

fn keys(server: &Server, token: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.arg("keys").args(arguments).env_remove("GATEHOUSE_KEY").env("GATEHOUSE_URL", &server.base);
    token.map(|token| command.env("GATEHOUSE_KEY", token));
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn good(output: &Output) -> Value {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {}", said(output)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_listed_rotated_and_revoked_from_the_shell() {
    let server = Server::start(&[]);
    let tenant = server.operator().post("/tenants", json!({ "name": "Acme" })).await.expect(201);
    let tenant = text(&tenant, "id");
    let for_tenant = |arguments: &[&str]| {
        let all: Vec<&str> = arguments.iter().copied().chain(["--tenant", &tenant, "--json"]).collect();
        good(&keys(&server, Some(OPERATOR), &all))
    };
    let made = for_tenant(&[
        "create",
        "--name",
        "shell",
        "--role",
        "developer",
        "--permission",
        "keys:read",
        "--expires-in-days",
        "7",
        "--allow-ip",
        "127.0.0.0/8",
    ]);
    assert_eq!((&made["tenant"], &made["role"]), (&json!(tenant), &json!("developer")));
    assert_eq!(made["allowed_ips"], json!(["127.0.0.0/8"]));
    server.client().with_key(&text(&made, "token")).get("/integrations").await.expect(200);
    let id = text(&made, "id");
    let next = for_tenant(&["rotate", &id, "--overlap-hours", "0"]);
    server.client().with_key(&text(&made, "token")).get("/integrations").await.expect(401);
    server.client().with_key(&text(&next, "token")).get("/integrations").await.expect(200);
    let revoked = for_tenant(&["revoke", &text(&next, "id")]);
    assert!(revoked["revoked_at"].is_string());
    let listed = for_tenant(&["list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed:#}");
    let endless = good(&keys(&server, Some(OPERATOR), &["create", "--name", "e", "--never-expires", "--json"]));
    assert_eq!((&endless["expires_at"], &endless["tenant"]), (&Value::Null, &Value::Null));

    let shown = keys(&server, Some(OPERATOR), &["list", "--tenant", &tenant]);
    let shown = said(&shown);
    assert!(shown.contains("NAME") && shown.contains("developer") && shown.contains("revoked 20"), "{shown}");
    let made = said(&keys(&server, Some(OPERATOR), &["create", "--name", "human"]));
    assert!(made.contains("works until") && made.contains("  gh_live_"), "{made}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_is_said_and_the_key_is_not() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let reader = tenant.post("/keys", json!({ "name": "r", "permissions": ["keys:read"] })).await.expect(201);
    let reader = text(&reader, "token");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{reader}\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(good(&keys(&server, None, &["list", "--key-file", file, "--json"])).as_array().unwrap().len(), 2);
    let check = |token: Option<&str>, arguments: &[&str], expect: &str| {
        let output = keys(&server, token, arguments);
        let said = said(&output);
        assert!(output.status.code() == Some(1) && said.contains(expect), "{arguments:?}: {said}");
        assert!(!said.contains(&reader[..20]) && !said.contains(OPERATOR), "{said}");
    };
    check(None, &["list"], "GATEHOUSE_KEY");
    check(Some("gh_live_x"), &["list"], "mistyped");
    check(None, &["list", "--key-file", "/nonexistent/key"], "can not be read");
    check(Some(&reader), &["create", "--name", "more"], "keys:write");
    check(Some(&reader), &["revoke", "me"], "key_");
    check(Some(OPERATOR), &["create", "--name", " "], "$.name");
    check(Some(OPERATOR), &["list", "--url", "nowhere"], "is not the URL of a server");
    check(Some(OPERATOR), &["list", "--url", "http://127.0.0.1:1"], "no answer from http://127.0.0.1:1");
    check(Some(OPERATOR), &["list", "--url", &format!("{}/nothing", server.base)], "there is no route");
}
