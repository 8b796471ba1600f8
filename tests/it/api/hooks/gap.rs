//! Events that the provider has and did not tell: found in its own list, once each and in order, whenever
//! the server is killed and whatever the provider answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::records::EndpointBackfill;
use gatehouse_store::{Artefacts, SledConfig, SledStorage, Store};
use serde_json::{Value, json};

use super::{hash, text};
use crate::harness::canary::WEBHOOK_SECRET;
use crate::harness::server::Stopped;
use crate::harness::story::{create, enable, new_tenant, upload};
use crate::harness::{Client, Server, eventually};

/// How many events happen in all, and how many a page has at most.
const EVENTS: usize = 300;
const PAGE: usize = 50;
/// At which pages the server is killed, counted from its start.
const KILLS: [usize; 5] = [1, 3, 2, 5, 1];

/// The provider's events, and how it behaves.
#[derive(Default)]
struct Known {
    /// Oldest first.
    events: Vec<Value>,
    pages: usize,
    trouble: Option<Trouble>,
    /// From when on it was asked last.
    since: i64,
    /// Keeps its third page to itself as long as this holds.
    holds: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    Fails,
    Limits,
    Garbles,
    ListsNoEvents,
    Refuses,
    TurnsInACircle,
}

type Its = State<Arc<Mutex<Known>>>;

