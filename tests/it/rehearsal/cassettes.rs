//! What a cassette holds, and that it is enough to run the call again without the provider.

use serde_json::{Value, json};

use super::{SENT, Shop, text};
use crate::harness::eventually;
use crate::harness::story::payment;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_call_runs_again_without_the_provider() {
    let shop = Shop::open().await;
    let execution = shop.recorded("a book").await;
    let cassette = shop.cassette(&execution).await;
    assert_eq!(cassette["id"].as_str().unwrap()[4..], execution[4..]);
    assert_eq!(
        (&cassette["function"], &cassette["capability"]),
        (&json!("PROCESS_PAYMENT"), &json!("PROCESS_PAYMENT"))
    );
    let kept = &cassette["payload"];
    assert_eq!((&kept["format"], &kept["plugin"]["version"]), (&json!(1), &json!("1.0.0")));
    assert_eq!(kept["called"]["parameters"], payment("a book"));
    assert_eq!(kept["context"]["idempotency_key"], shop.execution(&execution).await["idempotency_key"]);
    let exchange = &kept["effects"]["exchanges"][0];
    assert_eq!(
        (&exchange["request"]["method"], &exchange["request"]["url"]),
        (&json!("POST"), &json!("/v1/payment_intents"))
    );
    assert!(exchange["response"]["body"]["text"].as_str().unwrap().contains("payment_intent"));
    assert_eq!(kept["answer"]["result"], shop.execution(&execution).await["result"]);

    shop.publish("1.1.0", None).await;
    shop.publish("1.2.0", Some(SENT)).await;
    let sent = shop.upstream.requests().len();
    for version in ["1.0.0", "1.1.0"] {
        let found = shop.rehearse(&execution, version).await;
        assert_eq!((&found["verdict"], &found["requests"]), (&json!("identical"), &json!(1)), "{found:#}");
        assert_eq!((&found["against"], &found["plugin"]["version"]), (&json!("recording"), &json!(version)));
        assert_eq!(found["payload"]["result"], kept["answer"]["result"]);
    }
    let found = shop.rehearse(&execution, "1.2.0").await;
    assert_eq!(found["verdict"], "changed");
    let paths: Vec<&str> =
        found["differences"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    let at = |word: &str| format!("requests[0].body.automatic_payment_methods[{word}]");
    assert_eq!(paths, [at("disable"), at("enabled")]);
    assert_eq!(found["differences"][0]["data"], json!({ "before": null, "after": "true" }));
    let path = format!("/executions/{execution}/rehearse");
    shop.tenant.post(&path, json!({ "version": "9.0.0" })).await.expect_problem(404, "stripe@9.0.0");
    shop.tenant.post(&path, json!({ "version": "nine" })).await.expect_problem(422, "is not a version");

    let tenant = text(&shop.execution(&execution).await, "tenant");
    let replay = |further: &[&str]| {
        let ask = ["replay", &execution, "--url", &shop.server.base, "--tenant", &tenant];
        shop.server.command(&[&ask, further].concat())
    };
    let same = replay(&[]);
    assert!(same.status.success(), "{same:?}");
    assert!(
        String::from_utf8_lossy(&same.stdout).contains("run on 1.0.0: identical; 1 requests, none of them sent"),
        "{same:?}"
    );
    let other = replay(&["--plugin", "1.2.0"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&other.stdout).contains("body.automatic_payment_methods[enabled] is left out"),
        "{other:?}"
    );
    let json = replay(&["--plugin", "1.1.0", "--json"]);
    let read: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(read["verdict"], "identical");
    assert_eq!(shop.upstream.requests().len(), sent, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_recorded_and_runs_again_as_well() {
    let shop = Shop::open().await;
    shop.record("all").await;
    for (wish, outcome) in [("decline", "failed"), ("lose", "unknown"), ("crash", "unknown")] {
        let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment(wish) });
        let answer = shop.call(ask).await.body;
        let execution = text(&answer, "execution");
        assert_eq!(shop.execution(&execution).await["outcome"], outcome, "{wish}");
        shop.cassette(&execution).await;
        let found = shop.rehearse(&execution, "1.0.0").await;
        assert_eq!(
            (&found["verdict"], &found["payload"]["kind"]),
            (&json!("identical"), &json!("refused")),
            "{found:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_integration_says_which_calls_are_recorded() {
    let shop = Shop::open().await;
    let is_kept =
        async |execution: &str| shop.tenant.get(&format!("/executions/{execution}/cassette")).await.status == 200;
    let view = shop.tenant.get(&format!("/integrations/{}", shop.integration)).await.expect(200);
    assert_eq!(view["recording"], "sample");
    let sampled = shop.recorded("one").await;
    let next = shop.pay("two").await;
    shop.record("off").await;
    let off = shop.pay("three").await;
    shop.record("all").await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(shop.recorded("four").await);
    }
    for execution in [&next, &off] {
        assert!(!is_kept(execution).await);
        let path = format!("/executions/{execution}/cassette");
        shop.tenant.get(&path).await.expect_problem(404, "was not recorded");
    }
    let list = shop.tenant.get(&format!("/integrations/{}/cassettes", shop.integration)).await.expect(200);
    let ids: Vec<String> =
        list["items"].as_array().unwrap().iter().map(|label| text(label, "id")[4..].to_owned()).collect();
    let newest_first: Vec<String> = all.iter().rev().chain([&sampled]).map(|id| id[4..].to_owned()).collect();
    assert_eq!(ids, newest_first);
    shop.tenant
        .put(&format!("/integrations/{}", shop.integration), json!({ "recording": "some" }))
        .await
        .expect_problem(422, "some");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cassette_shows_a_secret_or_a_payload_to_who_may_not_see_it() {
    let shop = Shop::open().await;
    // The provider repeats the credential in its answer; every answer to a test is searched for it.
    let execution = shop.recorded("echo").await;
    let cassette = shop.cassette(&execution).await;
    assert!(cassette.to_string().contains("redacted") || cassette.to_string().contains("secret"), "{cassette:#}");
    let key = json!({ "name": "blind", "permissions": ["executions:read", "integrations:read"] });
    let key = shop.tenant.post("/keys", key).await.expect(201);
    let blind = shop.server.client().with_key(&text(&key, "token"));
    let seen = blind.get(&format!("/executions/{execution}/cassette")).await.expect(200);
    assert_eq!((&seen["payload"], &seen["function"]), (&json!("[redacted]"), &json!("PROCESS_PAYMENT")));
    shop.publish("1.2.0", Some(super::SENT)).await;
    let path = format!("/executions/{execution}/rehearse");
    let found = blind.post(&path, json!({ "version": "1.2.0" })).await.expect(200);
    assert_eq!((&found["payload"], &found["differences"][0]["data"]), (&json!("[redacted]"), &json!("[redacted]")));
    let one = format!("/integrations/{}/cassettes/{}", shop.integration, text(&cassette, "id"));
    let found = blind.post(&format!("{one}/rehearse"), json!({ "version": "1.2.0" })).await.expect(200);
    assert_eq!(found["payload"], "[redacted]");
    let key = json!({ "name": "mover", "permissions": ["plugins:enable"] });
    let mover = shop.server.client().with_key(&text(&shop.tenant.post("/keys", key).await.expect(201), "token"));
    let ask = json!({ "accept_differences": true });
    let moved = mover.post("/plugins/tenant/stripe/upgrade", ask).await.expect(200);
    assert_eq!(moved["rehearsal"]["differing"][0]["payload"], "[redacted]");
    let other = crate::harness::story::new_tenant(&shop.server, "Other").await;
    other.get(&format!("/executions/{execution}/cassette")).await.expect_problem(404, "there is no execution");
    // A key for other capabilities knows nothing of it.
    let key = json!({ "name": "narrow", "permissions": ["executions:read", "integrations:read"], "capabilities": ["GET_PAYMENT"] });
    let narrow = shop.server.client().with_key(&text(&shop.tenant.post("/keys", key).await.expect(201), "token"));
    let list = format!("/integrations/{}/cassettes", shop.integration);
    assert_eq!(narrow.get(&list).await.expect(200)["items"], json!([]));
    let one = format!("{list}/{}", text(&cassette, "id"));
    narrow.get(&one).await.expect_problem(404, "there is no cassette");
    blind.get(&one).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_is_recorded_as_it_is_parsed() {
    let story = crate::harness::story::Story::begin().await;
    crate::api::webhooks::deliver_one(&story).await;
    let list = format!("/integrations/{}/cassettes", story.integration);
    let kept = async || {
        let found = story.tenant.get(&list).await.expect(200);
        found["items"].as_array().unwrap().iter().find(|label| label["function"] == "webhook.parse").cloned()
    };
    let label = eventually("the cassette of a delivery", kept).await;
    assert_eq!(label["capability"], Value::Null);
    let one = format!("{list}/{}", text(&label, "id"));
    let cassette = story.tenant.get(&one).await.expect(200);
    assert_eq!(cassette["payload"]["called"]["trust"], "verified");
    assert!(!cassette["payload"]["called"]["headers"].to_string().contains("stripe-signature"));
    let found = story.tenant.post(&format!("{one}/rehearse"), json!({})).await.expect(200);
    assert_eq!(found["verdict"], "identical", "{found:#}");
}
