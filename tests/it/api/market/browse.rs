//! Browsing: what a tenant finds, how it is narrowed, and what it says of who else has it.

use gatehouse_domain::manifest::Manifest;
use gatehouse_runtime::{Inspection, package};
use serde_json::{Value, json};

use crate::api::trust::{gateway, upload};
use crate::api::versions::dependencies::helper;
use crate::harness::story::upload_bytes;
use crate::harness::{Client, Server, story};

/// A plugin of its own: the small one under another id.
pub(super) fn plugin(id: &str, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let bytes = gateway("1.0.0", "acme");
    let mut manifest = Inspection::of(&bytes).unwrap().manifest;
    (manifest.id, manifest.provider, manifest.name) = (id.to_owned(), id.to_owned(), format!("The {id}"));
    change(&mut manifest);
    package(&bytes, &manifest, &[], &Value::Null).unwrap()
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let found = client.get(&format!("/plugins/available{query}")).await.expect(200);
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| item["plugin"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_are_searched_filtered_and_paged() {
    let server = Server::start(&[]);
    let operator = server.operator();
    let sort = |category: &'static str, publisher: &'static str| {
        move |manifest: &mut Manifest| {
            (manifest.category, manifest.publisher) = (category.to_owned(), publisher.to_owned());
        }
    };
    let all = [("ant", "tools", "acme"), ("bee", "tools", "zoo"), ("cat", "pets", "zoo"), ("dog", "pets", "acme")];
    for (id, category, publisher) in all {
        upload_bytes(&server, plugin(id, sort(category, publisher))).await;
    }
    upload_bytes(&server, helper("words", "1.0.0", 2, "")).await;
    let tenant = story::new_tenant(&server, "Acme").await;
    let check = async |query: &str, expect: &[&str]| assert_eq!(ids(&tenant, query).await, expect, "{query}");
    check("", &["ant", "bee", "cat", "dog"]).await;
    check("?category=tools", &["ant", "bee"]).await;
    check("?publisher=zoo", &["bee", "cat"]).await;
    check("?publisher=zoo&category=pets", &["cat"]).await;
    check("?category=none", &[]).await;
    check("?q=THE%20Cat", &["cat"]).await;
    check("?q=run", &["ant", "bee", "cat", "dog"]).await;
    check("?q=zoo%20tools", &["bee"]).await;
    check("?q=run%20elephant", &[]).await;
    check("?installed=true", &[]).await;
    assert_eq!(ids(&operator, "").await, ["ant", "bee", "cat", "dog", "words"], "an operator sees helpers as well");

    // What the operator says counts for what is searched.
    operator.put("/plugins/ant", json!({ "name": "Emmet", "category": "pets" })).await.expect(200);
    check("?q=emmet", &["ant"]).await;
    check("?category=pets", &["ant", "cat", "dog"]).await;
    let categories = tenant.get("/plugins/categories").await.expect(200);
    let expect = json!([{ "category": "pets", "plugins": 3 }, { "category": "tools", "plugins": 1 }]);
    assert_eq!(categories["items"], expect);

    // Pages hold what one list does, whatever comes in between.
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = tenant.get(&format!("/plugins/available?limit=3{next}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!((1..=3).contains(&items.len()));
        found.extend(items.iter().map(|item| item["plugin"]["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(found, ["ant", "bee", "cat", "dog"]);
    tenant.get("/plugins/available?cursor=%20").await.expect_problem(422, "cursor");
    tenant.get("/plugins/available?installed=maybe").await.expect_problem(422, "`maybe` is none of true, false");
    tenant.get("/plugins/available?colour=red").await.expect_problem(422, "colour");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_sees_what_it_has_and_only_numbers_of_others() {
    let server = Server::start(&[]);
    upload(&server, gateway("1.0.0", "acme"), None).await.expect(201);
    upload_bytes(&server, plugin("other", |_| {})).await;
    let tenant = story::new_tenant(&server, "Acme").await;
    let one = async |client: &Client| client.get("/plugins/available?q=small").await.expect(200)["items"][0].clone();
    let fresh = one(&tenant).await;
    assert_eq!((&fresh["installed"], &fresh["installs"]), (&Value::Null, &json!(0)));
    story::enable_plugin(&tenant, "small").await;
    let has = one(&tenant).await;
    let expect = json!({ "version": "1.0.0", "enabled": true, "outdated": false, "newer": null });
    assert_eq!((&has["installed"], &has["installs"]), (&expect, &json!(1)));
    assert_eq!(ids(&tenant, "?installed=true").await, ["small"]);
    assert_eq!(ids(&tenant, "?installed=false").await, ["other"]);
    assert!(ids(&tenant, "?outdated=true").await.is_empty());
    upload(&server, gateway("1.0.1", "acme"), None).await.expect(201);
    let has = one(&tenant).await["installed"].clone();
    assert_eq!(has, json!({ "version": "1.0.0", "enabled": true, "outdated": true, "newer": "1.0.1" }));
    assert_eq!(ids(&tenant, "?outdated=true").await, ["small"]);
    assert_eq!(ids(&tenant, "?outdated=false").await, ["other"]);

    // Others are counted in steps, and one that switches it off no longer counts.
    for number in 2..=6 {
        story::enable_plugin(&story::new_tenant(&server, &format!("Number {number}")).await, "small").await;
        assert_eq!(one(&tenant).await["installs"], if number < 5 { 1 } else { 5 }, "{number}");
    }
    for installs in [5, 5] {
        tenant.post("/plugins/tenant/small/toggle", json!({ "enabled": false })).await.expect(200);
        assert_eq!(one(&tenant).await["installs"], installs);
    }
    let newcomer = story::new_tenant(&server, "Newcomer").await;
    assert_eq!(one(&newcomer).await["installed"], Value::Null);

    // What is withdrawn is there for those who have it.
    server.operator().delete("/plugins/small?force=true").await.expect(204);
    assert_eq!(ids(&newcomer, "").await, ["other"]);
    assert_eq!(ids(&tenant, "").await, ["other", "small"]);
    assert!(one(&tenant).await["withdrawn"]["reason"].is_string());
    assert_eq!(newcomer.get("/plugins/categories").await.expect(200)["items"][0]["plugins"], 1);
    let server = server.kill_and_restart();
    assert_eq!(one(&tenant.moved_to(&server)).await["installs"], 5, "it is counted anew");
}
