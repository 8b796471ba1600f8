//! Calls through the mapping of their capability: parameters out, result in, and what the record
//! keeps of it.

use serde_json::{Value, json};

use crate::harness::story::payment;
use crate::harness::{Story, eventually};

/// Payments as a shop writes them.
fn payments(calls: &str) -> Value {
    json!({
        "calls": calls,
        "rules": [
            { "direction": "out", "theirs": "$.amount.minor_units", "ours": "$.cents", "missing": "error" },
            { "direction": "out", "theirs": "$.amount.currency", "ours": "$.money",
              "transform": { "kind": "lookup", "table": "money" } },
            { "direction": "both", "theirs": "$.description", "ours": "$.what" },
            { "theirs": "$.amount.minor_units", "ours": "$.paid",
              "transform": { "kind": "direct", "convert": "number_to_string" } },
            { "theirs": "$.status", "ours": "$.state" },
        ],
        "tables": { "money": { "rows": [{ "theirs": "EUR", "ours": "euro" }] } },
    })
}

async fn save(story: &Story, set: Value) -> crate::harness::client::Answer {
    story.tenant.put(&format!("/integrations/{}/mappings/PROCESS_PAYMENT", story.integration), set).await
}

fn shop(what: &str) -> Value {
    json!({ "cents": 1999, "money": "euro", "what": what })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_passes_through_its_mapping_where_it_asks_or_the_mapping_says_so() {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = |parameters: Value, mapping: Value| json!({ "capability": "PROCESS_PAYMENT", "parameters": parameters, "mapping": mapping });
    story.tenant.post(&path, ask(shop("a"), json!(true))).await.expect_problem(422, "no mapping of `PROCESS_PAYMENT`");
    save(&story, payments("when_asked")).await.expect(200);
    story.tenant.post(&path, ask(shop("a"), Value::Null)).await.expect_problem(422, "$.cents");
    let plain = story.tenant.post(&path, ask(payment("b"), Value::Null)).await.expect(200);
    assert_eq!((&plain["result"]["amount"]["currency"], &plain["mapping"]), (&json!("EUR"), &Value::Null));

    let headers = [("idempotency-key", "mapped-1")];
    let done = story.tenant.post_with(&path, ask(shop("a book"), json!(true)), &headers).await.expect(200);
    assert_eq!((&done["result"]["paid"], &done["result"]["state"]), (&json!("1999"), &json!("succeeded")), "{done:#}");
    assert_eq!((&done["result"]["amount"], &done["mapping"]), (&Value::Null, &json!({ "version": 1 })));
    let sent = story.upstream.requests().last().unwrap().body.clone();
    assert!(sent.contains("amount=1999") && sent.contains("currency=eur"), "{sent}");
    let record = story.tenant.get(&format!("/executions/{}", done["execution"].as_str().unwrap())).await.expect(200);
    assert_eq!(
        (&record["parameters"]["amount"]["currency"], &record["mapping"]["version"]),
        (&json!("EUR"), &json!(1))
    );
    assert_eq!(record["result"], done["result"]);

    // The same request gives the same answer, also once the mapping is another one; another does not.
    let calls = story.upstream.requests().len();
    let mut other = payments("always");
    other["rules"][4]["ours"] = json!("$.standing");
    save(&story, other).await.expect(200);
    let again = story.tenant.post_with(&path, ask(shop("a book"), json!(true)), &headers).await.expect(200);
    assert_eq!((&again["execution"], &again["result"]), (&done["execution"], &done["result"]));
    let unlike = ask(shop("a book"), Value::Null);
    story.tenant.post_with(&path, unlike, &headers).await.expect_problem(422, "Idempotency-Key");
    assert_eq!(story.upstream.requests().len(), calls);

    // A mapping for all calls: those by intent and those that are accepted first, too.
    let routed = json!({ "capability": "PROCESS_PAYMENT", "parameters": shop("c"), "integration": story.integration });
    let routed = story.tenant.post("/execute", routed).await.expect(200);
    assert_eq!((&routed["result"]["standing"], &routed["mapping"]["version"]), (&json!("succeeded"), &json!(2)));
    let later = [("prefer", "respond-async")];
    let accepted = story.tenant.post_with(&path, ask(shop("d"), Value::Null), &later).await.expect(202);
    let place = format!("/executions/{}", accepted["execution"].as_str().unwrap());
    let ended = eventually("the end of an accepted call", async || {
        let record = story.tenant.get(&place).await.expect(200);
        (!record["finished_at"].is_null()).then_some(record)
    })
    .await;
    assert_eq!((&ended["outcome"], &ended["result"]["paid"]), (&json!("succeeded"), &json!("1999")), "{ended:#}");
    story.tenant.post(&path, ask(payment("e"), json!(false))).await.expect(200);

    // Parameters that do not fit never leave, and the rule is told without their values.
    let calls = story.upstream.requests().len();
    let wrong = json!({ "cents": 1, "money": "doubloons" });
    let refused = story.tenant.post(&path, ask(wrong, Value::Null)).await.expect_problem(422, "$.mapping.rules[1]");
    assert!(!refused.to_string().contains("doubloons"), "{refused:#}");
    assert_eq!(story.upstream.requests().len(), calls);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_of_a_capability_is_checked_against_its_schemas() {
    let story = Story::begin().await;
    let check = async |rule: Value, expect: &str| {
        let mut set = payments("always");
        set["rules"][0] = rule;
        let refused = save(&story, set).await.expect(422);
        assert_eq!(refused["errors"][0]["path"], expect, "{refused:#}");
    };
    check(json!({ "direction": "out", "theirs": "$.amount.cents", "ours": "$.cents" }), "$.rules[0].theirs").await;
    check(json!({ "direction": "in", "theirs": "$.colour", "ours": "$.colour" }), "$.rules[0].theirs").await;
    let text = json!({ "kind": "constant", "value": "1999" });
    check(json!({ "direction": "out", "theirs": "$.amount.minor_units", "transform": text }), "$.rules[0].theirs")
        .await;
    let mut without = payments("always");
    without["rules"] = json!([without["rules"][2]]);
    save(&story, without).await.expect_problem(422, "no rule writes `amount`");
    story.tenant.get("/integrations/stripe/entities/PROCESS_PAYMENT/schema").await.expect_problem(404, "no entity");

    // A result that does not fit is told, and the payment stands.
    let mut strict = payments("always");
    strict["rules"][4] = json!({ "theirs": "$.status", "ours": "$.state",
                                 "transform": { "kind": "formula", "formula": "record.status.none" } });
    save(&story, strict).await.expect(200);
    let done = story.execute("PROCESS_PAYMENT", shop("f")).await.expect(200);
    assert_eq!((&done["outcome"], &done["result"]["status"]), (&json!("succeeded"), &json!("succeeded")));
    assert!(done["mapping"]["problem"].as_str().unwrap().contains("rule 4"), "{done:#}");
}
