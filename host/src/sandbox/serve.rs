//! The sandbox on the wire: reads a request whole, asks the provider's memory, and answers,
//! holds or breaks the connection as it says.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::sandbox::Options;
use crate::sandbox::events::Delivery;
use crate::sandbox::fixture::{self, Failure};
use crate::sandbox::given::Given;
use crate::sandbox::ledger::Provider;

/// The largest request that is read, in bytes.
const MAX_REQUEST: usize = 16 << 20;

/// What `too_large` sends, in chunks of 64 KiB: more than any host passes on.
const LARGE_CHUNKS: usize = 512;

/// A provider and how it behaves.
#[derive(Clone)]
pub(super) struct Shared {
    provider: Arc<Mutex<Provider>>,
    options: Arc<Options>,
    stopped: watch::Receiver<bool>,
}

impl Shared {
    /// A provider of its own.
    pub(super) fn new(provider: Provider, options: Options, stopped: watch::Receiver<bool>) -> Self {
        Self { provider: Arc::new(Mutex::new(provider)), options: Arc::new(options), stopped }
    }
}

/// Serves until `stopped` turns true.
pub(super) async fn run(
    listener: TcpListener,
    provider: Arc<Mutex<Provider>>,
    options: Options,
    stopped: watch::Receiver<bool>,
) {
    let shared = Shared { provider, options: Arc::new(options), stopped: stopped.clone() };
    let router = Router::new().fallback(answer).with_state(shared);
    let served = axum::serve(listener, router).with_graceful_shutdown(until_stopped(stopped)).await;
    if let Err(error) = served {
        tracing::warn!(%error, "the sandbox provider stopped serving");
    }
}

/// Ends when the sandbox stops, or is gone without having said so.
pub(super) async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn answer(State(shared): State<Shared>, request: Request) -> Result<Response<Body>, Infallible> {
    Ok(answer_to(&shared, request).await.0)
}

/// Answers a request, with what the provider tells of it by webhook.
pub(super) async fn answer_to(shared: &Shared, request: Request) -> (Response<Body>, Vec<Delivery>) {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_REQUEST).await else {
        return (plain(StatusCode::PAYLOAD_TOO_LARGE, "the request could not be read whole"), Vec::new());
    };
    let given = Given::of(&parts, &body, &shared.options);
    let (decided, events) = {
        let mut provider = shared.provider.lock().unwrap_or_else(PoisonError::into_inner);
        (provider.answer(&given), provider.events())
    };
    let response = match decided {
        Ok(response) => respond(&response),
        Err(Failure::Timeout) => hold(shared.options.hold, shared.stopped.clone()).await,
        Err(Failure::Interrupted | Failure::Connect) => interrupt(),
        Err(Failure::TooLarge) => flood(),
    };
    (response, events)
}

fn respond(answer: &fixture::Response) -> Response<Body> {
    let (kind, body) = match (&answer.json, &answer.text) {
        (Some(json), _) => (Some("application/json"), json.to_string()),
        (None, Some(text)) => (Some("text/plain; charset=utf-8"), text.clone()),
        (None, None) => (None, String::new()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = kind {
        headers.insert("content-type", HeaderValue::from_static(kind));
    }
    for (name, value) in &answer.headers {
        // The server frames the message itself.
        if name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding") {
            continue;
        }
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    response
}

/// Says nothing until the caller has given up, or the time is over.
async fn hold(time: Duration, stopped: watch::Receiver<bool>) -> Response<Body> {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = until_stopped(stopped) => {}
    }
    plain(StatusCode::GATEWAY_TIMEOUT, "the sandbox has held this connection for as long as it was told to")
}

/// Begins an answer and breaks the connection in the middle of it.
fn interrupt() -> Response<Body> {
    let begin = stream::once(async { Ok(Bytes::from_static(b"{\"id\":")) });
    let end = stream::once(async {
        // Lets the beginning leave before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::Error::other("the fixture says that the connection breaks"))
    });
    let mut response = Response::new(Body::from_stream(begin.chain(end)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response.headers_mut().insert("content-length", HeaderValue::from_static("1000"));
    response
}

fn flood() -> Response<Body> {
    let chunk = Bytes::from(vec![b' '; 64 << 10]);
    let chunks = stream::iter((0..LARGE_CHUNKS).map(move |_| Ok::<_, io::Error>(chunk.clone())));
    Response::new(Body::from_stream(chunks))
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}
