//! The sandbox providers of a server: one for every integration that was made for them, each with
//! a memory of its own, behind one address. An integration's begins at `/<tenant>/<integration>`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use gatehouse_domain::Result;
use gatehouse_domain::id::{IntegrationId, TenantId};
use gatehouse_domain::manifest::WebhookRules;
use gatehouse_engine::Engine;
use gatehouse_engine::sandbox::{Sandboxed, sample_credentials};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::sandbox::events::Delivery;
use crate::sandbox::fixture::Fixtures;
use crate::sandbox::ledger::Provider;
use crate::sandbox::serve::{Shared, answer_to, plain, until_stopped};
use crate::sandbox::{Options, sign};

/// How many integrations have a memory at a time; the one that was not asked for longest goes first.
const MOST: usize = 256;
/// How long the server may take to accept a delivery.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where an integration's provider begins.
type Place = (TenantId, IntegrationId);

/// All of them.
#[derive(Clone)]
struct House(Arc<Inner>);

struct Inner {
    engine: Engine,
    /// Where the server itself listens, for deliveries.
    server: String,
    http: reqwest::Client,
    rooms: Mutex<Rooms>,
    stopped: watch::Receiver<bool>,
}

/// The memories in use, the latest last.
#[derive(Default)]
struct Rooms(Vec<(Place, Arc<Room>)>);

/// What is needed to be one integration's provider.
struct Room {
    shared: Shared,
    hook: Option<Hook>,
}

/// Where events go and how they are signed.
struct Hook {
    rules: WebhookRules,
    /// The address that the tenant gave to the provider, as signatures may cover it.
    url: String,
    path: String,
    credentials: BTreeMap<String, String>,
}

/// Serves the providers until `stopped` turns true.
pub(crate) async fn serve(listener: TcpListener, engine: Engine, server: String, stopped: watch::Receiver<bool>) {
    crate::tls::choose_provider();
    // Deliveries never leave this machine, and nothing between may see them.
    let http = match reqwest::Client::builder().no_proxy().timeout(PATIENCE).build() {
        Ok(http) => http,
        Err(error) => return tracing::error!(%error, "the sandbox can not send events"),
    };
    let inner = Inner { engine, server, http, rooms: Mutex::default(), stopped: stopped.clone() };
    let router = Router::new().fallback(answer).with_state(House(Arc::new(inner)));
    let served = axum::serve(listener, router).with_graceful_shutdown(until_stopped(stopped)).await;
    if let Err(error) = served {
        tracing::error!(%error, "the sandbox stopped serving");
    }
}

async fn answer(State(house): State<House>, mut request: Request) -> Response<Body> {
    let Some((place, rest)) = split(request.uri().path_and_query().map_or("/", |whole| whole.as_str())) else {
        return plain(
            StatusCode::NOT_FOUND,
            "this is the sandbox; integrations made for it have their address in their settings",
        );
    };
    let Ok(uri) = rest.parse() else { return plain(StatusCode::BAD_REQUEST, "the address can not be read") };
    *request.uri_mut() = uri;
    let room = match house.room(place).await {
        Ok(room) => room,
        Err(error) => {
            tracing::warn!(%error, "the sandbox has no such integration");
            return plain(StatusCode::NOT_FOUND, "there is no such integration in this sandbox");
        }
    };
    let (response, events) = answer_to(&room.shared, request).await;
    for event in events {
        tokio::spawn(house.clone().tell(Arc::clone(&room), event));
    }
    response
}

/// The integration of an address, and the provider's own path and query.
fn split(whole: &str) -> Option<(Place, String)> {
    let mut parts = whole.strip_prefix('/')?.splitn(3, '/');
    let (tenant, integration) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(((tenant, integration), format!("/{}", parts.next().unwrap_or_default())))
}

impl House {
    async fn room(&self, place: Place) -> Result<Arc<Room>> {
        if let Some(room) = self.rooms(|rooms| rooms.find(place)) {
            return Ok(room);
        }
        let found = self.0.engine.sandboxed(place.0, place.1).await?;
        let room = Arc::new(Room::new(found, self.0.stopped.clone())?);
        // Another request may have been first: what it made is the one.
        Ok(self.rooms(|rooms| rooms.find(place).unwrap_or_else(|| rooms.add(place, room))))
    }

    fn rooms<T>(&self, act: impl FnOnce(&mut Rooms) -> T) -> T {
        act(&mut self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends an event as the provider would.
    async fn tell(self, room: Arc<Room>, event: Delivery) {
        let Some(hook) = &room.hook else { return };
        let signed = sign(&hook.rules, &hook.url, &hook.credentials, event.headers, event.body.as_bytes());
        let headers = match signed {
            Ok(headers) => headers,
            // Some schemes can only be signed by the provider itself.
            Err(error) => return tracing::debug!(%error, "the sandbox can not sign an event"),
        };
        let request = self.0.http.post(format!("{}{}", self.0.server, hook.path)).body(event.body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => tracing::warn!(status = answer.status().as_u16(), "an event of the sandbox was refused"),
            Err(error) => tracing::warn!(error = %error.without_url(), "an event of the sandbox did not arrive"),
        }
    }
}

impl Rooms {
    fn find(&mut self, place: Place) -> Option<Arc<Room>> {
        let at = self.0.iter().position(|(other, _)| *other == place)?;
        let found = self.0.remove(at);
        let room = Arc::clone(&found.1);
        self.0.push(found);
        Some(room)
    }

    fn add(&mut self, place: Place, room: Arc<Room>) -> Arc<Room> {
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((place, Arc::clone(&room)));
        room
    }
}

impl Room {
    fn new(found: Sandboxed, stopped: watch::Receiver<bool>) -> Result<Self> {
        let manifest = &found.manifest;
        let credentials = sample_credentials(manifest)?;
        let provider = Provider::with_memory(Fixtures::from_json(&found.fixtures)?);
        let shared = Shared::new(provider, Options::of(manifest), stopped);
        let hook = manifest.webhook.clone().zip(found.webhook);
        let hook = hook.map(|(rules, (url, path))| Hook { rules, url, path, credentials });
        Ok(Self { shared, hook })
    }
}
