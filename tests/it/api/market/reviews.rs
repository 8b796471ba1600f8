//! Reviews: who may write them, what others see, what an operator hides, and that the total is always
//! that of what is shown.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::api::trust::{gateway, upload};
use crate::harness::{Client, Server, eventually, story};

const OWN: &str = "/plugins/small/review";
const ALL: &str = "/plugins/small/reviews";

async fn reviewer(server: &Server, name: &str) -> Client {
    let tenant = story::new_tenant(server, name).await;
    story::enable_plugin(&tenant, "small").await;
    tenant
}

async fn rating(client: &Client) -> Value {
    client.get(ALL).await.expect(200)["rating"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_has_a_plugin_says_once_what_it_thinks() {
    let server = Server::start(&[]);
    upload(&server, gateway("1.0.0", "acme"), None).await.expect(201);
    let stranger = story::new_tenant(&server, "Stranger").await;
    let said = json!({ "stars": 4, "text": " Counts.\nWell. ", "name": "The Counting House" });
    stranger.put(OWN, said.clone()).await.expect_problem(409, "only who has a plugin, or had it, reviews it");
    let (first, second) = (reviewer(&server, "First Secret Name").await, reviewer(&server, "Second").await);
    first.get(OWN).await.expect_problem(404, "review");
    let mine = first.put(OWN, said).await.expect(200);
    assert_eq!(
        (&mine["text"], &mine["own"], &mine["version"]),
        (&json!("Counts.\nWell."), &json!(true), &json!("1.0.0"))
    );
    // One that has switched it off had it all the same.
    second.post("/plugins/tenant/small/toggle", json!({ "enabled": false })).await.expect(200);
    second.put(OWN, json!({ "stars": 1 })).await.expect(200);

    let seen = stranger.get(ALL).await.expect(200);
    let names: Vec<&str> = seen["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a tenant", "The Counting House"], "newest first");
    assert!(seen["items"].as_array().unwrap().iter().all(|one| one["own"] == false));
    assert!(!seen.to_string().contains("ten_") && !seen.to_string().contains("Secret"), "{seen:#}");
    assert_eq!(seen["rating"], json!({ "mean": 2.5, "count": 2, "stars": [1, 0, 0, 1, 0] }));
    let listed = stranger.get("/plugins/available").await.expect(200)["items"][0].clone();
    assert_eq!(listed["rating"], seen["rating"]);

    // Saying it again changes it; a version that somebody else has seen is not overwritten.
    let read = first.get(OWN).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let put = async |stars: u8, tag: &str| {
        let headers = [("if-match", tag), ("content-type", "application/json")];
        let body = json!({ "stars": stars }).to_string().into_bytes();
        first.send(reqwest::Method::PUT, OWN, &headers, body).await
    };
    put(5, &tag).await.expect(200);
    put(2, &tag).await.expect_problem(412, "changed meanwhile");
    assert_eq!(rating(&stranger).await["stars"], json!([1, 0, 0, 0, 1]));
    let server = server.kill_and_restart();
    let (first, stranger) = (first.moved_to(&server), stranger.moved_to(&server));
    assert_eq!(first.get(OWN).await.expect(200)["id"], mine["id"], "it is the same review still");
    first.delete(OWN).await.expect(204);
    first.delete(OWN).await.expect_problem(404, "review");
    assert_eq!(rating(&stranger).await, json!({ "mean": 1.0, "count": 1, "stars": [1, 0, 0, 0, 0] }));

    let check = async |body: Value, text: &str| first.put(OWN, body).await.expect_problem(422, text);
    check(json!({ "stars": 0 }), "$.stars").await;
    check(json!({ "stars": 6 }), "$.stars").await;
    check(json!({ "stars": 3, "text": "a".repeat(4_001) }), "$.text").await;
    check(json!({ "stars": 3, "text": "a\u{0}b" }), "U+0000").await;
    check(json!({ "stars": 3, "name": "\u{202e}emca" }), "U+202E").await;
    check(json!({ "stars": 3, "tenant": "ten_1" }), "tenant").await;
    first.put("/plugins/nobody/review", json!({ "stars": 3 })).await.expect_problem(404, "nobody");
    first.get("/plugins/nobody/reviews").await.expect_problem(404, "nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_hides_does_not_count_and_its_writer_is_told_why() {
    let server = Server::start(&[]);
    upload(&server, gateway("1.0.0", "acme"), None).await.expect(201);
    let (writer, reader) = (reviewer(&server, "Writer").await, reviewer(&server, "Reader").await);
    let id = writer.put(OWN, json!({ "stars": 1, "text": "Buy mine." })).await.expect(200)["id"].clone();
    reader.put(OWN, json!({ "stars": 5 })).await.expect(200);
    let operator = server.operator();
    let hide = format!("{ALL}/{}/hide", id.as_str().unwrap());
    writer.post(&hide, json!({ "reason": "mine" })).await.expect_problem(403, "plugins:write");
    operator.post(&hide, json!({ "reason": " " })).await.expect_problem(422, "$.reason");
    let hidden = operator.post(&hide, json!({ "reason": "advertises" })).await.expect(200);
    assert_eq!(hidden["hidden"]["reason"], "advertises");
    let seen = reader.get(ALL).await.expect(200);
    assert_eq!((seen["items"].as_array().unwrap().len(), &seen["rating"]["mean"]), (1, &json!(5.0)));
    assert_eq!(operator.get(ALL).await.expect(200)["items"].as_array().unwrap().len(), 2);
    // Its writer sees it with the reason, and can not bring it back by changing it.
    assert_eq!(writer.get(ALL).await.expect(200)["items"].as_array().unwrap().len(), 2);
    let again = writer.put(OWN, json!({ "stars": 2 })).await.expect(200);
    assert_eq!((&again["hidden"]["reason"], &again["id"]), (&json!("advertises"), &id));
    assert_eq!(rating(&reader).await["count"], 1);
    let unhide = format!("{ALL}/{}/unhide", id.as_str().unwrap());
    assert_eq!(operator.post(&unhide, json!({})).await.expect(200)["hidden"], Value::Null);
    assert_eq!(rating(&reader).await, json!({ "mean": 3.5, "count": 2, "stars": [0, 1, 0, 0, 1] }));
    operator.post(&format!("{ALL}/rev_{:032x}/hide", 1), json!({ "reason": "x" })).await.expect_problem(404, "review");
    operator.post(&format!("{ALL}/mine/hide"), json!({ "reason": "x" })).await.expect_problem(404, "mine");
    let audit = super::audited(&server).await;
    assert!(audit.contains("plugin.review_hidden") && audit.contains("plugin.review_shown"), "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_all_counted_and_a_deleted_tenants_are_not() {
    let server = Server::start(&[]);
    upload(&server, gateway("1.0.0", "acme"), None).await.expect(201);
    let mut tenants = Vec::new();
    for number in 0..8 {
        tenants.push(reviewer(&server, &format!("Number {number}")).await);
    }
    let put = |(tenant, stars): (&Client, u8)| {
        let tenant = tenant.clone();
        async move { tenant.put(OWN, json!({ "stars": stars })).await.expect(200) }
    };
    join_all(tenants.iter().zip([1, 2, 3, 4, 5, 1, 2, 3]).map(put)).await;
    let total = rating(&tenants[0]).await;
    assert_eq!((&total["stars"], &total["count"]), (&json!([2, 2, 2, 1, 1]), &json!(8)));
    let (mut found, mut next) = (0, String::new());
    loop {
        let page = tenants[0].get(&format!("{ALL}?limit=3{next}")).await.expect(200);
        found += page["items"].as_array().unwrap().len();
        assert_eq!(page["rating"], total, "it is that of all, on every page");
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(found, 8);

    let operator = server.operator();
    let all = operator.get("/tenants?limit=200").await.expect(200);
    let last = all["items"].as_array().unwrap().iter().find(|one| one["name"] == "Number 4").unwrap()["id"].clone();
    operator.delete(&format!("/tenants/{}", last.as_str().unwrap())).await;
    let gone = async || (rating(&tenants[0]).await["stars"] == json!([2, 2, 2, 1, 0])).then_some(());
    eventually("the end of a deleted tenant's review", gone).await;
    assert_eq!(tenants[0].get(ALL).await.expect(200)["items"].as_array().unwrap().len(), 7);
}
