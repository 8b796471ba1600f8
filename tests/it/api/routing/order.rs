//! Who is chosen: named, then a link of the entity, then the tenant's default, then a policy.

use serde_json::{Value, json};

use super::{World, customer, links_of};

/// Everything of the tenant that a call could have changed.
async fn kept(world: &World) -> Vec<Vec<Value>> {
    let mut kept = Vec::new();
    for path in ["/executions", "/events", "/audit", "/integrations"] {
        kept.push(world.items(path).await);
    }
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_closest_to_the_request_decides_and_a_dry_run_only_tells() {
    let world = World::build().await;
    let origin = world.first.origin.clone();
    let mut ids = Vec::new();
    for name in ["named", "older", "payer", "usual", "house", "policy", "other"] {
        ids.push((name, world.active(name, &origin).await));
    }
    let id = |name: &str| ids.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    for (integration, purpose, is_default) in [("older", "pay", false), ("payer", "pay", true)] {
        let link = json!({ "integration": id(integration), "purpose": purpose, "is_default": is_default });
        world.tenant.post(&links_of("customer", "c1"), link).await.expect(201);
    }
    world.link("c1", &id("usual"), true).await;
    let house = json!({ "integration_id": id("house"), "is_default": true });
    let tenant_links = links_of("tenant", &world.id);
    world.tenant.post(&tenant_links, house).await.expect(201);
    let rules = json!([
        { "when": "parameters.amount.minor_units > 5000", "then": { "priority": [id("named")] } },
        { "then": { "priority": [id("policy"), id("named")] } },
    ]);
    world.keep_policy(json!({ "name": "wide", "capability": "*", "rules": rules })).await;
    let other = json!([{ "then": { "priority": [id("other")] } }]);
    world.keep_policy(json!({ "name": "asked-for", "rules": other })).await;

    let whom = |purpose: &str| json!({ "entity": { "type": "customer", "id": "c1" }, "purpose": purpose });
    let check = async |more: Value, rule: &str, chosen: &str| {
        let asked = world.first.requests().len();
        let before = kept(&world).await;
        let mut dry = more.clone();
        dry["dry_run"] = json!(true);
        let told = world.ask(dry).await.expect(200);
        assert_eq!((&told["dry_run"], &told["execution"]), (&json!(true), &Value::Null), "{told:#}");
        let decision = &told["decision"];
        assert_eq!((&decision["rule"], &decision["chosen"]), (&json!(rule), &json!(id(chosen))), "{more}: {told:#}");
        assert_eq!(kept(&world).await, before, "a dry run of {more} changed something");
        assert_eq!(world.first.requests().len(), asked, "a dry run of {more} called the provider");

        let done = world.ask(more.clone()).await.expect(200);
        assert_eq!(done["decision"], *decision, "{more}");
        let record = world.record(&done["execution"]).await;
        assert_eq!((&record["integration"], &record["attempt"]), (&json!(id(chosen)), &json!(1)), "{record:#}");
        assert_eq!(record["decision"], *decision);
        assert_eq!(world.first.requests().len(), asked + 1);
    };
    check(json!({ "integration": id("named") }), "named", "named").await;
    let mut named = whom("pay");
    named["integration_id"] = json!(id("named"));
    check(named, "named", "named").await;
    check(whom("pay"), "entity_link", "payer").await;
    check(whom("refund"), "entity_link", "usual").await;
    check(customer("c1"), "entity_link", "usual").await;
    let mut with_policy = customer("c1");
    with_policy["policy"] = json!("asked-for");
    check(with_policy, "entity_link", "usual").await;
    check(customer("nobody"), "tenant_default", "house").await;
    check(json!({}), "tenant_default", "house").await;

    world.tenant.delete(&format!("{tenant_links}/{}", id("house"))).await.expect(204);
    check(json!({}), "policy", "policy").await;
    check(customer("nobody"), "policy", "policy").await;
    check(json!({ "policy": "asked-for" }), "policy", "other").await;
    let dear = json!({ "parameters": { "amount": { "minor_units": 5001, "currency": "EUR" } } });
    check(dear, "policy", "named").await;

    // Within one purpose the default goes first; without it the one that was linked first.
    let link = json!({ "integration": id("payer"), "purpose": "pay", "is_default": false });
    world.tenant.post(&links_of("customer", "c1"), link).await.expect(201);
    check(whom("pay"), "entity_link", "older").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_repeated_gives_the_first_call_whoever_is_linked_by_then() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    let two = world.active("two", &world.second.origin).await;
    world.link("c1", &one, true).await;
    let ask = async |key: &str, description: &str| {
        let body = super::intent(description, customer("c1"));
        world.tenant.post_with("/execute", body, &[("idempotency-key", key)]).await
    };
    let first = ask("order-1", "a book").await.expect(200);
    world.link("c1", &two, true).await;
    assert_eq!(ask("order-1", "a book").await.expect(200), first);
    ask("order-1", "another book").await.expect_problem(422, "Idempotency-Key");
    assert_eq!((world.first.payments(), world.second.payments()), (1, 0));
    let next = ask("order-2", "a book").await.expect(200);
    assert_eq!(next["decision"]["chosen"], json!(two));
    assert_eq!((world.first.payments(), world.second.payments()), (1, 1));
}
