//! An authorization server with the provider's API behind it. It rotates refresh tokens and revokes
//! the whole family where one is used twice, and it misbehaves on request. Every token and code
//! that it gives out begins with a secret that is searched for everywhere.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::canary::{SECRET_KEY, WEBHOOK_SECRET};

/// The client that it knows.
pub(crate) const CLIENT: &str = "client-1";

/// The server. It stops when it is dropped.
pub(crate) struct Authority {
    pub(crate) origin: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    known: Mutex<Known>,
    asked: Notify,
    released: Notify,
    /// A clone for each request that was carried out and waits to be answered.
    unanswered: Arc<()>,
}

/// What it knows and how it behaves.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) mode: Mode,
    /// `expires_in` of the tokens; none where it does not say.
    pub(crate) expires_in: Option<Value>,
    /// Further fields of a good answer.
    pub(crate) extra: BTreeMap<&'static str, Value>,
    /// The grant types that were asked with, and whether a token was given.
    pub(crate) asked: Vec<(String, bool)>,
    /// How often a refresh token came that had been used.
    pub(crate) reused: usize,
    /// The tokens that were given back.
    pub(crate) revoked: Vec<String>,
    /// The assertions that were shown.
    pub(crate) assertions: Vec<String>,
    /// Which process asks, as the test counts them.
    pub(crate) life: usize,
    /// How long it takes from the deed to the answer.
    pub(crate) lag: Duration,
    access: HashSet<String>,
    refresh: Option<String>,
    /// The refresh tokens that were used, each with the lives in which it was shown.
    spent: HashMap<String, Vec<usize>>,
    codes: HashMap<String, (String, String)>,
    count: usize,
}

/// How the token endpoint behaves.
#[derive(Debug, Clone, Default)]
pub(crate) enum Mode {
    #[default]
    Well,
    /// Answers this, having done nothing.
    Says(u16, String),
    /// Sends the client elsewhere.
    Elsewhere(String),
    /// Does its work and answers when it is released.
    Held,
    /// Does its work and never answers.
    MuteAfter,
    /// Does nothing and never answers.
    MuteBefore,
}

