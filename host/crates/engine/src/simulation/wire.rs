//! A network between servers and a peer that is played: what becomes of each request, and of each
//! answer, is the dice's.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use gatehouse_broker::{Carry, Carrying, Uncarried};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{Duration, sleep};

use super::{Life, Trace};

/// A request that is sent.
pub(crate) type Sent = http::Request<Bytes>;
/// What a peer answers with.
pub(crate) type Answering = http::Response<Bytes>;

/// Somebody out there.
pub(crate) trait Peer: Send + Sync + 'static {
    /// What becomes of a request that a server sends now.
    fn fate(&self, number: u64, request: &Sent) -> Fate;

    /// Does what a request asks for.
    fn hear(&self, number: u64, request: &Sent) -> Answering;

    /// Learns that nobody waits for an answer any more, and whether somebody who lives heard it.
    fn over(&self, number: u64, request: &Sent, heard: bool);
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives after the first while, and its answer after the second.
    Arrives(Duration, Duration),
    /// There is no connection.
    Unconnected,
    /// The connection breaks before it arrives.
    BreaksBefore,
    /// It arrives, and the connection breaks before the answer does.
    BreaksAfter(Duration),
    /// Something in front of the peer answers with this status; whether the peer heard it first.
    Front(u16, bool),
}

/// One server's network. The number of a request is its own among those of all servers.
pub(crate) struct Wire {
    pub(crate) peer: Arc<dyn Peer>,
    pub(crate) life: Life,
    pub(crate) trace: Trace,
    pub(crate) count: Arc<AtomicU64>,
}

/// A request whose sender waits.
struct Waits {
    peer: Arc<dyn Peer>,
    life: Life,
    number: u64,
    request: Arc<Sent>,
    heard: bool,
}

impl Drop for Waits {
    fn drop(&mut self) {
        let heard = self.heard && !self.life.is_replaceable();
        self.peer.over(self.number, &self.request, heard);
    }
}

/// An answer of JSON.
pub(crate) fn answer(status: u16, body: &Value) -> Answering {
    let mut answer = http::Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
    answer
}

impl Carry for Wire {
    fn carry(&self, request: Sent) -> Carrying {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let (peer, life, trace) = (Arc::clone(&self.peer), self.life.clone(), self.trace.clone());
        Box::pin(async move {
            if life.is_replaceable() {
                return pending().await;
            }
            let fate = peer.fate(number, &request);
            trace.note(format!("request {number} {} {fate:?}", request.uri().path()));
            let request = Arc::new(request);
            let (played, sent) = (Arc::clone(&peer), Arc::clone(&request));
            let mut waits = Waits { peer, life: life.clone(), number, request, heard: false };
            let (told, outcome) = oneshot::channel();
            // Nobody who gives up takes back what he sent.
            tokio::spawn(async move {
                let outcome = carried(&*played, number, &sent, fate).await;
                told.send(outcome).ok();
            });
            let outcome = outcome.await;
            // To a server that is dead nothing is said, and what it was about goes on in none.
            if life.is_over() {
                return pending().await;
            }
            waits.heard = matches!(outcome, Ok(Ok(_)));
            trace.note(format!("answer {number} {}", if waits.heard { "heard" } else { "lost" }));
            outcome.unwrap_or_else(|_| Err(Uncarried::Interrupted("the peer is gone".to_owned())))
        })
    }
}

async fn carried(peer: &dyn Peer, number: u64, request: &Sent, fate: Fate) -> Result<Answering, Uncarried> {
    match fate {
        Fate::Arrives(there, back) => {
            sleep(there).await;
            let answer = peer.hear(number, request);
            sleep(back).await;
            Ok(answer)
        }
        Fate::Unconnected => Err(Uncarried::Unconnected("nobody there".to_owned())),
        Fate::BreaksBefore => Err(Uncarried::Interrupted("it broke".to_owned())),
        Fate::BreaksAfter(there) => {
            sleep(there).await;
            peer.hear(number, request);
            Err(Uncarried::Interrupted("it broke".to_owned()))
        }
        Fate::Front(status, arrived) => {
            if arrived {
                peer.hear(number, request);
            }
            Ok(answer(status, &Value::Null))
        }
    }
}
