//! Links: one default whoever sets it, and nothing that breaks unasked.

use serde_json::{Value, json};

use super::{World, customer, links_of, text};
use crate::harness::story::{enable, new_tenant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_that_set_the_default_at_once_leave_one_default_and_every_link() {
    let world = World::build().await;
    let mut ids = Vec::new();
    for n in 0..16 {
        ids.push(world.draft(&format!("number {n}"), &world.first.origin).await);
    }
    for _ in 0..3 {
        let asks = ids.iter().map(|id| {
            let (tenant, link) = (world.tenant.clone(), json!({ "integration": id, "is_default": true }));
            tokio::spawn(async move { tenant.post(&links_of("customer", "c1"), link).await.expect(201) })
        });
        for ask in asks.collect::<Vec<_>>() {
            assert_eq!(ask.await.unwrap()["is_default"], true);
        }
        let links = world.items(&links_of("customer", "c1")).await;
        let mut linked: Vec<String> = links.iter().map(|link| text(&link["integration"])).collect();
        linked.sort_unstable();
        let mut expected = ids.clone();
        expected.sort_unstable();
        assert_eq!(linked, expected, "each is linked once");
        assert_eq!(links.iter().filter(|link| link["is_default"] == true).count(), 1, "{links:#?}");
        assert_eq!(links[0]["is_default"], true, "the default comes first");
    }
    for id in &ids {
        assert_eq!(world.items(&format!("/integrations/{id}/links")).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_told_by_purpose_and_taken_away_by_purpose() {
    let world = World::build().await;
    let one = world.draft("one", &world.first.origin).await;
    for purpose in [json!("pay"), json!("refund"), Value::Null] {
        let link = json!({ "integration": one, "purpose": purpose });
        let made = world.tenant.post(&links_of("customer", "c1"), link).await.expect(201);
        assert_eq!((&made["purpose"], &made["is_default"]), (&purpose, &json!(false)));
        assert_eq!((&made["entity_type"], &made["entity_id"]), (&json!("customer"), &json!("c1")));
    }
    let purposes = async |query: &str| -> Vec<Value> {
        let links = world.items(&format!("{}{query}", links_of("customer", "c1"))).await;
        links.into_iter().map(|link| link["purpose"].clone()).collect()
    };
    assert_eq!(purposes("").await, [Value::Null, json!("pay"), json!("refund")]);
    assert_eq!(purposes("?purpose=pay").await, [json!("pay")]);
    assert_eq!(purposes("?purpose=").await, [Value::Null]);
    let path = format!("{}/{one}", links_of("customer", "c1"));
    world.tenant.delete(&format!("{path}?purpose=pay")).await.expect(204);
    world.tenant.delete(&format!("{path}?purpose=pay")).await.expect_problem(404, "no link");
    assert_eq!(purposes("").await, [Value::Null, json!("refund")]);
    world.tenant.delete(&path).await.expect(204);
    assert!(purposes("").await.is_empty());
    assert!(world.items(&format!("/integrations/{one}/links")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_on_an_integration_is_told_before_it_is_deleted() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    world.link("c1", &one, true).await;
    world.link("c2", &one, false).await;
    world.keep_policy(json!({ "name": "main", "capability": "*", "rules": [{ "then": { "priority": [one] } }] })).await;
    let path = format!("/integrations/{one}");
    let problem = world.tenant.delete(&path).await.expect_problem(409, "force=true");
    let told: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["message"].as_str().unwrap()).collect();
    let expected = ["`main` names it", "customer c1 is linked, as the default", "customer c2 is linked"];
    assert_eq!(told, expected, "{problem:#}");
    world.ask(customer("c1")).await.expect(200);

    world.tenant.delete(&format!("{path}?force=true")).await.expect(204);
    for customer in ["c1", "c2"] {
        assert!(world.items(&links_of("customer", customer)).await.is_empty());
    }
    world.tenant.get(&path).await.expect_problem(404, &one);
    world.ask(customer("c1")).await.expect_problem(409, "no longer exists");
    let free = world.draft("free", &world.first.origin).await;
    world.tenant.delete(&format!("/integrations/{free}")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_tenant_sees_nothing_and_reaches_nothing() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    world.link("c1", &one, true).await;
    let policy = json!({ "name": "main", "capability": "*", "rules": [{ "then": { "priority": [one] } }] });
    let policy_id = world.keep_policy(policy.clone()).await;
    let asked = world.first.requests().len();

    let other = new_tenant(&world.server, "Other").await;
    enable(&other).await;
    let links = links_of("customer", "c1");
    assert_eq!(other.get(&links).await.expect(200)["items"], json!([]));
    assert_eq!(other.get("/policies").await.expect(200)["items"], json!([]));
    other.get(&format!("/integrations/{one}/links")).await.expect_problem(404, &one);
    other.delete(&format!("{links}/{one}")).await.expect_problem(404, &one);
    other.post(&links, json!({ "integration": one })).await.expect_problem(404, &one);
    let tenants = links_of("tenant", &world.id);
    assert_eq!(other.get(&tenants).await.expect(200)["items"], json!([]));
    let own = json!({ "integration": integration_of(&other, &world).await });
    other.post(&tenants, own).await.expect_problem(422, "entity_id");
    for target in [policy_id.as_str(), "main"] {
        let path = format!("/policies/{target}");
        other.get(&path).await.expect_problem(404, target);
        other.put(&path, policy.clone()).await.expect_problem(404, target);
        other.delete(&path).await.expect_problem(404, target);
    }
    other.post("/policies", policy).await.expect_problem(422, "$.rules[0].then.priority[0]");
    for more in [customer("c1"), json!({ "integration": one }), json!({ "policy": "main" }), json!({})] {
        let status = if more.get("integration").or(more.get("policy")).is_some() { 404 } else { 409 };
        other.post("/execute", super::intent("theirs", more)).await.expect_problem(status, "problem");
    }
    assert_eq!(world.first.requests().len(), asked, "the provider was called for a foreign tenant");
    assert_eq!(world.items(&links).await.len(), 1);
    assert_eq!(world.items("/policies").await.len(), 1);
}

/// An integration of the other tenant.
async fn integration_of(other: &crate::harness::Client, world: &World) -> String {
    text(&crate::harness::story::create(other, &world.first.origin).await["id"])
}
