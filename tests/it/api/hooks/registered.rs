//! Endpoints that the host registers with the provider: made, repaired, moved and taken away, with a
//! secret that nobody sees; and left alone where people look after them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{event, hash, text};
use crate::harness::canary::{SECRET_KEY, WEBHOOK_SECRET};
use crate::harness::story::{enable, new_tenant, upload};
use crate::harness::{Client, Server, eventually};

/// The provider's endpoints, and how it behaves.
#[derive(Default)]
pub(super) struct Known {
    pub(super) endpoints: Vec<Value>,
    pub(super) made: usize,
    pub(super) asked: usize,
    /// Refuses everything.
    pub(super) refuses: bool,
    /// Makes endpoints and does not answer as long as this holds.
    pub(super) mute: bool,
    /// How often it is still too busy to take an endpoint away, and how often it was asked to.
    pub(super) busy: usize,
    pub(super) taken: usize,
    /// How often its list of events was read.
    pub(super) listed: usize,
    /// Lets nobody take an endpoint away.
    pub(super) clings: bool,
}

type Its = State<Arc<Mutex<Known>>>;

pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) tenant: Client,
    pub(super) integration: String,
    pub(super) known: Arc<Mutex<Known>>,
}

/// The secret of the endpoint that was made as the nth.
fn secret(nth: usize) -> String {
    format!("{WEBHOOK_SECRET}{nth}")
}

async fn list(State(known): Its) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let mut known = known.lock().unwrap();
    known.asked += 1;
    if known.refuses {
        let error = json!({ "error": { "type": "invalid_request_error", "message": "this key may not do that" } });
        return Err((StatusCode::FORBIDDEN, Json(error)));
    }
    Ok(Json(json!({ "object": "list", "has_more": false, "data": known.endpoints })))
}

async fn events(State(known): Its) -> Json<Value> {
    known.lock().unwrap().listed += 1;
    Json(json!({ "object": "list", "has_more": false, "data": [] }))
}

