//! The seam to the broker: a call sends requests through this and sees plain data only.

use std::future::Future;
use std::pin::Pin;

pub use gatehouse_broker::{Body, Method, Request, Response, SendError};

/// A future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a call's requests go. The broker's session is one; a recorded exchange and a
/// test's script are others.
pub trait Egress: Send + Sync {
    /// Sends one request and waits for the whole answer.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>>;

    /// The text without any secret that this call's requests may carry.
    fn scrub_text(&self, text: &str) -> String;
}

impl Egress for gatehouse_broker::Session {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(self.send(request))
    }

    fn scrub_text(&self, text: &str) -> String {
        self.scrub_text(text)
    }
}

/// An egress that refuses everything, for code that must not send.
pub(crate) struct Closed;

impl Egress for Closed {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async { Err(SendError::Denied("nothing can be sent while a plugin is loaded".to_owned())) })
    }

    fn scrub_text(&self, text: &str) -> String {
        text.to_owned()
    }
}
