//! What an operator says of a plugin, and that it is withdrawn and put back.

use serde_json::{Value, json};

use super::audited;
use crate::api::trust::{User, gateway, upload};
use crate::harness::{Server, Story, eventually, story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_words_stand_before_the_manifests() {
    let server = Server::start(&[]);
    upload(&server, gateway("1.0.0", "acme"), None).await.expect(201);
    let (operator, tenant) = (server.operator(), story::new_tenant(&server, "Acme").await);
    let plain = tenant.get("/plugins/small").await;
    let first = plain.headers["etag"].to_str().unwrap().to_owned();
    let plain = plain.expect(200);
    assert_eq!(
        (&plain["name"], &plain["category"], &plain["featured"]),
        (&json!("Small"), &json!("tests"), &json!(false))
    );
    let said = json!({
        "name": "Little", "description": "Counts.\nTo one.", "category": "toys", "featured": true,
        "homepage_url": "https://small.example", "support_url": "https://small.example/help",
    });
    let shown = operator.put("/plugins/small", said.clone()).await.expect(200);
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
    let server = server.kill_and_restart();
    let (operator, tenant) = (server.operator(), tenant.moved_to(&server));
    assert_eq!(tenant.get("/plugins/small").await.expect(200), shown);

    let json_header = ("content-type", "application/json");
    let put = async |body: Value, tag: &str| {
        let headers = [("if-match", tag), json_header];
        operator.send(reqwest::Method::PUT, "/plugins/small", &headers, body.to_string().into_bytes()).await
    };
    put(json!({}), &first).await.expect_problem(412, "changed meanwhile");
    // The whole is put: what is absent is the manifest's again.
    let back = operator.put("/plugins/small", json!({ "category": "toys" })).await.expect(200);
    assert_eq!(
        (&back["name"], &back["category"], &back["homepage_url"]),
        (&json!("Small"), &json!("toys"), &Value::Null)
    );

    let check = async |body: Value, text: &str| operator.put("/plugins/small", body).await.expect_problem(422, text);
    check(json!({ "name": "" }), "$.name").await;
    check(json!({ "name": "a\u{202e}b" }), "U+202E").await;
    check(json!({ "category": "Big Toys" }), "$.category").await;
    check(json!({ "homepage_url": "javascript:alert(1)" }), "$.homepage_url").await;
    check(json!({ "publisher": "me" }), "publisher").await;
    operator.put("/plugins/nobody", json!({})).await.expect_problem(404, "nobody");
    tenant.put("/plugins/small", json!({})).await.expect_problem(403, "plugins:write");
    assert!(audited(&server).await.contains("plugin.listed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_plugin_goes_on_where_it_is_and_begins_nowhere() {
    let story = Story::begin().await;
    let operator = story.server.operator();
    let newcomer = story::new_tenant(&story.server, "Late").await;
    let refused = operator.delete("/plugins/stripe").await.expect_problem(409, "is in use");
    assert!(refused.to_string().contains("has it (integrations: 1)"), "{refused:#}");
    assert!(refused["detail"].as_str().unwrap().contains("force=true"));
    story.tenant.delete("/plugins/stripe?force=true").await.expect_problem(403, "plugins:write");
    operator.delete("/plugins/stripe?force=true&reason=it%20is%20sold").await.expect(204);
    let told = eventually("the event", async || {
        let feed = story.tenant.get("/events?limit=200").await.expect(200);
        feed["items"].as_array().unwrap().iter().find(|event| event["kind"] == "plugin.withdrawn").cloned()
    })
    .await;
    assert_eq!(told["data"], json!({ "plugin": "stripe", "reason": "it is sold" }));
    assert_eq!(newcomer.get("/events").await.expect(200)["items"], json!([]), "it has nothing to do with it");

    // What there is goes on, also switched off and on, and also in a new integration.
    let payment = crate::harness::story::payment("after it was withdrawn");
    assert_eq!(story.execute("PROCESS_PAYMENT", payment).await.expect(200)["outcome"], "succeeded");
    for enabled in [false, true] {
        story.tenant.post("/plugins/tenant/stripe/toggle", json!({ "enabled": enabled })).await.expect(200);
    }
    story::create(&story.tenant, &story.upstream.origin).await;
    let install = story.tenant.get("/plugins/tenant/list").await.expect(200)["items"][0].clone();
    assert_eq!(install["withdrawn"]["reason"], "it is sold");

    let sheet = newcomer.get("/plugins/stripe/permissions").await.expect(200);
    let ask = json!({ "enabled": true, "consent": sheet["digest"] });
    let toggle = "/plugins/tenant/stripe/toggle";
    newcomer.post(toggle, ask.clone()).await.expect_problem(409, "is withdrawn and can not be enabled: it is sold");
    let server = story.server.kill_and_restart();
    let (operator, newcomer) = (server.operator(), newcomer.moved_to(&server));
    assert_eq!(newcomer.get("/plugins/stripe").await.expect(200)["withdrawn"]["reason"], "it is sold");
    newcomer.post(toggle, ask.clone()).await.expect_problem(409, "is withdrawn");

    let back = operator.post("/plugins/stripe/restore", json!({})).await.expect(200);
    assert_eq!(back["withdrawn"], Value::Null);
    operator.post("/plugins/stripe/restore", json!({})).await.expect_problem(409, "is not withdrawn");
    newcomer.post(toggle, ask).await.expect(200);
    let audit = audited(&server).await;
    assert!(audit.contains("plugin.withdrawn") && audit.contains("plugin.restored"), "{audit}");
    operator.delete("/plugins/nobody").await.expect_problem(404, "nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_is_not_given_a_version_that_is_quarantined() {
    let server = Server::start(&[]);
    for version in ["1.0.0", "1.0.1"] {
        upload(&server, gateway(version, "acme"), None).await.expect(201);
    }
    let (first, second) = (User::new(&server, "1.0.1").await, User::new(&server, "1.0.1").await);
    let early = User::new(&server, "1.0.0").await;
    for user in [&first, &first, &second] {
        assert!(user.call(0).await.body.to_string().contains("trapped"));
    }
    first.call(7).await.expect_problem(503, "is quarantined");
    assert_eq!(early.install().await["newer"], Value::Null, "it is not what anybody should go to");
    early
        .client
        .post("/plugins/tenant/small/upgrade", json!({ "version": "1.0.1" }))
        .await
        .expect_problem(409, "small@1.0.1 is quarantined since");
    let tenant = story::new_tenant(&server, "Late").await;
    let sheet = tenant.get("/plugins/small/permissions?version=1.0.1").await.expect(200);
    let ask = |more: Value| {
        let mut ask = json!({ "enabled": true, "consent": sheet["digest"] });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    let toggle = "/plugins/tenant/small/toggle";
    let exact = tenant.post(toggle, ask(json!({ "version": "1.0.1" }))).await;
    let said = exact.expect_problem(409, "small@1.0.1 is quarantined since");
    assert!(said["detail"].as_str().unwrap().contains("it trapped 3 times within 10 minutes"), "{said:#}");
    assert!(said.to_string().contains("there are 1.0.0"), "{said:#}");
    tenant.post(toggle, ask(json!({ "requirement": "=1.0.1" }))).await.expect_problem(409, "is quarantined");
    assert_eq!(story::enable_plugin(&tenant, "small").await["plugin"]["version"], "1.0.0", "the newest that is not");
    let other = story::new_tenant(&server, "Later").await;
    server.operator().post("/plugins/small/versions/1.0.1/release", json!({})).await.expect(200);
    assert_eq!(story::enable_plugin(&other, "small").await["plugin"]["version"], "1.0.1");
}
