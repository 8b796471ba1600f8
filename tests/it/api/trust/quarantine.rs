//! Versions that trap: held back for whom they trap, told of, and released by an operator.

use serde_json::{Value, json};

use super::{User, gateway, upload};
use crate::harness::{Server, eventually};

async fn events(user: &User) -> Vec<Value> {
    let feed = user.client.get("/events?limit=200").await.expect(200);
    let all = feed["items"].as_array().unwrap().iter();
    all.filter(|event| event["kind"] == "plugin.quarantined").cloned().collect()
}

async fn trap(user: &User) {
    let record = user.call(0).await;
    assert!(record.body.to_string().contains("trapped"), "{record:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_traps_again_and_again_is_held_back() {
    let server = Server::start(&[]);
    for version in ["1.0.0", "1.0.1"] {
        upload(&server, gateway(version, "acme"), None).await.expect(201);
    }
    let (first, second) = (User::new(&server, "1.0.0").await, User::new(&server, "1.0.1").await);
    first.client.post("/plugins/tenant/small/upgrade", json!({ "version": "1.0.1" })).await.expect(200);
    trap(&first).await;
    trap(&first).await;
    // A limit is no trap, and neither is an input that does not fit.
    assert!(first.call(1).await.body.to_string().contains("cpu_ms"));
    first.works().await;
    trap(&first).await;
    let said = first.call(7).await.expect_problem(503, "small@1.0.1 is quarantined since");
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("it trapped 3 times within 10 minutes"), "{detail}");
    assert!(detail.contains("`POST /plugins/tenant/small/rollback` goes back to 1.0.0"), "{detail}");
    let told = eventually("the event", async || events(&first).await.pop()).await;
    assert_eq!((&told["data"]["version"], &told["data"]["previous"]), (&json!("1.0.1"), &json!("1.0.0")));
    assert_eq!(first.install().await["quarantined"]["for_everybody"], false);

    // One tenant can not take it from another, and is not told to it.
    second.works().await;
    assert_eq!(second.install().await["quarantined"], Value::Null);
    assert!(events(&second).await.is_empty());
    trap(&second).await;
    second.call(7).await.expect_problem(503, "goes to another version, such as 1.0.0");
    eventually("the other's event", async || events(&second).await.pop()).await;

    let server = server.kill_and_restart();
    let (first, second) = (first.moved_to(&server), second.moved_to(&server));
    second.call(7).await.expect_problem(503, "is quarantined");
    let versions = server.operator().get("/plugins/small/versions").await.expect(200);
    assert_eq!(versions["items"][0]["quarantined"]["for_everybody"], true, "{versions:#}");
    assert_eq!(versions["items"][1]["quarantined"], Value::Null);
    // Back on the version before, calls work at once.
    first.client.post("/plugins/tenant/small/rollback", json!({})).await.expect(200);
    first.works().await;

    let release = "/plugins/small/versions/1.0.1/release";
    second.client.post(release, json!({})).await.expect_problem(403, "plugins:write");
    let released = server.operator().post(release, json!({})).await.expect(200);
    assert_eq!(released["quarantined"], Value::Null);
    second.works().await;
    server.operator().post(release, json!({})).await.expect_problem(409, "is not quarantined");
    trap(&second).await;
    second.works().await;
    let server = server.kill_and_restart();
    second.moved_to(&server).works().await;
    let audit = server.operator().get("/audit?limit=50").await.expect(200).to_string();
    assert!(audit.contains("plugin.quarantined") && audit.contains("plugin.released"), "{audit}");
}
