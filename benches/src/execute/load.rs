//! The load: connections that are kept, each with one request after the other.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use super::story::Call;
use crate::samples::Samples;

/// A request to make again and again.
#[derive(Clone)]
pub(crate) struct Order {
    address: String,
    path: String,
    authorization: String,
    body: Bytes,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// After this many requests over all connections.
    Calls(usize),
    /// After this time; requests on the way are awaited.
    Time(Duration),
}

impl Order {
    /// A call of an integration of the server at `origin`.
    pub(crate) fn to(origin: &str, integration: &str, token: &str, call: &Call) -> Self {
        let body = json!({ "capability": call.capability, "parameters": call.parameters });
        Self {
            address: origin.trim_start_matches("http://").to_owned(),
            path: format!("/api/v1/integrations/{integration}/execute"),
            authorization: format!("Bearer {token}"),
            body: Bytes::from(body.to_string()),
        }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        Request::post(&self.path)
            .header(HOST, &self.address)
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(self.body.clone()))
            .unwrap()
    }
}

/// Makes requests until the bound. One that does not succeed ends the benchmark.
pub(crate) async fn run(order: &Order, connections: usize, bound: Bound) -> Samples {
    let (calls, end) = match bound {
        Bound::Calls(calls) => (calls.div_ceil(connections), None),
        Bound::Time(time) => (usize::MAX, Some(Instant::now() + time)),
    };
    let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(connection(order.clone(), calls, end))).collect();
    let mut times = Samples::default();
    for task in tasks {
        times.append(task.await.unwrap());
    }
    times
}

async fn connection(order: Order, calls: usize, end: Option<Instant>) -> Samples {
    let mut sender = connect(&order.address).await;
    let mut times = Samples::default();
    while times.count() < calls && end.is_none_or(|end| Instant::now() < end) {
        let begun = Instant::now();
        one(&mut sender, order.request()).await;
        times.push(begun.elapsed());
    }
    times
}

/// A connection that is kept, for one order.
pub(crate) struct Kept {
    sender: SendRequest<Full<Bytes>>,
    order: Order,
}

impl Kept {
    /// Connects.
    pub(crate) async fn to(order: &Order) -> Self {
        Self { sender: connect(&order.address).await, order: order.clone() }
    }

    /// Makes the request once. Where it does not succeed the benchmark ends.
    pub(crate) async fn call(&mut self) {
        one(&mut self.sender, self.order.request()).await;
    }
}

/// A connection that is kept.
pub(crate) async fn connect(address: &str) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn one(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) {
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let done = body.windows(11).any(|part| part == br#""succeeded""#);
    assert!(status == 200 && done, "{status}: {}", String::from_utf8_lossy(&body));
}
