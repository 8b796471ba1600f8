//! The host's functions as a fixture plays them. Each test thread has its own session; without
//! one, a request is refused.

use std::cell::RefCell;

use super::compare;
use super::fixture::{Case, Context, Exchange, PlayedFailure, PlayedResponse};
use super::trial::Trouble;
use crate::Account;
use crate::bindings::host::gatehouse::plugin::http::{Body, HttpError, Request, Response};
use crate::bindings::host::gatehouse::plugin::log::Level;

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// One call's exchange as a fixture has it, and what did not fit it. Who calls a gateway in another way than
/// natively answers its requests with this.
#[derive(Debug, Default)]
pub struct Session {
    context: Context,
    exchange: Vec<Exchange>,
    /// From which request on the provider answers otherwise than the fixture says.
    trouble: Option<(usize, Trouble)>,
    played: usize,
    problems: Vec<String>,
    log: Vec<String>,
}

/// What a session has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where the requests differ from the fixture.
    pub problems: Vec<String>,
    /// The lines that were logged.
    pub log: Vec<String>,
    /// How many requests were sent.
    pub sent: usize,
}

/// Runs a call with the host's functions played by a session.
pub(super) fn with<R>(session: Session, call: impl FnOnce() -> R) -> (R, Seen) {
    SESSION.set(Some(session));
    let answer = call();
    (answer, SESSION.take().unwrap_or_default().finish())
}

/// Asks the running session, and `otherwise` where none is running.
fn ask<R>(otherwise: R, question: impl FnOnce(&mut Session) -> R) -> R {
    SESSION.with_borrow_mut(|session| match session {
        Some(session) => question(session),
        None => otherwise,
    })
}

pub(crate) fn settings() -> String {
    ask("{}".to_owned(), |session| session.context.settings.to_string())
}

pub(crate) fn idempotency_key() -> String {
    ask(String::new(), |session| session.context.idempotency_key.clone())
}

pub(crate) fn attempt() -> u32 {
    ask(1, |session| session.context.attempt)
}

pub(crate) fn remaining_ms() -> u64 {
    30_000
}

pub(crate) fn account() -> Option<Account> {
    ask(None, |session| session.context.account.clone())
}

pub(crate) fn write_log(level: Level, message: &str, fields: &[(String, String)]) {
    let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    ask((), |session| session.log.push(format!("{level:?}: {message}{fields}")));
}

pub(crate) fn send(request: Request) -> Result<Response, HttpError> {
    let refused = HttpError::Denied("no fixture is being played, so nothing can be sent".to_owned());
    ask(Err(refused), |session| session.send(&request))
}

impl Session {
    /// A session that answers as a case says.
    pub fn of(case: &Case) -> Self {
        Self { context: case.context.clone(), exchange: case.exchange.clone(), ..Self::default() }
    }

    /// As [`Session::of`], but for the answers from request `at` on: those are trouble.
    pub fn in_trouble(case: &Case, at: usize, trouble: Trouble) -> Self {
        Self { trouble: Some((at, trouble)), ..Self::of(case) }
    }

    /// Ends it: what the case has and was never sent is a problem, where there was no trouble.
    pub fn finish(self) -> Seen {
        let Self { mut problems, log, exchange, played, trouble, .. } = self;
        let left = exchange.iter().enumerate().skip(played).filter(|_| trouble.is_none());
        problems.extend(left.map(|(index, left)| {
            format!("exchange.json: $[{index}]: never sent: {} {}", left.request.method, left.request.path)
        }));
        Seen { problems, log, sent: played }
    }

    /// Answers one request.
    ///
    /// # Errors
    /// What the case says, or that it has another request in this place.
    pub fn send(&mut self, request: &Request) -> Result<Response, HttpError> {
        let index = self.played;
        if let Some((_, trouble)) = self.trouble.filter(|(at, _)| index >= *at) {
            self.played += 1;
            return trouble.answer(self.exchange.get(index));
        }
        let sent = format!("{} {}", compare::method(request), request.url);
        let Some(exchange) = self.exchange.get(index) else {
            let body = body_text(&request.body);
            self.problems.push(format!("exchange.json: $[{index}]: is not there, and this was sent: {sent}{body}"));
            return Err(HttpError::Denied(format!("the fixture expects no request {index}: {sent}")));
        };
        self.played += 1;
        let differences = compare::request(&exchange.request, request);
        if !differences.is_empty() {
            let differences = differences.into_iter().map(|text| format!("exchange.json: $[{index}].request{text}"));
            self.problems.extend(differences);
            return Err(HttpError::Denied(format!("the fixture expects another request {index} than {sent}")));
        }
        answer(exchange)
    }
}

fn answer(exchange: &Exchange) -> Result<Response, HttpError> {
    match (&exchange.response, exchange.failure) {
        (Some(response), _) => Ok(played(response)),
        (None, Some(PlayedFailure::Timeout)) => Err(HttpError::Timeout),
        (None, Some(PlayedFailure::Interrupted)) => Err(HttpError::Interrupted("connection reset".to_owned())),
        (None, Some(PlayedFailure::TooLarge)) => Err(HttpError::TooLarge(16_777_217)),
        (None, Some(PlayedFailure::Connect) | None) => Err(HttpError::Connect("connection refused".to_owned())),
    }
}

pub(super) fn played(response: &PlayedResponse) -> Response {
    let mut headers: Vec<_> =
        response.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let body = match (&response.json, &response.text) {
        (Some(json), _) => {
            if !headers.iter().any(|(name, _)| name == "content-type") {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            json.to_string().into_bytes()
        }
        (None, text) => text.clone().unwrap_or_default().into_bytes(),
    };
    Response { status: response.status, headers, body }
}

fn body_text(body: &Body) -> String {
    match body {
        Body::Empty => String::new(),
        Body::Bytes(bytes) => format!(" with {} bytes", bytes.len()),
        Body::Json(json) => format!("\n  json {json}"),
        Body::Form(pairs) => pairs.iter().map(|(name, value)| format!("\n  form {name}={value}")).collect(),
    }
}