struct Scene {
    server: Server,
    tenant: Client,
    integration: String,
    path: String,
    known: Arc<Mutex<Known>>,
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// Newest first, as Stripe lists them.
async fn list(State(known): Its, Query(query): Query<HashMap<String, String>>) -> Response {
    let page = {
        let mut known = known.lock().unwrap();
        known.pages += 1;
        known.pages
    };
    while page == 3 && known.lock().unwrap().holds {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut known = known.lock().unwrap();
    known.since = query["created[gte]"].parse().unwrap();
    let error = |status: StatusCode| (status, Json(json!({ "error": { "message": "in trouble" } }))).into_response();
    let page = |data: Vec<Value>, more: bool| Json(json!({ "object": "list", "has_more": more, "data": data }));
    match known.trouble {
        Some(Trouble::Fails) => return error(StatusCode::INTERNAL_SERVER_ERROR),
        Some(Trouble::Refuses) => return error(StatusCode::FORBIDDEN),
        Some(Trouble::Garbles) => return "{ \"data\": [".into_response(),
        Some(Trouble::ListsNoEvents) => return page(vec![json!({ "id": 7 })], false).into_response(),
        Some(Trouble::TurnsInACircle) => return page(known.events[..1].to_vec(), true).into_response(),
        Some(Trouble::Limits) => {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", "1".parse().unwrap());
            return (headers, error(StatusCode::TOO_MANY_REQUESTS)).into_response();
        }
        None => {}
    }
    let limit: usize = query["limit"].parse().unwrap();
    let since = known.since;
    let newest = known.events.iter().rev().filter(|event| event["created"].as_i64().unwrap() >= since);
    let after = query.get("starting_after");
    let mut rest: Vec<Value> = match after {
        Some(after) => newest.skip_while(|event| event["id"] != **after).skip(1).cloned().collect(),
        None => newest.cloned().collect(),
    };
    let more = rest.len() > limit.min(PAGE);
    rest.truncate(limit.min(PAGE));
    page(rest, more).into_response()
}

/// The nth event, so many seconds ago.
fn event(n: usize, created: i64) -> Value {
    json!({
        "id": format!("evt_{n}"), "object": "event", "type": "payment_intent.succeeded", "created": created,
        "livemode": false, "pending_webhooks": 1,
        "data": { "object": {
            "id": format!("pi_{n}"), "object": "payment_intent", "status": "succeeded", "amount": 1999,
            "amount_received": 1999, "currency": "eur", "created": created, "metadata": {},
        } },
    })
}

/// Events happen, one a second, the last of all of them just now.
fn happen(known: &Mutex<Known>, range: std::ops::Range<usize>) {
    let first = now() - 290;
    let events = range.map(|n| event(n, first + i64::try_from(n).unwrap()));
    known.lock().unwrap().events.extend(events);
}

impl Scene {
    async fn begin() -> Self {
        let known = Arc::new(Mutex::new(Known::default()));
        let router = Router::new().route("/v1/events", get(list)).with_state(Arc::clone(&known));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let often = [("GATEHOUSE_UPKEEP__EVERY_SECONDS", "1".to_owned())];
        let server = Server::start_also(std::slice::from_ref(&origin), &often);
        let tenant = new_tenant(&server, "Acme").await;
        upload(&server).await;
        enable(&tenant).await;
        let view = create(&tenant, &origin).await;
        let path = text(&view["webhook_url"]).split_once("/api/v1").unwrap().1.to_owned();
        Self { server, tenant, integration: text(&view["id"]), path, known }
    }

    /// Whether the provider's delivery of an event is new to us.
    async fn deliver(&self, n: usize) -> bool {
        let body = self.known.lock().unwrap().events[n].to_string();
        let signature = format!("t={0},v1={1}", now(), hash(WEBHOOK_SECRET, &format!("{}.{body}", now())));
        let headers = [("stripe-signature", signature.as_str())];
        let receipt = self.server.client().post_bytes(&self.path, body.into_bytes(), &headers).await.expect(200);
        receipt["duplicate"] == false
    }

    async fn backfill(&self) -> Value {
        let path = format!("/integrations/{}/webhooks", self.integration);
        self.tenant.get(&path).await.expect(200)["backfill"].clone()
    }

    async fn ask(&self) {
        let path = format!("/integrations/{}/webhooks/backfill", self.integration);
        self.tenant.post(&path, json!({})).await.expect(202);
    }

    async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let state = self.backfill().await;
            holds(&state).then_some(state)
        })
        .await
    }

    /// What providers told, in the order of the feed.
    async fn told(&self) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.tenant.get(&format!("/events?limit=200{cursor}")).await.expect(200);
            found.extend(page["items"].as_array().unwrap().iter().filter(|event| !event["told"].is_null()).cloned());
            if page["more"] != true {
                return found;
            }
            cursor = format!("&cursor={}", text(&page["cursor"]));
        }
    }

    /// Waits until so many events are there, and checks that each is there once.
    async fn complete(&self, count: usize) -> Vec<Value> {
        let told = eventually("every event", async || {
            let told = self.told().await;
            (told.len() >= count).then_some(told)
        })
        .await;
        let ids: BTreeSet<&str> = told.iter().map(|event| event["told"]["id"].as_str().unwrap()).collect();
        assert_eq!((told.len(), ids.len()), (count, count), "an event is missing, or there twice");
        told
    }
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_while_the_server_was_down_is_found_once_and_in_order() {
    let scene = Scene::begin().await;
    happen(&scene.known, 0..40);
    for n in (0..40).step_by(4) {
        assert!(scene.deliver(n).await);
    }
    scene.complete(10).await;
    let before = moment(&scene.backfill().await["complete_until"]);
    let stopped = scene.server.kill();
    happen(&scene.known, 40..EVENTS);
    scene.known.lock().unwrap().holds = true;
    let server = stopped.start_again();
    let scene = Scene { tenant: scene.tenant.moved_to(&server), server, ..scene };
    // What is sent meanwhile is told at once; what was found newest first waits for what is older.
    eventually("the third page", async || (scene.known.lock().unwrap().pages == 3).then_some(())).await;
    assert!(scene.deliver(39).await);
    let told = scene.complete(11).await;
    assert!(told.iter().all(|event| event["told"]["source"] == "sent"));
    assert_eq!(moment(&scene.backfill().await["complete_until"]), before, "the position is ahead of its list");
    scene.known.lock().unwrap().holds = false;
    let told = scene.complete(EVENTS).await;

    let listed: Vec<&Value> = told.iter().filter(|event| event["told"]["source"] == "listed").collect();
    let moments: Vec<Timestamp> = listed.iter().map(|event| moment(&event["occurred_at"])).collect();
    assert_eq!(listed.len(), EVENTS - 11);
    assert!(moments.is_sorted(), "they are not in the order in which they happened");
    assert!(listed.iter().all(|event| event["told"]["trust"] == "verified" && event["data"]["id"] != Value::Null));
    let state = scene.until("it ends", |state| state["under_way"] == false && !state["checked_at"].is_null()).await;
    assert_eq!((&state["found"], &state["failures"], &state["out_of_reach"]), (&json!(289), &json!(0), &Value::Null));
    assert!(moment(&state["complete_until"]) > before, "the position stays");
    assert!(scene.known.lock().unwrap().pages >= EVENTS.div_ceil(PAGE), "it was read in too few pages");

    // What comes late is known, and a further reading finds nothing.
    assert!(!scene.deliver(100).await && !scene.deliver(0).await);
    happen(&scene.known, EVENTS..EVENTS + 1);
    assert!(scene.deliver(EVENTS).await);
    scene.ask().await;
    let again = moment(&state["complete_until"]);
    scene.until("it is read again", |state| moment(&state["complete_until"]) > again).await;
    scene.complete(EVENTS + 1).await;
    assert_eq!(scene.backfill().await["found"], 289);
    let path = format!("/integrations/{}/deliveries?limit=200", scene.integration);
    let deliveries = scene.tenant.get(&path).await.expect(200);
    let mut by_source = BTreeMap::<String, usize>::new();
    for delivery in deliveries["items"].as_array().unwrap() {
        *by_source.entry(text(&delivery["source"])).or_default() += 1;
    }
    assert_eq!(by_source, BTreeMap::from([("listed".to_owned(), 198), ("sent".to_owned(), 2)]));
    let metrics = crate::observe::metrics::scrape(&scene.server).await;
    for (result, count) in [("found", 289), ("known", 11)] {
        let line = format!("gatehouse_webhook_listed_events_total{{provider=\"stripe\",result=\"{result}\"}} ");
        let found = metrics.lines().find_map(|found| found.strip_prefix(&line)).unwrap().parse::<u32>().unwrap();
        assert!(found >= count, "{line}{found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_reads_loses_nothing_and_takes_nothing_twice() {
    let mut scene = Scene::begin().await;
    happen(&scene.known, 0..EVENTS);
    for n in (0..EVENTS).step_by(7) {
        scene.deliver(n).await;
    }
    scene.ask().await;
    for pages in KILLS {
        let from = scene.known.lock().unwrap().pages;
        eventually("so many pages", async || (scene.known.lock().unwrap().pages >= from + pages).then_some(())).await;
        let server = scene.server.kill_unsearched().start_again();
        scene = Scene { tenant: scene.tenant.moved_to(&server), server, ..scene };
    }
    scene.complete(EVENTS).await;
    scene.until("it ends", |state| state["under_way"] == false && !state["checked_at"].is_null()).await;
    scene.complete(EVENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_can_not_be_read_moves_nothing_and_people_see_why() {
    let scene = Scene::begin().await;
    scene.ask().await;
    let mut at = moment(&scene.until("it is read", |state| !state["checked_at"].is_null()).await["complete_until"]);
    for (n, (trouble, text)) in [
        (Trouble::Fails, "in trouble"),
        (Trouble::Garbles, "not a JSON document"),
        (Trouble::ListsNoEvents, "no event"),
        (Trouble::Refuses, "in trouble"),
        (Trouble::TurnsInACircle, "does not end"),
        (Trouble::Limits, "in trouble"),
    ]
    .into_iter()
    .enumerate()
    {
        happen(&scene.known, n..n + 1);
        scene.known.lock().unwrap().trouble = Some(trouble);
        scene.ask().await;
        let failed = |state: &Value| state["last_error"].as_str().is_some_and(|error| error.contains(text));
        let state = scene.until(text, failed).await;
        assert_eq!(moment(&state["complete_until"]), at, "{text}: {state}");
        assert_eq!(state["failures"], u32::from(trouble != Trouble::Limits), "{text}: {state}");
        scene.known.lock().unwrap().trouble = None;
        scene.ask().await;
        let well = |state: &Value| state["last_error"].is_null() && moment(&state["complete_until"]) > at;
        at = moment(&scene.until("it is read", well).await["complete_until"]);
        scene.complete(n + 1).await;
    }
    // Who is disconnected is watched no more; who comes back begins anew.
    scene.tenant.delete(&format!("/integrations/{}/disconnect", scene.integration)).await.expect(200);
    assert_eq!(scene.backfill().await, Value::Null);
    let path = format!("/integrations/{}/webhooks/backfill", scene.integration);
    scene.tenant.post(&path, json!({})).await.expect_problem(409, "not connected");
}

/// Writes another position into the store of a server that is down, due to be read for its time alone.
async fn complete_until(stopped: &Stopped, tenant: &str, integration: &str, at: Timestamp) {
    let (tenant, integration): (TenantId, IntegrationId) = (tenant.parse().unwrap(), integration.parse().unwrap());
    let storage = SledStorage::open(SledConfig::new(stopped.data().join("store"))).unwrap();
    let store = Store::new(Arc::new(storage), Artefacts::open(stopped.data().join("artefacts"), 32 << 20).unwrap());
    let kept = store.tenant(tenant).get::<EndpointBackfill>(&integration).await.unwrap().unwrap();
    let due = EndpointBackfill { complete_until: at, next_at: at, epoch: u64::MAX, ..kept.record.clone() };
    let mut change = store.change();
    change.tenant(tenant).replace(&kept, &due).unwrap();
    change.commit().await.unwrap();
    store.storage().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_lists_no_more_is_told() {
    let scene = Scene::begin().await;
    let tenants = scene.server.operator().get("/tenants").await.expect(200);
    let tenant = text(&tenants["items"][0]["id"]);
    let at: Timestamp = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * 31)).unwrap();
    let stopped = scene.server.kill();
    complete_until(&stopped, &tenant, &scene.integration, at).await;
    let server = stopped.start_again();
    let scene = Scene { tenant: scene.tenant.moved_to(&server), server, ..scene };
    let state = scene.until("it is read", |state| !state["checked_at"].is_null()).await;
    let lost = &state["out_of_reach"];
    assert_eq!(moment(&lost["from"]), at);
    let window = now() - scene.known.lock().unwrap().since;
    assert!((24 * 30 * 3_600..24 * 30 * 3_600 + 60).contains(&window), "it was asked for {window} seconds");
    assert!(moment(&state["complete_until"]).as_second() > now() - 60);
    let feed = scene.tenant.get("/events?limit=200").await.expect(200);
    let told = feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == "webhooks.out_of_reach");
    let told: Vec<&Value> = told.collect();
    assert_eq!((told.len(), &told[0]["data"]["from"]), (1, &lost["from"]));
    assert!(scene.server.output().contains("out of the provider's reach"));
}
