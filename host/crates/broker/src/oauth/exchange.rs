//! One request to an authorization server: bounded in time and size, no redirect followed, and
//! nothing of it in any text.

use gatehouse_domain::manifest::oauth::TokenBody;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use url::{Url, form_urlencoded};
use zeroize::{Zeroize as _, Zeroizing};

use super::answer::TokenError;
use super::ask::Asking;
use super::client::Pairs;
use crate::broker::Broker;
use crate::egress::carry::Uncarried;
use crate::egress::client::Owner;
use crate::egress::receive;
use crate::egress::waiting::Waiting;
use crate::message::SendError;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 256 << 10;
const AGENT: &str = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));

/// A request to an authorization server.
pub(super) struct Exchange {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<(TokenBody, Pairs)>,
}

/// What it answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Broker {
    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(&self, asking: &Asking<'_>, exchange: Exchange) -> Result<Reply, TokenError> {
        let owner = Owner {
            tenant: asking.tenant,
            integration: Some(asking.integration),
            origin: asking.places.origin.clone(),
        };
        let way = self.shared.clients.way_of(&owner).map_err(TokenError::Busy)?;
        let host = exchange.url.host_str().unwrap_or_default().to_owned();
        let request = assemble(exchange);
        let waiting = Waiting::new();
        let answer = timeout_at(asking.deadline, waiting.watch(way.send(request))).await;
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(unsent(error, &host)),
            Err(_) if waiting.is() => return Err(TokenError::Busy(format!("no connection to {host} in time"))),
            Err(_) => return Err(TokenError::Lost(format!("{host} did not answer in time"))),
        };
        let status = response.status().as_u16();
        let lost = |error: SendError| TokenError::Lost(format!("the answer of {host} was lost: {error}"));
        let body = timeout_at(asking.deadline, receive::body(&mut response, LARGEST)).await;
        let body = body.map_err(|_| lost(SendError::Timeout))?.map_err(lost)?;
        Ok(Reply { status, body: Zeroizing::new(body) })
    }
}

/// The latest moment for a request that begins now and may take `most`.
pub(super) fn within(deadline: Instant, most: std::time::Duration) -> Instant {
    deadline.min(Instant::now() + most)
}

fn unsent(error: Uncarried, host: &str) -> TokenError {
    match error {
        Uncarried::Denied(text) => TokenError::Refused(format!("{host} may not be reached: {text}")),
        Uncarried::Unconnected(text) => TokenError::Busy(format!("no connection to {host}: {text}")),
        Uncarried::Interrupted(text) => TokenError::Lost(format!("the connection to {host}: {text}")),
    }
}

fn assemble(exchange: Exchange) -> reqwest::Request {
    let Exchange { method, url, mut headers, body } = exchange;
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let mut request = reqwest::Request::new(method, url);
    if let Some((form, pairs)) = body {
        let (kind, text) = match form {
            TokenBody::Form => ("application/x-www-form-urlencoded", form_of(&pairs)),
            TokenBody::Json => ("application/json", json_of(pairs)),
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        *request.body_mut() = Some(text.into());
    }
    *request.headers_mut() = headers;
    request
}

fn form_of(pairs: &Pairs) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs.iter().map(|(name, value)| (name, value.as_str())));
    form.finish()
}

fn json_of(pairs: Pairs) -> String {
    let mut fields: Map<String, Value> =
        pairs.into_iter().map(|(name, value)| (name, Value::from(value.as_str()))).collect();
    let text = serde_json::to_string(&fields).unwrap_or_default();
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            text.zeroize();
        }
    }
    text
}
