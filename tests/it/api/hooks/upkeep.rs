//! What becomes of deliveries: quarantine and release, repeats, kills, a gateway that is broken, and
//! endpoints that move.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Hooked, event, good, hash, plain, text};
use crate::harness::{Client, eventually};

/// How often one delivery is sent.
const REPEATS: usize = 10_000;
/// How often the server is killed.
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quarantined_delivery_is_released_with_the_right_secret_or_as_untrusted() {
    let hooked = Hooked::begin(plain(), &[]).await;
    let quarantine = format!("/integrations/{}/webhooks/quarantine", hooked.integration);
    let (first, second, third) = (event("evt_1"), event("evt_2"), event("evt_3"));
    for body in [&first, &second, &third] {
        hooked.post(&[("x-sig", &hash("whsec_later", body))], body.clone()).await.expect_problem(404, "endpoint");
    }
    let kept = hooked.list("webhooks/quarantine").await;
    let ids: Vec<String> = kept.iter().rev().map(|delivery| text(&delivery["id"])).collect();
    assert_eq!(ids.len(), 3);
    assert!(kept.iter().all(|delivery| delivery["state"] == "quarantined" && delivery["trust"] == "untrusted"));
    let release = async |id: &str, ask: Value| hooked.tenant.post(&format!("{quarantine}/{id}/release"), ask).await;

    release(&ids[0], json!({})).await.expect_problem(409, "still does not verify");
    let path = format!("/integrations/{}/webhooks/secrets", hooked.integration);
    hooked.tenant.put(&path, json!({ "secrets": { "webhook_secret": "whsec_later" } })).await.expect(204);
    assert_eq!(release(&ids[0], json!({})).await.expect(200)["trust"], "verified");
    let found = hooked.event().await;
    assert_eq!((&found["told"]["id"], &found["told"]["trust"]), (&json!("evt_1"), &json!("verified")));
    release(&ids[0], json!({})).await.expect_problem(409, "not quarantined");

    let wrong = json!({ "secrets": { "webhook_secret": "whsec_wrong" } });
    hooked.tenant.put(&path, wrong).await.expect(204);
    assert_eq!(release(&ids[1], json!({ "as_untrusted": true })).await.expect(200)["trust"], "untrusted");
    let untrusted = eventually("the untrusted event", async || {
        hooked.list("events").await.into_iter().find(|event| event["told"]["id"] == "evt_2")
    })
    .await;
    assert_eq!((&untrusted["told"]["trust"], &untrusted["data"]), (&json!("untrusted"), &json!({})));

    hooked.tenant.delete(&format!("{quarantine}/{}", ids[2])).await.expect(204);
    hooked.tenant.delete(&format!("{quarantine}/{}", ids[2])).await.expect_problem(404, "delivery");
    assert!(hooked.list("webhooks/quarantine").await.is_empty());
    assert_eq!(hooked.list("deliveries").await.len(), 2);
    let replay = format!("/integrations/{}/deliveries/{}/replay", hooked.integration, ids[0]);
    hooked.tenant.post(&replay, json!({})).await.expect(200);
    eventually("the replay", async || {
        let list = hooked.list("deliveries").await;
        list.into_iter().find(|delivery| delivery["id"] == ids[0] && delivery["attempts"] == 2)
    })
    .await;
    assert_eq!(hooked.list("events").await.len(), 2, "a replay told an event again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_repeats_are_one_event() {
    let mut rules = plain();
    rules["dedupe"] = json!("x-id");
    let hooked = Hooked::begin(rules, &[]).await;
    let body = event("evt_1");
    let (signature, path) = (good(&body), hooked.path().to_owned());
    let provider = hooked.server.client();
    let send = async |id: String| {
        let headers = [("x-sig", signature.as_str()), ("x-id", id.as_str())];
        provider.post_bytes(&path, body.clone().into_bytes(), &headers).await.expect(200)
    };
    let answers = futures_util::stream::iter(0..REPEATS).map(|_| send("same".to_owned())).buffer_unordered(16);
    let new = answers.filter(|answer| std::future::ready(answer["duplicate"] == false)).count().await;
    assert_eq!(new, 1);
    // Under other ids, which nobody signed, it is the same event all the same.
    for n in 0..3 {
        assert_eq!(send(format!("other-{n}")).await["duplicate"], false);
    }
    eventually("all of them parsed", async || {
        let all = hooked.list("deliveries").await;
        (all.len() == 4 && all.iter().all(|delivery| delivery["state"] == "parsed")).then_some(())
    })
    .await;
    assert_eq!(hooked.list("events").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_with_200_is_an_event_once_whenever_the_server_is_killed() {
    let mut hooked = Hooked::begin(plain(), &[]).await;
    let mut told = BTreeSet::new();
    for round in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let load: Vec<_> = (0..4)
            .map(|worker| {
                let (client, path) = (hooked.server.client(), hooked.path().to_owned());
                let (stop, seen) = (Arc::clone(&stop), Arc::clone(&seen));
                tokio::spawn(deliver_until(client, path, format!("{round}-{worker}"), stop, seen))
            })
            .collect();
        while seen.lock().await.len() < 5 + 7 * round {
            tokio::task::yield_now().await;
        }
        hooked.server = hooked.server.kill_and_restart();
        stop.store(true, Ordering::Relaxed);
        for task in load {
            task.await.unwrap();
        }
        told.extend(seen.lock().await.drain(..));
        hooked.tenant = hooked.tenant.moved_to(&hooked.server);
    }
    let ids = async || {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/integrations/{}/events?limit=200{cursor}", hooked.integration);
            let page = hooked.tenant.get(&path).await.expect(200);
            ids.extend(page["items"].as_array().unwrap().iter().map(|event| text(&event["told"]["id"])));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    };
    let found = eventually("every acknowledged delivery", async || {
        let found = ids().await;
        told.iter().all(|id| found.contains(id)).then_some(found)
    })
    .await;
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "an event was told twice");
}

async fn deliver_until(
    client: Client,
    path: String,
    name: String,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    for n in 0.. {
        let id = format!("evt_{name}-{n}");
        let body = event(&id);
        let sent = client.try_send(Method::POST, &path, &[("x-sig", &good(&body))], body.into_bytes()).await;
        match sent {
            Ok(answer) if answer.status == 200 => seen.lock().await.push(id),
            // The server is gone, or going.
            _ => return,
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_moves_and_the_old_one_goes_on_for_a_while() {
    let hooked = Hooked::begin(plain(), &[]).await;
    let rotate = async |overlap: u32| {
        let path = format!("/integrations/{}/webhooks/rotate", hooked.integration);
        let moved = hooked.tenant.post(&path, json!({ "overlap_seconds": overlap })).await.expect(200);
        text(&moved["webhook_url"]).split_once("/api/v1").unwrap().1.to_owned()
    };
    let deliver = async |path: &str, id: &str| {
        let body = event(id);
        hooked.server.client().post_bytes(path, body.clone().into_bytes(), &[("x-sig", &good(&body))]).await.status
    };
    let first = hooked.path().to_owned();
    let second = rotate(3_600).await;
    assert_eq!((deliver(&first, "evt_1").await, deliver(&second, "evt_2").await), (200, 200));
    let third = rotate(0).await;
    // The first one went with the second rotation, the second one had no time left.
    assert_eq!((deliver(&first, "evt_3").await, deliver(&second, "evt_3").await), (404, 404));
    assert_eq!(deliver(&third, "evt_3").await, 200);
    let path = format!("/integrations/{}", hooked.integration);
    hooked.tenant.delete(&path).await.expect(204);
    assert_eq!(deliver(&third, "evt_4").await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_only_integration_of_a_provider_has_a_plain_address() {
    let hooked = Hooked::begin(plain(), &[]).await;
    let tenants = hooked.server.operator().get("/tenants").await.expect(200);
    let tenant = text(&tenants["items"][0]["id"]);
    let body = event("evt_1");
    let deliver = async |provider: &str, tenant: &str| {
        let path = format!("/webhooks/{provider}/{tenant}");
        hooked.server.client().post_bytes(&path, body.clone().into_bytes(), &[("x-sig", &good(&body))]).await
    };
    deliver("stripe", &tenant).await.expect(200);
    assert_eq!(hooked.event().await["told"]["id"], "evt_1");
    deliver("other", &tenant).await.expect_problem(404, "endpoint");
    deliver("stripe", "ten_00000000000000000000000000000000").await.expect_problem(404, "endpoint");
    deliver("stripe", "nobody").await.expect_problem(404, "endpoint");
}

/// With hardly any memory every call of the gateway faults. The way in does not need it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_gateway_holds_up_no_delivery() {
    const DELIVERIES: usize = 100;
    let hooked = Hooked::begin(plain(), &[]).await;
    let server = hooked.server.kill().with("GATEHOUSE_LIMITS__MEMORY_BYTES", "65536").start_again();
    let hooked = Hooked { tenant: hooked.tenant.moved_to(&server), server, ..hooked };
    for n in 0..DELIVERIES {
        let body = event(&format!("evt_{n}"));
        hooked.post(&[("x-sig", &good(&body))], body).await.expect(200);
    }
    eventually("the first faults", async || {
        let all = hooked.list("deliveries").await;
        let tried = all.iter().filter(|delivery| delivery["attempts"] == 1).count();
        // After three faults in a row the rest is left alone.
        assert!(tried <= 3, "{tried} deliveries were tried");
        (tried == 3).then_some(())
    })
    .await;
    assert!(hooked.list("events").await.is_empty());
    assert!(hooked.list("deliveries").await.iter().all(|delivery| delivery["state"] == "pending"));
}
