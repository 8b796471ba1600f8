//! Connecting, rotating and disconnecting; what one person changes another can not undo unseen.

use serde_json::{Value, json};

use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::story::{create, enable, new_tenant, payment, upload};
use crate::harness::{Server, Story, Upstream};

const WRONG_KEY: &str = "sk_test_wrong00000000000000";

fn credentials(key: &str) -> Value {
    json!({ "secret_key": key, "webhook_secret": WEBHOOK_SECRET })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_code_is_enough_to_connect_the_first_integration() {
    let upstream = Upstream::start().await;
    let server = Server::start(std::slice::from_ref(&upstream.origin));
    let tenant = new_tenant(&server, "Acme").await;
    upload(&server).await;
    tenant.post("/integrations/stripe/connect", json!({})).await.expect_problem(404, "stripe");
    enable(&tenant).await;
    tenant.post("/integrations/stripe/connect", json!({})).await.expect_problem(422, "$.credentials");
    let ask = |key| json!({ "credentials": credentials(key), "settings": { "base_url": upstream.origin } });
    tenant.post("/integrations/stripe/connect", ask(WRONG_KEY)).await.expect_problem(424, "nothing was changed");
    assert_eq!(tenant.get("/integrations").await.expect(200)["items"], json!([]));

    let made = tenant.post("/integrations/stripe/connect", ask(SECRET_KEY)).await.expect(200);
    assert_eq!((&made["integration"]["status"], &made["tested"]["ok"]), (&json!("active"), &json!(true)));
    assert_eq!(made["integration"]["name"], "Stripe");
    let connected = tenant.get("/integrations/connected").await.expect(200);
    assert_eq!(connected["items"][0]["id"], made["integration"]["id"]);
    let feed = tenant.get("/events").await.expect(200);
    assert_eq!(feed["items"][0]["kind"], "integration.connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_credential_does_not_take_the_place_of_one_that_works() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    story.tenant.post(&format!("{path}/test"), json!({})).await.expect(200);
    let before = story.tenant.get(&path).await.expect(200);
    for (route, ask) in [
        ("connect", json!({ "credentials": credentials(WRONG_KEY) })),
        ("rotate", json!({ "credentials": credentials(WRONG_KEY) })),
    ] {
        let answer = story.tenant.post(&format!("{path}/{route}"), ask).await;
        answer.expect_problem(424, "nothing was changed");
    }
    let far = json!({ "credentials": credentials(SECRET_KEY), "overlap_seconds": 604_801 });
    story.tenant.post(&format!("{path}/rotate"), far).await.expect_problem(422, "$.overlap_seconds");
    assert_eq!(story.tenant.get(&path).await.expect(200), before);
    story.execute("PROCESS_PAYMENT", payment("ok")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnected_integration_keeps_all_but_its_credential() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    let gone = story.tenant.delete(&format!("{path}/disconnect")).await.expect(200);
    assert_eq!((&gone["status"], &gone["connected_at"]), (&json!("draft"), &Value::Null));
    assert_eq!(gone["credential_hints"], json!({}));
    assert_eq!(story.tenant.delete(&format!("{path}/disconnect")).await.expect(200), gone, "twice is once");
    story.execute("PROCESS_PAYMENT", payment("ok")).await.expect_problem(409, "connect");
    story.tenant.post(&format!("{path}/test"), json!({})).await.expect_problem(409, "connect");
    let again = json!({ "credentials": credentials(SECRET_KEY) });
    let again = story.tenant.post(&format!("{path}/connect"), again).await.expect(200);
    assert_eq!(
        (&again["integration"]["id"], &again["integration"]["status"]),
        (&json!(story.integration), &json!("active"))
    );
    story.execute("PROCESS_PAYMENT", payment("ok")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_what_was_changed_meanwhile_is_refused() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}", story.integration);
    let put = async |path: &str, tag: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        story.tenant.send(reqwest::Method::PUT, path, &headers, body.to_string().into_bytes()).await
    };
    let tag_of = |answer: &crate::harness::client::Answer| answer.headers["etag"].to_str().unwrap().to_owned();
    let first = tag_of(&story.tenant.get(&path).await);
    let changed = put(&path, &first, json!({ "name": "One" })).await;
    let second = tag_of(&changed);
    assert_ne!(first, second);
    put(&path, &first, json!({ "name": "Two" })).await.expect_problem(412, "ETag");
    put(&path, &format!("{first}, {second}"), json!({ "name": "Two" })).await.expect(200);
    put(&path, "*", json!({ "name": "Three" })).await.expect(200);
    put(&path, "W/\"weak\"", json!({ "name": "Four" })).await.expect_problem(422, "If-Match");

    let settings = format!("{path}/settings");
    let shown = story.tenant.get(&settings).await;
    let tag = tag_of(&shown);
    let mut wanted = shown.expect(200)["settings"].clone();
    wanted["payment_method_types"] = json!(["card"]);
    let kept = put(&settings, &tag, wanted.clone()).await.expect(200);
    assert_eq!((&kept["settings"], &kept["schema"]["type"]), (&wanted, &json!("object")));
    put(&settings, &tag, json!({})).await.expect_problem(412, "ETag");
    put(&settings, "*", json!({ "colour": "red" })).await.expect_problem(422, "$.settings");
    let headers = [("if-match", first.as_str())];
    story.tenant.send(reqwest::Method::DELETE, &path, &headers, Vec::new()).await.expect_problem(412, "ETag");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn integrations_are_found_by_what_is_known_of_them() {
    let story = Story::begin().await;
    let mut ids = vec![story.integration.clone()];
    for n in 0..4 {
        let made = create(&story.tenant, &story.upstream.origin).await;
        let id = made["id"].as_str().unwrap().to_owned();
        story.tenant.put(&format!("/integrations/{id}"), json!({ "name": format!("Shop Öst {n}") })).await.expect(200);
        ids.push(id);
    }
    story.tenant.post(&format!("/integrations/{}/test", ids[1]), json!({})).await.expect(200);
    story.tenant.put(&format!("/integrations/{}", ids[2]), json!({ "disabled": true })).await.expect(200);
    let check = async |query: &str, expect: &[usize]| {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = story.tenant.get(&format!("/integrations?limit=2{query}{cursor}")).await.expect(200);
            found.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let expect: Vec<_> = expect.iter().map(|index| ids[*index].clone()).collect();
        assert_eq!(found, expect, "{query}");
    };
    check("", &[0, 1, 2, 3, 4]).await;
    check("&status=active", &[1]).await;
    check("&status=active,disabled", &[1, 2]).await;
    check("&provider=stripe&status=draft", &[0, 3, 4]).await;
    check("&connection_code=stripe", &[0, 1, 2, 3, 4]).await;
    check("&provider=strip", &[]).await;
    check("&q=%C3%B6ST%203", &[4]).await;
    check(&format!("&q={}", ids[3]), &[3]).await;
    check("&environment=sandbox", &[]).await;
    check("&environment=live&status=active", &[1]).await;
    story.tenant.get("/integrations?status=sleepy").await.expect_problem(422, "?status");
    story.tenant.get("/integrations?environment=moon").await.expect_problem(422, "?environment");
}
