//! Sends one request, takes in the answer, and knows at every moment whether the provider can
//! have seen it.

use std::time::Duration;

use gatehouse_domain::execution::{CallFailure, ProviderCall, RateSeen};
use gatehouse_domain::trace::SPANS;
use http::HeaderMap;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span, field};

use super::Session;
use super::outgoing::Outgoing;
use crate::egress::carry::{UNCONNECTED, Uncarried, Way};
use crate::egress::waiting::Waiting;
use crate::egress::{headers, rate, receive};
use crate::message::{Method, Response, SendError};

const UNFINISHED: &str = "the call ended before the answer came";

impl Session {
    pub(super) async fn exchange(&self, way: &Way, outgoing: Outgoing) -> Result<Response, SendError> {
        let flight = Flight::begin(self, &outgoing);
        let until = self.deadline.min(Instant::now() + self.usage.left(&self.limits));
        let span = span_of(&outgoing);
        let mut head = Head::default();
        let what = (outgoing.method, outgoing.path.as_str());
        let answer = self.answer(way, outgoing.request, what, &flight.waiting, until, &mut head);
        let result = answer.instrument(span.clone().or_current()).await;
        tell(&span, head.status, &result);
        flight.end(head, &result);
        result
    }

    async fn answer(
        &self,
        way: &Way,
        request: reqwest::Request,
        (method, path): (Method, &str),
        waiting: &Waiting,
        until: Instant,
        seen: &mut Head,
    ) -> Result<Response, SendError> {
        let mut response = head(way, request, waiting, until).await?;
        let status = response.status().as_u16();
        *seen = Head { status: Some(status), rate: rate::seen(self.policy.rate(), status, response.headers()) };
        let received = timeout_at(until, receive::body(&mut response, self.limits.response_bytes)).await;
        let body = received.map_err(|_| SendError::Timeout)??;
        let body = match &self.passing {
            Some(passing) => {
                let left = passing.capture(method.as_str(), path, status, body);
                passing.passed.scrub(&left).unwrap_or(left)
            }
            None => body,
        };
        let mut found = false;
        let headers = self.pass_on(response.headers(), &mut found);
        let body = match self.scrubber().scrub(&body) {
            None => body,
            Some(clean) => {
                found = true;
                clean
            }
        };
        if found {
            tracing::warn!(
                tenant = %self.tenant,
                integration = %self.integration,
                status = response.status().as_u16(),
                "the provider sent a secret back; it was taken out of the answer"
            );
        }
        Ok(Response { status: response.status().as_u16(), headers, body })
    }

    fn pass_on(&self, given: &HeaderMap, found: &mut bool) -> Vec<(String, String)> {
        let mut passed = Vec::with_capacity(given.len());
        for (name, value) in given.iter().filter(|(name, _)| headers::is_passed_on(name)) {
            let clean = self.scrubber().scrub(value.as_bytes());
            *found |= clean.is_some();
            let value = clean.as_deref().unwrap_or(value.as_bytes());
            passed.push((self.scrub_text(name.as_str()), String::from_utf8_lossy(value).into_owned()));
        }
        passed
    }
}

/// The host and not the path, which can hold what a provider echoed. No header of the trace goes
/// along with the request: how we are built inside is no concern of a provider.
fn span_of(outgoing: &Outgoing) -> Span {
    tracing::info_span!(
        target: SPANS,
        "egress",
        otel.kind = "client",
        http.request.method = outgoing.method.as_str(),
        server.address = outgoing.request.url().host_str().unwrap_or_default(),
        http.request.body.size = outgoing.bytes,
        http.response.status_code = field::Empty,
        http.response.body.size = field::Empty,
        "error.type" = field::Empty,
        otel.status_code = field::Empty,
    )
}

fn tell(span: &Span, status: Option<u16>, result: &Result<Response, SendError>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status);
    }
    match result {
        Ok(response) => span.record("http.response.body.size", response.body.len()),
        Err(error) => span.record("error.type", error.word()).record("otel.status_code", "ERROR"),
    };
}

/// What an answer's head said, which is known even where its body never comes.
#[derive(Default)]
struct Head {
    status: Option<u16>,
    rate: Option<RateSeen>,
}

/// Waits for the answer's head. The client bounds the time for a connection within that.
async fn head(
    way: &Way,
    request: reqwest::Request,
    waiting: &Waiting,
    until: Instant,
) -> Result<reqwest::Response, SendError> {
    match timeout_at(until, waiting.watch(way.send(request))).await {
        Ok(answer) => answer.map_err(classify),
        Err(_) if waiting.is() => Err(SendError::Connect(UNCONNECTED.to_owned())),
        Err(_) => Err(SendError::Timeout),
    }
}

/// Sends a request that has no record of its own, and waits for the answer's head.
pub(crate) async fn head_of(
    way: &Way,
    request: reqwest::Request,
    until: Instant,
) -> Result<reqwest::Response, SendError> {
    head(way, request, &Waiting::new(), until).await
}

fn classify(error: Uncarried) -> SendError {
    match error {
        Uncarried::Denied(text) => SendError::Denied(text),
        Uncarried::Unconnected(text) => SendError::Connect(text),
        Uncarried::Interrupted(text) => SendError::Interrupted(text),
    }
}

/// A request under way. Dropped unfinished, as when the runtime stops a call, it still leaves
/// a record that says whether a write may have happened.
struct Flight<'s> {
    session: &'s Session,
    place: usize,
    waiting: Waiting,
    writes: bool,
    began: Instant,
    ended: bool,
}

impl<'s> Flight<'s> {
    fn begin(session: &'s Session, outgoing: &Outgoing) -> Self {
        let writes = !outgoing.reads;
        let place = session.usage.begin(ProviderCall {
            method: outgoing.method.as_str().to_owned(),
            url: outgoing.shown.clone(),
            status: None,
            error: Some(UNFINISHED.to_owned()),
            request_bytes: outgoing.bytes,
            response_bytes: 0,
            duration_us: 0,
            answer_lost: writes,
            reads: outgoing.reads && !outgoing.method.is_safe(),
            failure: Some(CallFailure::Timeout),
            rate: None,
        });
        Self { session, place, waiting: Waiting::new(), writes, began: Instant::now(), ended: false }
    }

    fn end(mut self, head: Head, result: &Result<Response, SendError>) {
        self.ended = true;
        let lost = self.writes && result.as_ref().is_err_and(SendError::may_have_arrived);
        self.record(|call| {
            call.status = head.status;
            call.rate = head.rate;
            call.error = result.as_ref().err().map(ToString::to_string);
            call.failure = result.as_ref().err().map(SendError::failure);
            call.response_bytes = result.as_ref().map_or(0, |response| response.body.len() as u64);
            call.answer_lost = lost;
        });
    }

    fn record(&self, record: impl FnOnce(&mut ProviderCall)) {
        let took: Duration = self.began.elapsed();
        self.session.usage.end(self.place, took, record);
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let unconnected = self.waiting.is();
            self.record(|call| {
                call.answer_lost = self.writes && !unconnected;
                call.failure = Some(if unconnected { CallFailure::Connect } else { CallFailure::Timeout });
            });
        }
    }
}