fn pairs(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// What Stripe makes of a form.
fn shaped(id: &str, form: &[(String, String)]) -> Value {
    let events: Vec<&str> =
        form.iter().filter(|(name, _)| name.starts_with("enabled_events[")).map(|(_, event)| event.as_str()).collect();
    let url = form.iter().find(|(name, _)| name == "url").map(|(_, url)| url);
    json!({ "id": id, "object": "webhook_endpoint", "url": url, "enabled_events": events, "status": "enabled" })
}

async fn make(State(known): Its, body: Bytes) -> Json<Value> {
    let form = pairs(&body);
    let answer = {
        let mut known = known.lock().unwrap();
        known.made += 1;
        let made = shaped(&format!("we_{}", known.made), &form);
        known.endpoints.push(made.clone());
        let mut answer = made;
        answer["secret"] = json!(secret(known.made));
        answer
    };
    while known.lock().unwrap().mute {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Json(answer)
}

async fn change(State(known): Its, Path(id): Path<String>, body: Bytes) -> Json<Value> {
    let form = pairs(&body);
    let mut known = known.lock().unwrap();
    let changed = shaped(&id, &form);
    known.endpoints.retain(|endpoint| endpoint["id"] != json!(id));
    known.endpoints.push(changed.clone());
    Json(changed)
}

async fn take(State(known): Its, Path(id): Path<String>) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let mut known = known.lock().unwrap();
    known.taken += 1;
    let trouble = |kind: &str, message: &str| Json(json!({ "error": { "type": kind, "message": message } }));
    if known.clings {
        return Err((StatusCode::FORBIDDEN, trouble("invalid_request_error", "this key may not delete")));
    }
    if known.busy > 0 {
        known.busy -= 1;
        return Err((StatusCode::SERVICE_UNAVAILABLE, trouble("api_error", "too busy")));
    }
    known.endpoints.retain(|endpoint| endpoint["id"] != json!(id));
    Ok(Json(json!({ "id": id, "deleted": true })))
}

impl Scene {
    pub(super) async fn begin(credentials: Value, known: Known) -> Self {
        let known = Arc::new(Mutex::new(known));
        let router = Router::new()
            .route("/v1/webhook_endpoints", get(list).post(make))
            .route("/v1/webhook_endpoints/{id}", delete(take).post(change))
            .route("/v1/events", get(events))
            .route("/v1/balance", get(async || Json(json!({ "object": "balance", "livemode": false }))))
            .route("/v1/account", get(async || Json(json!({ "id": "acct_1", "object": "account" }))))
            .with_state(Arc::clone(&known));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        // The endpoint's address is to be the same after a restart, whichever port the server then has.
        let often = [
            ("GATEHOUSE_UPKEEP__EVERY_SECONDS", "1".to_owned()),
            ("GATEHOUSE_PUBLIC_URL", "https://gate.example".to_owned()),
        ];
        let server = Server::start_also(std::slice::from_ref(&origin), &often);
        let tenant = new_tenant(&server, "Acme").await;
        upload(&server).await;
        enable(&tenant).await;
        let new = json!({
            "provider": "stripe", "name": "Primary", "credentials": credentials, "settings": { "base_url": origin },
        });
        let made = tenant.post("/integrations", new).await.expect(201);
        Self { server, tenant, integration: text(&made["id"]), known }
    }

    pub(super) async fn state(&self) -> Value {
        self.tenant.get(&format!("/integrations/{}/webhooks", self.integration)).await.expect(200)
    }

    /// Waits until the endpoint is as it should be, looked at after a moment.
    pub(super) async fn until(&self, what: &str, holds: impl Fn(&Value, &Known) -> bool) -> Value {
        eventually(what, async || {
            let state = self.state().await;
            let holds = holds(&state, &self.known.lock().unwrap());
            holds.then_some(state)
        })
        .await
    }

    async fn repair(&self) {
        self.tenant.post(&format!("/integrations/{}/webhooks/repair", self.integration), json!({})).await.expect(202);
    }

    /// Whether a delivery that is signed with a secret is taken at the present address.
    async fn takes(&self, secret: &str, id: &str) -> bool {
        let url = text(&self.state().await["webhook_url"]);
        let (body, now) = (event(id), SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
        let signature = format!("t={now},v1={}", hash(secret, &format!("{now}.{body}")));
        let path = url.split_once("/api/v1").unwrap().1;
        let headers = [("stripe-signature", signature.as_str())];
        self.server.client().post_bytes(path, body.into_bytes(), &headers).await.status == 200
    }

    pub(super) async fn told(&self, kind: &str) -> usize {
        let feed = self.tenant.get("/events?limit=200").await.expect(200);
        feed["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
    }
}

pub(super) fn key() -> Value {
    json!({ "secret_key": SECRET_KEY })
}

fn urls(known: &Known) -> Vec<&str> {
    known.endpoints.iter().map(|endpoint| endpoint["url"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_registered_repaired_moved_and_taken_away() {
    let scene = Scene::begin(key(), Known::default()).await;
    let state = scene.until("it is registered", |state, _| state["standing"] == "registered").await;
    assert_eq!(state["registrations"][0]["url"], state["webhook_url"]);
    assert_eq!(state["registrations"][0]["events"], state["events"]);
    assert!(scene.takes(&secret(1), "evt_1").await);
    assert!(!scene.takes("whsec_other", "evt_2").await);

    // The provider has it switched off; then it has lost it. What it did not tell is looked for.
    assert_eq!(scene.known.lock().unwrap().listed, 0);
    scene.known.lock().unwrap().endpoints[0]["status"] = json!("disabled");
    scene.repair().await;
    scene.until("it is on", |_, known| known.endpoints[0]["status"] == "enabled").await;
    eventually("it is told", async || (scene.told("webhooks.repaired").await == 1).then_some(())).await;
    scene.until("the events are read", |_, known| known.listed == 1).await;
    scene.known.lock().unwrap().endpoints.clear();
    scene.repair().await;
    scene.until("there is another", |state, known| known.made == 2 && state["registrations"][0]["id"] == "we_2").await;
    // What was under way is still signed with the secret before.
    assert!(scene.takes(&secret(2), "evt_3").await && scene.takes(&secret(1), "evt_4").await);

    let path = format!("/integrations/{}/webhooks/rotate", scene.integration);
    let moved = scene.tenant.post(&path, json!({ "overlap_seconds": 3_600 })).await.expect(200);
    scene.until("both addresses are told", |_, known| urls(known).len() == 2).await;
    let url = text(&moved["webhook_url"]);
    assert!(urls(&scene.known.lock().unwrap()).contains(&url.as_str()));
    eventually("the new secret", async || scene.takes(&secret(3), "evt_5").await.then_some(())).await;
    // Another move without an overlap: what is left of the first goes.
    let moved = scene.tenant.post(&path, json!({ "overlap_seconds": 0 })).await.expect(200);
    let url = text(&moved["webhook_url"]);
    let settled =
        |state: &Value| state["standing"] == "registered" && state["registrations"].as_array().unwrap().len() == 1;
    scene.until("one is left", |state, known| settled(state) && urls(known) == [url.as_str()]).await;

    let path = format!("/integrations/{}/disconnect", scene.integration);
    scene.tenant.delete(&path).await.expect(200);
    assert_eq!(scene.state().await["standing"], "waiting");
    scene.until("none is left", |_, known| known.endpoints.is_empty()).await;
    let path = format!("/integrations/{}/webhooks/repair", scene.integration);
    scene.tenant.post(&path, json!({})).await.expect_problem(409, "not connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_look_after_is_left_alone_until_they_ask() {
    let others = shaped("we_other", &[("url".to_owned(), "https://other.example/hooks".to_owned())]);
    let known = Known { endpoints: vec![others], ..Known::default() };
    let scene = Scene::begin(json!({ "secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET }), known).await;
    assert_eq!(scene.state().await["standing"], "by_people");
    // The upkeep looks at both, and registers the other.
    let new = json!({
        "provider": "stripe", "name": "Second", "credentials": key(), "settings": scene_settings(&scene).await,
    });
    let second = text(&scene.tenant.post("/integrations", new).await.expect(201)["id"]);
    eventually("the other is registered", async || {
        let state = scene.tenant.get(&format!("/integrations/{second}/webhooks")).await.expect(200);
        (state["standing"] == "registered").then_some(())
    })
    .await;
    assert_eq!(scene.known.lock().unwrap().made, 1);
    assert!(scene.takes(WEBHOOK_SECRET, "evt_1").await);
    scene.repair().await;
    scene.until("it is taken over", |state, _| state["standing"] == "registered").await;
    assert!(scene.takes(&secret(2), "evt_2").await);
    assert!(urls(&scene.known.lock().unwrap()).contains(&"https://other.example/hooks"));
}

async fn scene_settings(scene: &Scene) -> Value {
    scene.tenant.get(&format!("/integrations/{}", scene.integration)).await.expect(200)["settings"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_refuses_is_left_in_peace_and_people_see_why() {
    let scene = Scene::begin(key(), Known { refuses: true, ..Known::default() }).await;
    let state = scene.until("it fails", |state, _| state["standing"] == "failing").await;
    assert!(state["last_error"].as_str().unwrap().contains("may not do that"), "{state}");
    // Looks go on every second; the provider is asked once a failure, and after a pause.
    for failures in 2..=3 {
        scene.repair().await;
        scene
            .until("it was asked again", |state, known| state["failures"] == failures && known.asked == failures)
            .await;
    }
    eventually("people are told", async || (scene.told("webhooks.failing").await == 1).then_some(())).await;
    scene.known.lock().unwrap().refuses = false;
    scene.repair().await;
    scene.until("it is registered", |state, _| state["standing"] == "registered").await;
    assert!(scene.takes(&secret(1), "evt_1").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_whose_answer_was_lost_is_made_anew() {
    let scene = Scene::begin(key(), Known { mute: true, ..Known::default() }).await;
    scene.until("the provider has made it", |_, known| known.made == 1).await;
    let server = scene.server.kill_and_restart();
    let tenant = scene.tenant.moved_to(&server);
    let scene = Scene { server, tenant, ..scene };
    scene.known.lock().unwrap().mute = false;
    // The one whose secret nobody has is gone in the end.
    let alone = |state: &Value, known: &Known| state["standing"] == "registered" && known.endpoints.len() == 1;
    let state = scene.until("it alone is registered", alone).await;
    assert_eq!(state["registrations"].as_array().unwrap().len(), 1);
    let made = {
        let known = scene.known.lock().unwrap();
        assert_eq!((known.endpoints.len(), &known.endpoints[0]["id"]), (1, &json!(format!("we_{}", known.made))));
        known.made
    };
    assert!(made >= 2 && scene.takes(&secret(made), "evt_1").await);
    assert!(!scene.takes(&secret(1), "evt_2").await);
}
