//! The last step of a request's way out: connections over the network take it to its server, or
//! what stands in their place. What comes here is judged and signed, and nothing changes it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::{Client, Request, Response};

use super::resolve::Refused;

/// What [`Carry::carry`] answers.
pub type Carrying = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, Uncarried>> + Send>>;

/// Carries requests to servers. Connections over the network do, unless a simulation brings a
/// network of its own.
pub trait Carry: Send + Sync + 'static {
    /// Takes a request to its server and brings the whole answer. Dropping what it gives is how
    /// somebody stops waiting: the server may have seen the request.
    fn carry(&self, request: http::Request<Bytes>) -> Carrying;
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncarried {
    /// The name leads where nothing may go.
    Denied(String),
    /// There was no connection: the server has not seen the request.
    Unconnected(String),
    /// The connection broke after the request was sent.
    Interrupted(String),
}

impl fmt::Display for Uncarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(text) => write!(f, "denied: {text}"),
            Self::Unconnected(text) => write!(f, "no connection: {text}"),
            Self::Interrupted(text) => write!(f, "interrupted: {text}"),
        }
    }
}

impl std::error::Error for Uncarried {}

/// What a connection is said to be that was not made while there was time.
pub(crate) const UNCONNECTED: &str = "no connection was made in time";

/// How an owner's requests get to their servers.
#[derive(Clone)]
pub(crate) enum Way {
    /// Over connections of the owner's own.
    Connections(Client),
    /// As somebody else does it.
    Carried(Arc<dyn Carry>),
}

impl Way {
    /// Sends a request and waits for the answer's head.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, Uncarried> {
        match self {
            Self::Connections(client) => client.execute(request).await.map_err(classify),
            Self::Carried(carrier) => carrier.carry(plain(request)).await.map(Response::from),
        }
    }
}

fn plain(request: Request) -> http::Request<Bytes> {
    let body = request.body().and_then(|body| body.as_bytes()).map(Bytes::copy_from_slice).unwrap_or_default();
    let mut plain = http::Request::new(body);
    *plain.method_mut() = request.method().clone();
    // What is judged is also what a client could send, so it reads as a URI.
    *plain.uri_mut() = request.url().as_str().parse().unwrap_or_default();
    *plain.headers_mut() = request.headers().clone();
    plain
}

fn classify(error: reqwest::Error) -> Uncarried {
    // Its URL can hold a credential.
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        if let Some(Refused(text)) = source.downcast_ref() {
            return Uncarried::Denied(text.clone());
        }
        cause = source;
    }
    // Below the library's own words is what the system or the TLS layer said.
    let text = cause.to_string();
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => Uncarried::Unconnected(UNCONNECTED.to_owned()),
        (true, false) => Uncarried::Unconnected(text),
        (false, _) => Uncarried::Interrupted(text),
    }
}
