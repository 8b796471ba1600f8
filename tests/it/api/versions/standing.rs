//! Versions that are yanked, deprecated and removed.

use serde_json::json;

use super::{Shop, adds, publish_with};
use crate::harness::{eventually, story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yanked_version_goes_on_and_is_not_chosen() {
    let shop = Shop::open().await;
    publish_with(&shop.server, "1.1.0", adds).await;
    let operator = shop.server.operator();
    shop.upgrade(json!({})).await.expect(200);
    let yank = operator.post("/plugins/stripe/versions/1.1.0/yank", json!({ "reason": "it rounds wrongly" })).await;
    assert_eq!(yank.expect(200)["yanked"]["reason"], "it rounds wrongly");

    // Who has it keeps it, is told once, and sees it.
    let told = eventually("the event", async || shop.events("plugin.yanked").await.pop()).await;
    assert_eq!(told["data"], json!({ "plugin": "stripe", "version": "1.1.0", "reason": "it rounds wrongly" }));
    let call = json!({ "capability": "PROCESS_PAYMENT", "parameters": story::payment("a book") });
    shop.tenant.post(&format!("/integrations/{}/execute", shop.integration), call).await.expect(200);
    let install = shop.install().await;
    assert_eq!(install["standing"]["yanked"]["reason"], "it rounds wrongly");
    assert_eq!(install["outdated"], false, "what it could go to is older");

    // Nobody new gets it, and nobody who has it is told of it when there is something else.
    let other = story::new_tenant(&shop.server, "Other").await;
    assert_eq!(story::enable(&other).await["plugin"]["version"], "1.0.0");
    let ask = async |ask| other.post("/plugins/tenant/stripe/upgrade", ask).await;
    ask(json!({ "version": "1.1.0" })).await.expect_problem(409, "it rounds wrongly");
    ask(json!({ "requirement": "^1.1" })).await.expect_problem(409, "1.1.0 (yanked), 1.0.0");
    let feed = other.get("/events").await.expect(200);
    assert_eq!(feed["items"], json!([]));

    operator.post("/plugins/stripe/versions/1.1.0/unyank", json!({})).await.expect(200);
    assert_eq!(ask(json!({})).await.expect(200)["to"]["version"], "1.1.0");
    let yank =
        async |version: &str, body| operator.post(&format!("/plugins/stripe/versions/{version}/yank"), body).await;
    yank("1.1.0", json!({ "reason": " " })).await.expect_problem(422, "$.reason");
    yank("9.9.9", json!({ "reason": "x" })).await.expect_problem(404, "stripe@9.9.9");
    yank("nine", json!({ "reason": "x" })).await.expect_problem(404, "stripe@nine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deprecated_version_names_what_is_better() {
    let shop = Shop::open().await;
    publish_with(&shop.server, "1.1.0", adds).await;
    let operator = shop.server.operator();
    let deprecate = async |body| operator.post("/plugins/stripe/versions/1.0.0/deprecate", body).await;
    deprecate(json!({ "message": "old", "successor": "1.0.0" })).await.expect_problem(422, "the version itself");
    deprecate(json!({ "message": "old", "successor": "7.0.0" })).await.expect_problem(422, "no version 7.0.0");
    deprecate(json!({ "message": "old", "successor": "nobody" })).await.expect_problem(422, "`nobody`");
    deprecate(json!({ "message": "" })).await.expect_problem(422, "$.message");
    let said = deprecate(json!({ "message": "has no nickname", "successor": "1.1.0" })).await.expect(200);
    assert_eq!(said["deprecated"]["successor"], "1.1.0");
    let told = eventually("the event", async || shop.events("plugin.deprecated").await.pop()).await;
    assert_eq!(told["data"]["message"], "has no nickname");
    assert_eq!(told["data"]["successor"], "1.1.0");
    assert_eq!(shop.install().await["standing"]["deprecated"]["message"], "has no nickname");

    // It is not chosen by itself, and is by name.
    let other = story::new_tenant(&shop.server, "Other").await;
    assert_eq!(story::enable(&other).await["plugin"]["version"], "1.1.0");
    let ask = json!({ "version": "1.0.0", "accept_breaking": true });
    assert_eq!(other.post("/plugins/tenant/stripe/upgrade", ask).await.expect(200)["to"]["version"], "1.0.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_nobody_is_pinned_to_is_removed() {
    let shop = Shop::open().await;
    publish_with(&shop.server, "1.1.0", adds).await;
    let second = shop.another().await;
    let operator = shop.server.operator();
    let remove = async || operator.delete("/plugins/stripe/versions/1.0.0").await;
    remove().await.expect_problem(409, "is not yanked");
    operator.post("/plugins/stripe/versions/1.0.0/yank", json!({ "reason": "old" })).await.expect(200);
    remove().await.expect_problem(409, "tenants are pinned to it");
    // An integration alone holds it too.
    shop.upgrade(json!({})).await.expect(200);
    operator.post("/plugins/stripe/versions/1.0.0/unyank", json!({})).await.expect(200);
    shop.upgrade(json!({ "version": "1.0.0", "integrations": [second], "accept_breaking": true })).await.expect(200);
    operator.post("/plugins/stripe/versions/1.0.0/yank", json!({ "reason": "old" })).await.expect(200);
    remove().await.expect_problem(409, "tenants are pinned to it");
    shop.tenant.delete(&format!("/integrations/{second}")).await.expect(204);
    remove().await.expect(204);
    remove().await.expect_problem(404, "stripe@1.0.0");
    let versions = operator.get("/plugins/stripe/versions").await.expect(200);
    assert_eq!(versions["items"].as_array().unwrap().len(), 1);
    // What it came from is gone, so there is no way back.
    shop.rollback().await.expect(409);
}
