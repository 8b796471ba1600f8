//! What a rehearsed call meets in the place of the provider: each request is answered as it was
//! when the call was recorded. It has no socket, and no secret.

use std::sync::{Mutex, PoisonError};

use gatehouse_domain::cassette::{Asked, Cassette, Exchange};
use gatehouse_runtime::Egress;
use gatehouse_runtime::egress::{BoxFuture, Request, Response, SendError};
use gatehouse_runtime::tape::convert;

/// The recorded exchanges of a call, being given again.
pub(super) struct Stage {
    exchanges: Vec<Exchange>,
    made: Mutex<Vec<Made>>,
}

/// A request that was made, with the place of the recorded one whose answer it got.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    pub(super) request: Asked,
    pub(super) place: Option<usize>,
}

impl Stage {
    /// What was recorded.
    pub(super) fn of(cassette: &Cassette) -> Self {
        Self { exchanges: cassette.effects.exchanges.clone(), made: Mutex::default() }
    }

    /// The requests so far, in their order.
    pub(super) fn requests(&self) -> Vec<Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, request: &Request) -> Result<Response, SendError> {
        let request = convert::asked(request);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self.place(&request, &made);
        let answer = match place.and_then(|place| self.exchanges.get(place)) {
            Some(exchange) => convert::given(&exchange.response),
            None => Err(SendError::Denied(format!(
                "the recording has no answer to `{} {}`: the recorded call did not ask for it",
                request.method,
                path_of(&request)
            ))),
        };
        made.push(Made { request, place });
        answer
    }

    /// Which recorded request this one is: the very same before one that is alike, and of several
    /// the first that was not made yet. What only reads may be read again.
    fn place(&self, request: &Asked, made: &[Made]) -> Option<usize> {
        let free = |place: usize| !made.iter().any(|made| made.place == Some(place));
        let find = |fits: &dyn Fn(usize, &Asked) -> bool| {
            self.exchanges.iter().enumerate().position(|(place, known)| fits(place, &known.request))
        };
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        find(&|place, known| free(place) && known == request)
            .or_else(|| find(&|place, known| free(place) && alike(known, request)))
            .or_else(|| find(&|_, known| reads && known == request))
    }
}

impl Egress for Stage {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        let answer = self.answer(&request);
        Box::pin(async move { answer })
    }

    fn scrub_text(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// Whether two requests go to the same place.
pub(super) fn alike(one: &Asked, other: &Asked) -> bool {
    one.method == other.method && path_of(one) == path_of(other)
}

/// The URL without its query.
pub(super) fn path_of(request: &Asked) -> &str {
    request.url.split('?').next().unwrap_or_default()
}
