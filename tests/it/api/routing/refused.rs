//! What can not be served and what can not be read: the reason of each, and where it is.

use serde_json::{Value, json};

use super::{World, customer, links_of, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_can_serve_each_candidate_has_its_reason() {
    let world = World::build().await;
    world.ask(customer("c1")).await.expect_problem(409, "nothing says who shall serve");
    let draft = world.draft("draft", &world.first.origin).await;
    let disabled = world.active("disabled", &world.first.origin).await;
    let active = world.active("active", &world.first.origin).await;
    world.tenant.put(&format!("/integrations/{disabled}"), json!({ "disabled": true })).await.expect(200);
    world.link("c1", &draft, true).await;
    let rules = json!([{ "when": "parameters.colour == 'red'", "then": { "priority": [active] } },
        { "then": { "priority": [disabled] } }]);
    world.keep_policy(json!({ "name": "main", "capability": "PROCESS_*", "rules": rules })).await;

    let before = world.first.requests().len();
    let problem = world.ask(customer("c1")).await.expect_problem(409, "nobody can serve `PROCESS_PAYMENT`");
    let errors = problem["errors"].as_array().unwrap();
    let expected = [
        ("policy.rules[0]", "no `colour`".to_owned()),
        ("candidates[0]", format!("{draft} (stripe): it is a draft")),
        ("candidates[1]", format!("{disabled} (stripe): it is disabled")),
    ];
    assert_eq!(errors.len(), expected.len(), "{problem:#}");
    for (error, (path, message)) in errors.iter().zip(expected) {
        let fits = error["path"] == path && error["message"].as_str().unwrap().contains(&message);
        assert!(fits, "{path}: {message} is not {error:#}");
    }
    let decision =
        world.ask(json!({ "dry_run": true, "entity": { "type": "customer", "id": "c1" } })).await.expect(200);
    let decision = &decision["decision"];
    assert_eq!((&decision["chosen"], &decision["rule"]), (&Value::Null, &Value::Null), "{decision:#}");
    assert_eq!(decision["skipped_rules"][0]["rule"], 0);
    assert!(decision["candidates"].as_array().unwrap().iter().all(|candidate| candidate["eligible"] == false));

    let mut unserved = customer("c1");
    unserved["capability"] = json!("FLY");
    unserved["integration"] = json!(active);
    world.ask(unserved).await.expect_problem(409, "does not serve `FLY`");
    assert_eq!(world.first.requests().len(), before);
    assert!(world.items("/executions").await.is_empty(), "what was never begun has no record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_for_one_capability_is_told_nothing_of_another() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    let key = json!({ "name": "looks", "role": "tenant-owner", "capabilities": ["GET_PAYMENT"] });
    let key = world.tenant.post("/keys", key).await.expect(201);
    let looks = world.server.client().with_key(&text(&key["token"]));
    for dry_run in [true, false] {
        let ask = super::intent("a book", json!({ "integration": one, "dry_run": dry_run }));
        looks.post("/execute", ask).await.expect_problem(403, "restricted to the capabilities GET_PAYMENT");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_named_by_its_place() {
    let world = World::build().await;
    let one = world.active("one", &world.first.origin).await;
    let asks = world.first.requests().len();
    let check = async |path: &str, body: Value, status: u16, place: &str, says: &str| {
        let problem = world.tenant.post(path, body.clone()).await.expect_problem(status, says);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let found = errors.iter().any(|error| error["path"] == place);
        assert!(found || (status == 404 && place.is_empty()), "{body}: nothing at {place}: {problem:#}");
    };
    let ask = |more: Value| super::intent("a book", more);
    check("/execute", ask(json!({ "policy": "no-such" })), 404, "", "policy `no-such`").await;
    check("/execute", ask(json!({ "integration": "no-such" })), 404, "", "no-such").await;
    check("/execute", ask(json!({ "capability": "" })), 422, "$.capability", "PROCESS_PAYMENT").await;
    check("/execute", ask(json!({ "capability": 7 })), 422, "$.capability", "string").await;
    check("/execute", ask(json!({ "colour": "red" })), 422, "$.colour", "colour").await;
    check("/execute", ask(json!({ "purpose": "a b" })), 422, "$.purpose", "characters").await;
    let entity = |kind: &str, id: &str| json!({ "entity": { "type": kind, "id": id } });
    check("/execute", ask(entity("a b", "c1")), 422, "entity_type", "characters").await;
    check("/execute", ask(entity("customer", "")), 422, "entity_id", "characters").await;
    let own = json!({ "integration": one, "parameters": { "colour": "red" } });
    check("/execute", ask(own), 422, "$.amount", "amount").await;

    let rule = |when: &str| json!([{ "when": when, "then": { "priority": [one] } }]);
    let policy = |name: &str, rules: Value| json!({ "name": name, "capability": "*", "rules": rules });
    let bad = policy("p", rule("parameters.amount >\n  > 3"));
    check("/policies", bad, 422, "$.rules[0].when", "line 2").await;
    check("/policies", policy("a b", rule("true")), 422, "$.name", "characters").await;
    check("/policies", policy("p", json!([])), 422, "$.rules", "1 to 32").await;
    let gone = json!([{ "then": { "priority": ["int_019a5e2f00000000000000000000abcd"] } }]);
    check("/policies", policy("p", gone), 422, "$.rules[0].then.priority[0]", "no integration").await;
    let split = json!([{ "then": { "split": { "weights": [{ "integration": one, "weight": 0 }], "key": "(" } } }]);
    check("/policies", policy("p", split), 422, "$.rules[0].then.split.weights", "above 0").await;
    assert!(world.items("/policies").await.is_empty(), "what does not fit is not kept");

    let links = links_of("customer", "c1");
    check(&links, json!({ "integration": "int_019a5e2f00000000000000000000abcd" }), 404, "", "integration").await;
    check(&links, json!({ "integration": one, "purpose": "a b" }), 422, "$.purpose", "characters").await;
    check(&links_of("a%20b", "c1"), json!({ "integration": one }), 422, "entity_type", "characters").await;
    assert!(world.items(&links).await.is_empty());

    world.keep_policy(policy("p", rule("true"))).await;
    world.tenant.post("/policies", policy("p", rule("true"))).await.expect_problem(409, "`p`");
    assert_eq!(world.first.requests().len(), asks, "nothing of this concerns a provider");
}