impl Authority {
    pub(crate) async fn start() -> Self {
        let known = Known { expires_in: Some(json!(3600)), ..Known::default() };
        let shared = Arc::new(Shared {
            known: Mutex::new(known),
            asked: Notify::new(),
            released: Notify::new(),
            unanswered: Arc::default(),
        });
        let router = Router::new()
            .route("/oauth/authorize", get(authorize))
            .route("/oauth/token", post(token))
            .route("/oauth/revoke", post(revoke))
            .route("/v1/account", get(account))
            .route("/v1/balance", get(balance))
            .route("/v1/payment_intents/{id}", get(payment))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, shared, task }
    }

    /// What it knows, to look at and to change.
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap()
    }

    /// How often a token was asked for with a grant, and how often it was given.
    pub(crate) fn count(&self, grant: &str) -> (usize, usize) {
        let known = self.known();
        let of_it: Vec<bool> = known.asked.iter().filter(|(kind, _)| kind == grant).map(|(_, given)| *given).collect();
        (of_it.len(), of_it.iter().filter(|given| **given).count())
    }

    /// How many requests for tokens were carried out and are not answered yet.
    pub(crate) fn unanswered(&self) -> usize {
        Arc::strong_count(&self.shared.unanswered) - 1
    }

    /// In which lives each token was shown that was shown more than once.
    pub(crate) fn shown_again(&self) -> Vec<Vec<usize>> {
        self.known().spent.values().filter(|lives| lives.len() > 1).cloned().collect()
    }

    /// Refuses every access token that it gave out so far.
    pub(crate) fn forget_access(&self) {
        self.known().access.clear();
    }

    /// Lets an answer go that is held.
    pub(crate) fn release(&self) {
        self.shared.released.notify_one();
    }

    /// Waits until the token endpoint was asked.
    pub(crate) async fn was_asked(&self) {
        tokio::time::timeout(Duration::from_secs(20), self.shared.asked.notified()).await.unwrap();
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Its = State<Arc<Shared>>;

/// Agrees at once, as a person would.
async fn authorize(State(shared): Its, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let mut known = shared.known.lock().unwrap();
    known.count += 1;
    let code = format!("{WEBHOOK_SECRET}-code-{}", known.count);
    let challenge = asked.get("code_challenge").cloned().unwrap_or_default();
    known.codes.insert(code.clone(), (challenge, asked["redirect_uri"].clone()));
    let mut back = url::Url::parse(&asked["redirect_uri"]).unwrap();
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked["state"]);
    (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response()
}

async fn token(State(shared): Its, headers: HeaderMap, body: Bytes) -> Response {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let grant = form.get("grant_type").cloned().unwrap_or_default();
    let mode = shared.known.lock().unwrap().mode.clone();
    let mute = matches!(mode, Mode::MuteAfter | Mode::MuteBefore);
    let held = matches!(mode, Mode::Held);
    let answer = match mode {
        Mode::Well | Mode::Held | Mode::MuteAfter => {
            let (answer, lag) = {
                let mut known = shared.known.lock().unwrap();
                let answer = known.give(&grant, &form, &headers);
                known.asked.push((grant, answer.is_ok()));
                (answer, known.lag)
            };
            if !lag.is_zero() {
                let _under_way = Arc::clone(&shared.unanswered);
                tokio::time::sleep(lag).await;
            }
            answer.map_or_else(refuse, |good| Json(good).into_response())
        }
        Mode::Says(status, text) => {
            shared.known.lock().unwrap().asked.push((grant, false));
            (StatusCode::from_u16(status).unwrap(), text).into_response()
        }
        Mode::Elsewhere(place) => {
            shared.known.lock().unwrap().asked.push((grant, false));
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        Mode::MuteBefore => {
            shared.known.lock().unwrap().asked.push((grant, false));
            refuse("never sent")
        }
    };
    shared.asked.notify_one();
    if held {
        shared.released.notified().await;
    }
    if mute {
        std::future::pending::<()>().await;
    }
    answer
}

fn refuse(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}

impl Known {
    fn give(
        &mut self,
        grant: &str,
        form: &BTreeMap<String, String>,
        headers: &HeaderMap,
    ) -> Result<Value, &'static str> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
            self.assertions.push(field("assertion").to_owned());
            return Ok(self.issue(false));
        }
        if !is_client(headers) {
            return Err("invalid_client");
        }
        match grant {
            "client_credentials" => Ok(self.issue(false)),
            "authorization_code" => {
                let (challenge, redirect) = self.codes.remove(field("code")).ok_or("invalid_grant")?;
                let verified = challenge == challenge_of(field("code_verifier"));
                if !verified || redirect != field("redirect_uri") {
                    return Err("invalid_grant");
                }
                Ok(self.issue(true))
            }
            "refresh_token" => {
                let given = field("refresh_token").to_owned();
                if let Some(lives) = self.spent.get_mut(&given) {
                    lives.push(self.life);
                    self.reused += 1;
                    self.access.clear();
                    self.refresh = None;
                }
                if self.refresh.as_ref() != Some(&given) {
                    return Err("invalid_grant");
                }
                self.spent.insert(given, vec![self.life]);
                Ok(self.issue(true))
            }
            _ => Err("unsupported_grant_type"),
        }
    }

    fn issue(&mut self, refresh: bool) -> Value {
        self.count += 1;
        let access = format!("{SECRET_KEY}-access-{}", self.count);
        self.access.insert(access.clone());
        let mut answer = json!({ "access_token": access, "token_type": "Bearer", "team": { "id": "T1" } });
        if refresh {
            let token = format!("{SECRET_KEY}-refresh-{}", self.count);
            answer["refresh_token"] = json!(token);
            self.refresh = Some(token);
        }
        if let Some(seconds) = &self.expires_in {
            answer["expires_in"] = seconds.clone();
        }
        for (name, value) in &self.extra {
            answer[*name] = value.clone();
        }
        answer
    }
}

async fn revoke(State(shared): Its, body: Bytes) -> Response {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let mut known = shared.known.lock().unwrap();
    known.revoked.push(form["token"].clone());
    known.access.clear();
    StatusCode::OK.into_response()
}

async fn account(State(shared): Its, headers: HeaderMap) -> Response {
    if !shared.lets_in(&headers) {
        return unauthorized();
    }
    Json(json!({ "id": "acct_1", "object": "account", "business_profile": { "name": "Acme" } })).into_response()
}

async fn balance(State(shared): Its, headers: HeaderMap) -> Response {
    if !shared.lets_in(&headers) {
        return unauthorized();
    }
    Json(json!({ "object": "balance", "livemode": false, "available": [], "pending": [] })).into_response()
}

async fn payment(State(shared): Its, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !shared.lets_in(&headers) {
        return unauthorized();
    }
    Json(json!({
        "id": id, "object": "payment_intent", "status": "succeeded", "created": 1_700_000_000, "livemode": false,
        "amount": 5, "amount_received": 5, "currency": "eur", "customer": null, "description": "x", "metadata": {},
    }))
    .into_response()
}

fn unauthorized() -> Response {
    let error = json!({ "error": { "type": "invalid_request_error", "message": "Invalid token" } });
    (StatusCode::UNAUTHORIZED, Json(error)).into_response()
}

impl Shared {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = given.strip_prefix("Bearer ").unwrap_or_default();
        self.known.lock().unwrap().access.contains(token)
    }
}

fn is_client(headers: &HeaderMap) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET_KEY}")));
    headers.get("authorization").is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()))
}
