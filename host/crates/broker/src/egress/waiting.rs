//! Tells of a request whether it still waits for a connection, in which case no byte of it has
//! left. In every doubt the answer is that it does not wait.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tower::{Layer, Service};

tokio::task_local! {
    /// The request that is being polled.
    static CURRENT: Waiting;
}

/// Whether one request waits for a connection.
#[derive(Debug, Clone)]
pub(crate) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// Of a request that was not begun, and so waits.
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Whether the request, as it was last polled, ended up waiting for its connection.
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs `request` and keeps the answer current.
    ///
    /// The client looks for a kept connection before it goes on making a new one. So where the
    /// making was polled and is not done, the request has none of either kind; where it was not
    /// polled, the request may have found one.
    pub(crate) async fn watch<F: Future>(&self, request: F) -> F::Output {
        let mut request = pin!(CURRENT.scope(self.clone(), request));
        poll_fn(|context| {
            self.0.store(false, Ordering::Relaxed);
            request.as_mut().poll(context)
        })
        .await
    }
}

/// Goes around what makes connections and notes for which request one is being made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoteWaiting;

impl<S> Layer<S> for NoteWaiting {
    type Service = Noted<S>;

    fn layer(&self, inner: S) -> Noted<S> {
        Noted(inner)
    }
}

/// A connector that notes.
#[derive(Clone)]
pub(crate) struct Noted<S>(S);

impl<S, R> Service<R> for Noted<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.0.call(target);
        Box::pin(async move {
            let mut connecting = pin!(connecting);
            poll_fn(|context| {
                let polled = connecting.as_mut().poll(context);
                if polled.is_pending() {
                    // Outside of any request a connection is finished for whoever comes next.
                    _ = CURRENT.try_with(|request| request.0.store(true, Ordering::Relaxed));
                }
                polled
            })
            .await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::sync::oneshot;
    use tower::service_fn;

    use super::*;

    type Made = Result<(), oneshot::error::RecvError>;

    fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Making a connection that is ready when the other half says so.
    fn connecting() -> (oneshot::Sender<()>, Pin<Box<dyn Future<Output = Made> + Send>>) {
        let (ready, wait) = oneshot::channel();
        let mut connector = NoteWaiting.layer(service_fn(|wait: oneshot::Receiver<()>| wait));
        (ready, connector.call(wait))
    }

    #[test]
    fn a_request_waits_until_it_has_its_connection() {
        let (connected, connecting) = connecting();
        let (answered, answer) = oneshot::channel::<()>();
        let waiting = Waiting::new();
        let mut request = Box::pin(waiting.watch(async { (connecting.await, answer.await) }));
        assert!(waiting.is(), "not begun");
        assert!(poll(&mut request).is_pending() && waiting.is());
        assert!(poll(&mut request).is_pending() && waiting.is());
        connected.send(()).unwrap();
        assert!(poll(&mut request).is_pending() && !waiting.is());
        answered.send(()).unwrap();
        assert!(poll(&mut request).is_ready() && !waiting.is());
    }

    #[test]
    fn a_request_that_took_a_kept_connection_does_not_wait() {
        let (_connected, connecting) = connecting();
        let (found, kept) = oneshot::channel::<()>();
        let waiting = Waiting::new();
        let race = async {
            let (mut kept, mut connecting) = (Box::pin(kept), connecting);
            poll_fn(|context| match kept.as_mut().poll(context) {
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => connecting.as_mut().poll(context).map(|_| ()),
            })
            .await;
            // As the client does, what is half made is finished elsewhere.
            (connecting, std::future::pending::<()>().await)
        };
        let mut request = Box::pin(waiting.watch(race));
        assert!(poll(&mut request).is_pending() && waiting.is());
        found.send(()).unwrap();
        assert!(poll(&mut request).is_pending() && !waiting.is());
    }

    #[test]
    fn a_connection_made_for_no_one_is_noted_for_no_one() {
        let (connected, mut connecting) = connecting();
        assert!(poll(&mut connecting).is_pending());
        connected.send(()).unwrap();
        assert!(poll(&mut connecting).is_ready());
    }
}
