//! A provider that misbehaves on request. It keeps state and counts effects, so that a test
//! can tell what was really done from what was said.
//!
//! The description of a payment picks the behaviour: `lose` does the work and drops the
//! connection, `decline` refuses it, `crash` answers 500 after the work, `slow` waits,
//! `echo` repeats the credential in the answer, `huge` answers far too much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

/// The fake provider. It stops when it is dropped.
pub(crate) struct Upstream {
    pub(crate) origin: String,
    state: Arc<Mutex<Known>>,
    task: tokio::task::JoinHandle<()>,
}

/// What the provider knows.
#[derive(Default)]
struct Known {
    payments: BTreeMap<String, Value>,
    by_key: BTreeMap<String, String>,
    requests: Vec<Seen>,
    trouble: Option<Trouble>,
}

/// An answer that is given to whatever is asked, before anything is done.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// The status.
    pub(crate) status: u16,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// How many requests are still to be answered so.
    pub(crate) times: usize,
}

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

type Shared = State<Arc<Mutex<Known>>>;

impl Upstream {
    /// Starts it on a free port of loopback.
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(Known::default()));
        let router = Router::new()
            .route("/v1/payment_intents", post(create_payment))
            .route("/v1/payment_intents/{id}", get(get_payment))
            .route("/v1/balance", get(balance))
            .route("/v1/account", get(account))
            .layer(from_fn_with_state(Arc::clone(&state), in_trouble))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, state, task }
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.known().requests.clone()
    }

    /// How many payments were really made.
    pub(crate) fn payments(&self) -> usize {
        self.known().payments.len()
    }

    /// Answers the next requests, whatever they ask, with a status and further headers.
    pub(crate) fn be_in_trouble(&self, status: u16, headers: &[(&'static str, &str)], times: usize) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.known().trouble = Some(Trouble { status, headers, times });
    }

    /// Is well again.
    pub(crate) fn recover(&self) {
        self.known().trouble = None;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn in_trouble(State(state): Shared, request: Request, next: Next) -> Response {
    let answer = {
        let mut known = state.lock().unwrap();
        let trouble = known.trouble.as_mut().filter(|trouble| trouble.times > 0);
        trouble.map(|trouble| {
            trouble.times -= 1;
            trouble.clone()
        })
    };
    let Some(Trouble { status, headers, .. }) = answer else { return next.run(request).await };
    note(&state, request.method().as_str(), request.uri().path(), request.headers(), "");
    let error = json!({ "type": "api_error", "message": "Not now." });
    let mut response = refused(StatusCode::from_u16(status).unwrap(), error);
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

async fn balance(State(state): Shared, headers: HeaderMap) -> Response {
    note(&state, "GET", "/v1/balance", &headers, "");
    if !authorized(&headers) {
        return wrong_key();
    }
    axum::Json(json!({ "object": "balance", "livemode": false, "available": [], "pending": [] })).into_response()
}

async fn account(State(state): Shared, headers: HeaderMap) -> Response {
    note(&state, "GET", "/v1/account", &headers, "");
    if !authorized(&headers) {
        return wrong_key();
    }
    axum::Json(json!({ "id": "acct_1", "object": "account", "business_profile": { "name": "Acme" } })).into_response()
}

async fn get_payment(State(state): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    note(&state, "GET", &format!("/v1/payment_intents/{id}"), &headers, "");
    match state.lock().unwrap().payments.get(&id) {
        Some(payment) => axum::Json(payment.clone()).into_response(),
        None => {
            let error = json!({ "type": "invalid_request_error", "code": "resource_missing", "message": "No such payment_intent" });
            refused(StatusCode::NOT_FOUND, error)
        }
    }
}

async fn create_payment(State(state): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    note(&state, "POST", "/v1/payment_intents", &headers, &body);
    if !authorized(&headers) {
        return wrong_key();
    }
    let form = form(&body);
    let wish = form.get("description").map(String::as_str).unwrap_or_default();
    if wish == "decline" {
        let error = json!({ "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "Your card has insufficient funds." });
        return refused(StatusCode::PAYMENT_REQUIRED, error);
    }
    if wish == "slow" {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let payment = keep(&mut state.lock().unwrap(), &headers, &form);
    match wish {
        "lose" => Response::new(Body::from_stream(broken_stream())),
        "crash" => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, json!({ "type": "api_error", "message": "Something broke." }))
        }
        "echo" => {
            let mut echoed = payment;
            echoed["description"] = json!(headers.get("authorization").and_then(|value| value.to_str().ok()));
            axum::Json(echoed).into_response()
        }
        "huge" => Response::new(Body::from(vec![b' '; 16 << 20])),
        _ => axum::Json(payment).into_response(),
    }
}

/// A body that breaks off, so that the client never sees a whole answer.
fn broken_stream() -> impl futures_core::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::iter([Ok(Bytes::from_static(b"{\"id\":")), Err(std::io::Error::other("gone"))])
}

fn keep(known: &mut Known, headers: &HeaderMap, form: &BTreeMap<String, String>) -> Value {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(id) = key.as_ref().and_then(|key| known.by_key.get(key)) {
        return known.payments[id].clone();
    }
    let id = format!("pi_{:04}", known.payments.len() + 1);
    let field = |name: &str| form.get(name).cloned();
    let payment = json!({
        "id": id, "object": "payment_intent", "status": "succeeded", "created": 1_700_000_000, "livemode": false,
        "amount": field("amount").and_then(|text| text.parse::<i64>().ok()), "amount_received": field("amount").and_then(|text| text.parse::<i64>().ok()),
        "currency": field("currency"), "customer": field("customer"), "description": field("description"), "metadata": {},
    });
    known.payments.insert(id.clone(), payment.clone());
    if let Some(key) = key {
        known.by_key.insert(key, id);
    }
    payment
}

fn authorized(headers: &HeaderMap) -> bool {
    let expected = format!("Bearer {}", super::canary::SECRET_KEY);
    headers.get("authorization").is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn wrong_key() -> Response {
    refused(StatusCode::UNAUTHORIZED, json!({ "type": "invalid_request_error", "message": "Invalid API Key" }))
}

fn refused(status: StatusCode, error: Value) -> Response {
    (status, axum::Json(json!({ "error": error }))).into_response()
}

fn note(state: &Mutex<Known>, method: &str, path: &str, headers: &HeaderMap, body: &str) {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let seen = Seen { method: method.to_owned(), path: path.to_owned(), headers, body: body.to_owned() };
    state.lock().unwrap().requests.push(seen);
}

fn form(body: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}
