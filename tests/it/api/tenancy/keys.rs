//! Keys: what is no good, when one ends, how one is rotated, and when it was used.

use gatehouse_domain::time::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::{actions, key, text};
use crate::harness::server::OPERATOR;
use crate::harness::story::new_tenant;
use crate::harness::{Server, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_401_and_the_answer_does_not_say_why() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let revoked = tenant.post("/keys", json!({ "name": "revoked" })).await.expect(201);
    tenant.delete(&format!("/keys/{}", text(&revoked, "id"))).await.expect(200);
    let elsewhere = tenant.post("/keys", json!({ "name": "e", "allowed_ips": ["192.0.2.1"] })).await.expect(201);
    // The right id with another secret, its checksum made to fit.
    let other_secret = "gh_live_000000000TestsOperator_00000000TestsAnotherSecretThatGuardsNothing4UVaYA";
    let wrong = [
        "",
        "gh_",
        "€",
        &OPERATOR[1..],
        &OPERATOR.replace("live", "test"),
        other_secret,
        &text(&revoked, "token"),
        &text(&elsewhere, "token"),
    ];
    let mut answers = Vec::new();
    for token in wrong {
        let header = format!("Bearer {token}");
        let answer = server.client().send(Method::GET, "/keys", &[("authorization", &header)], Vec::new()).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        answers.push(answer.expect_problem(401, "key"));
    }
    answers.push(server.client().get("/keys").await.expect_problem(401, "key"));
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    for scheme in [format!("bearer {OPERATOR}"), format!("BEARER  {OPERATOR}")] {
        server.client().send(Method::GET, "/keys", &[("authorization", &scheme)], Vec::new()).await.expect(200);
    }
    let basic = format!("Basic {OPERATOR}");
    server.client().send(Method::GET, "/keys", &[("authorization", &basic)], Vec::new()).await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_a_key_is_refused_with_its_path() {
    let server = Server::start(&[]);
    let (tenant, operator) = (new_tenant(&server, "Acme").await, server.operator());
    let in_days = |days: i64| (Timestamp::now() + SignedDuration::from_hours(24 * days)).to_string();
    let check = async |by: &crate::harness::Client, change: Value, text: &str| {
        let mut new = json!({ "name": "key" });
        new.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        by.post("/keys", new).await.expect_problem(422, text);
    };
    check(&tenant, json!({ "name": " " }), "$.name").await;
    check(&tenant, json!({ "expires_at": "2020-01-01T00:00:00Z" }), "is past").await;
    check(&tenant, json!({ "expires_at": in_days(370) }), "366 days").await;
    check(&tenant, json!({ "expires_at": null }), "only an operator").await;
    check(&tenant, json!({ "expires_at": "soon" }), "$.expires_at").await;
    check(&tenant, json!({ "role": "no-such-role" }), "$.role").await;
    check(&tenant, json!({ "role": "operator" }), "$.role").await;
    check(&tenant, json!({ "permissions": ["integrations:fly"] }), "$.permissions").await;
    check(&tenant, json!({ "permissions": ["tenants:write"] }), "reaches past one tenant").await;
    check(&tenant, json!({ "permissions": ["*"] }), "reaches past one tenant").await;
    check(&tenant, json!({ "allowed_ips": ["10.0.0.0/33"] }), "$.allowed_ips").await;
    check(&tenant, json!({ "allowed_ips": ["example.com"] }), "$.allowed_ips").await;
    check(&tenant, json!({ "integrations": [] }), "$.integrations").await;
    check(&tenant, json!({ "integrations": ["int_00000000000000000000000000000000"] }), "$.integrations[0]").await;
    check(&tenant, json!({ "capabilities": ["process payment"] }), "$.capabilities").await;
    check(&tenant, json!({ "environment": "staging" }), "$.environment").await;
    check(&tenant, json!({ "capabilities": ["A"], "permissions": ["keys:write"] }), "restricted to").await;
    check(&tenant, json!({ "environment": "test", "permissions": ["plugins:enable"] }), "restricted to").await;
    check(&tenant, json!({ "colour": "red" }), "$.colour").await;
    check(&operator, json!({ "role": "tenant-owner" }), "$.role").await;
    check(&operator, json!({ "environment": "test" }), "operator").await;
    check(&operator, json!({ "capabilities": ["A"] }), "operator").await;
    check(&operator, json!({ "expires_at": in_days(370) }), "366 days").await;
    let gone = "/keys/key_00000000000000000000000000000000";
    tenant.get(gone).await.expect_problem(404, "key");
    tenant.post(&format!("{gone}/rotate"), json!({})).await.expect_problem(404, "key");
    tenant.get("/keys/mine").await.expect_problem(422, "key_");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_end_after_90_days_unless_something_else_is_said() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let days = |key: &Value| {
        let of = |name: &str| text(key, name).parse::<Timestamp>().unwrap();
        of("expires_at").duration_since(of("created_at")).as_hours() / 24
    };
    let usual = tenant.post("/keys", json!({ "name": "usual" })).await.expect(201);
    assert_eq!(days(&usual), 90);
    let operators = server.operator().post("/keys", json!({ "name": "usual" })).await.expect(201);
    assert_eq!((days(&operators), &operators["tenant"]), (90, &Value::Null));
    let year = (Timestamp::now() + SignedDuration::from_hours(365 * 24)).to_string();
    let year = tenant.post("/keys", json!({ "name": "year", "expires_at": year })).await.expect(201);
    assert!((364..=365).contains(&days(&year)));
    let endless = json!({ "name": "endless", "expires_at": null, "tenant": usual["tenant"] });
    assert_eq!(server.operator().post("/keys", endless).await.expect(201)["expires_at"], Value::Null);

    let soon = Timestamp::now() + SignedDuration::from_millis(1_500);
    let client = key(&server, &tenant, json!({ "name": "soon", "expires_at": soon.to_string() })).await;
    client.get("/integrations").await.expect(200);
    eventually("the end of the key", async || (client.get("/integrations").await.status == 401).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_works_until_the_overlap_is_over() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let client = |made: &Value| server.client().with_key(&text(made, "token"));
    let role = json!({ "name": "a", "role": "developer", "permissions": ["keys:read"], "allowed_ips": ["127.0.0.1"] });
    let first = tenant.post("/keys", role).await.expect(201);
    let rotate = |key: &Value| format!("/keys/{}/rotate", text(key, "id"));
    tenant.post(&rotate(&first), json!({ "overlap_hours": 169 })).await.expect_problem(422, "168");
    let second = tenant.post(&rotate(&first), json!({})).await.expect(201);
    for same in ["name", "role", "permissions", "allowed_ips", "environment", "tenant"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert!(first["token"] != second["token"] && first["id"] != second["id"]);
    client(&first).get("/integrations").await.expect(200);
    client(&second).get("/integrations").await.expect(200);
    let old = tenant.get(&format!("/keys/{}", text(&first, "id"))).await.expect(200);
    assert_eq!((&old["successor"], &second["predecessor"]), (&second["id"], &first["id"]));
    let left = text(&old, "expires_at").parse::<Timestamp>().unwrap().duration_since(Timestamp::now());
    assert!((23..=24).contains(&left.as_hours()), "{left}");
    let again = text(&second, "expires_at").parse::<Timestamp>().unwrap().duration_since(Timestamp::now());
    assert_eq!(again.as_hours() / 24, 89, "it lives as long as the first was made for");

    // Two at a time, never three.
    tenant.post(&rotate(&first), json!({})).await.expect_problem(409, &text(&second, "id"));
    tenant.post(&rotate(&second), json!({})).await.expect_problem(409, &text(&first, "id"));
    tenant.delete(&format!("/keys/{}", text(&first, "id"))).await.expect(200);
    client(&first).get("/integrations").await.expect_problem(401, "revoked");
    let third = tenant.post(&rotate(&second), json!({ "overlap_hours": 0 })).await.expect(201);
    client(&second).get("/integrations").await.expect_problem(401, "expired");
    client(&third).get("/integrations").await.expect(200);
    tenant.post(&rotate(&first), json!({})).await.expect_problem(409, "expired or revoked");
    let trail = actions(&tenant.get("/audit").await.expect(200));
    let told = ["key.created", "key.rotated", "key.created", "key.revoked", "key.rotated", "key.created"];
    assert!(trail.ends_with(&told.map(str::to_owned)), "{trail:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_rotate_at_once_make_one_successor() {
    let server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let made = tenant.post("/keys", json!({ "name": "a" })).await.expect(201);
    let path = format!("/keys/{}/rotate", text(&made, "id"));
    let asked = (0..16).map(|_| tenant.post(&path, json!({})));
    let answers = futures_util::future::join_all(asked).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1, "{answers:#?}");
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)));
    assert_eq!(tenant.get("/keys").await.expect(200)["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_use_is_kept_to_the_minute_and_survives_the_server() {
    let mut server = Server::start(&[]);
    let tenant = new_tenant(&server, "Acme").await;
    let made = tenant.post("/keys", json!({ "name": "a" })).await.expect(201);
    let path = format!("/keys/{}", text(&made, "id"));
    assert_eq!(tenant.get(&path).await.expect(200)["last_used_at"], Value::Null);
    let before = Timestamp::now() - SignedDuration::from_secs(60);
    server.client().with_key(&text(&made, "token")).get("/integrations").await.expect(200);
    let used = text(&tenant.get(&path).await.expect(200), "last_used_at");
    let at = used.parse::<Timestamp>().unwrap();
    assert!(at > before && at.as_second() % 60 == 0 && at.subsec_nanosecond() == 0, "{used}");
    server = server.stop_and_restart();
    let tenant = tenant.moved_to(&server);
    assert_eq!(text(&tenant.get(&path).await.expect(200), "last_used_at"), used);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_listed_page_by_page_to_whom_they_belong() {
    let server = Server::start(&[]);
    let (one, two) = (new_tenant(&server, "One").await, new_tenant(&server, "Two").await);
    for n in 0..4 {
        one.post("/keys", json!({ "name": format!("key {n}") })).await.expect(201);
    }
    let foreign = text(&two.get("/keys").await.expect(200)["items"][0], "id");
    let mut names = Vec::new();
    let mut path = "/keys?limit=2".to_owned();
    loop {
        let page = one.get(&path).await.expect(200);
        names.extend(page["items"].as_array().unwrap().iter().map(|key| text(key, "name")));
        assert!(page.to_string().find("token").is_none());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/keys?limit=2&cursor={next}");
    }
    assert_eq!(names, ["tests", "key 0", "key 1", "key 2", "key 3"]);
    one.get(&format!("/keys/{foreign}")).await.expect_problem(404, "key");
    one.delete(&format!("/keys/{foreign}")).await.expect_problem(404, "key");
    // An operator's key sees the operators' own.
    let operators = server.operator().get("/keys").await.expect(200);
    assert_eq!(operators["items"].as_array().unwrap().len(), 1, "{operators:#}");
    server.operator().get(&format!("/keys/{foreign}")).await.expect_problem(404, "key");
}
