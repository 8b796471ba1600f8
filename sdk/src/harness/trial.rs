//! A provider in trouble: a fixture is played as it is up to one request, and from there on every answer is a
//! bad one. Whether what the gateway makes of it is right is judged elsewhere.

use super::dispatch::Answer;
use super::fixture::{Case, Exchange, PlayedResponse};
use super::session::Session;
use super::{Gateway, session};
use crate::bindings::host::gatehouse::plugin::http::{HttpError, Response};

/// What can go wrong with a request that was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// No connection was made.
    Unreachable,
    /// No answer came in time.
    Timeout,
    /// The connection broke after the request was sent.
    Interrupted,
    /// The answer is larger than the host passes on.
    TooLarge,
    /// 401: the credential is not accepted, or no longer.
    Unauthorized,
    /// 403: the credential may not do this.
    Forbidden,
    /// 429 with the wait of [`WAIT_SECONDS`].
    RateLimitedFor,
    /// 429 without a wait.
    RateLimited,
    /// 500 with an empty body; a write may have been done before it.
    ServerError,
    /// 502 with the page of a proxy.
    BadGateway,
    /// The status of a good answer with text that is not JSON.
    NotJson,
    /// A good answer that ends in the middle.
    Truncated,
    /// The status of a good answer with JSON of another shape.
    OtherShape,
}

/// What [`Trouble::RateLimitedFor`] asks to wait.
pub const WAIT_SECONDS: u64 = 7;

/// A page as proxies send it.
const PAGE: &str = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>";

impl Trouble {
    /// Every kind of trouble.
    pub const ALL: [Self; 13] = [
        Self::Unreachable,
        Self::Timeout,
        Self::Interrupted,
        Self::TooLarge,
        Self::Unauthorized,
        Self::Forbidden,
        Self::RateLimitedFor,
        Self::RateLimited,
        Self::ServerError,
        Self::BadGateway,
        Self::NotJson,
        Self::Truncated,
        Self::OtherShape,
    ];

    /// What comes in place of the answer that the fixture has.
    pub(super) fn answer(self, exchange: Option<&Exchange>) -> Result<Response, HttpError> {
        let good = exchange.and_then(|exchange| exchange.response.as_ref());
        let status = good.map_or(200, |good| good.status);
        match self {
            Self::Unreachable => Err(HttpError::Connect("connection refused".to_owned())),
            Self::Timeout => Err(HttpError::Timeout),
            Self::Interrupted => Err(HttpError::Interrupted("connection reset".to_owned())),
            Self::TooLarge => Err(HttpError::TooLarge(16_777_217)),
            Self::Unauthorized => Ok(response(401, &[], "")),
            Self::Forbidden => Ok(response(403, &[], "")),
            Self::RateLimitedFor => Ok(response(429, &[("retry-after", &WAIT_SECONDS.to_string())], "")),
            Self::RateLimited => Ok(response(429, &[], "")),
            Self::ServerError => Ok(response(500, &[], "")),
            Self::BadGateway => Ok(response(502, &[("content-type", "text/html")], PAGE)),
            Self::NotJson => Ok(response(status, &[("content-type", "text/html")], PAGE)),
            Self::Truncated => Ok(cut_off(good)),
            Self::OtherShape => Ok(response(status, &[("content-type", "application/json")], "\"of another shape\"")),
        }
    }
}

/// What came of a trial.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The gateway's answer; `None` where it does not know the function.
    pub answer: Option<Answer>,
    /// How many requests it sent, the good ones included.
    pub sent: usize,
}

/// Plays a case with trouble from request `at` on, counted from 0.
pub fn play<G: Gateway>(case: &Case, at: usize, trouble: Trouble) -> Trial {
    let session = Session::in_trouble(case, at, trouble);
    let (answer, seen) = session::with(session, || G::call(&case.function, &case.input));
    Trial { answer, sent: seen.sent }
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: body.as_bytes().to_vec() }
}

/// The first half of a good answer. One without a body is cut off before its first byte.
fn cut_off(good: Option<&PlayedResponse>) -> Response {
    let Some(good) = good else { return response(200, &[], "{") };
    let mut whole = session::played(good);
    whole.body.truncate(whole.body.len() / 2);
    whole
}
