//! A provider that loses answers, breaks off, is slow and answers 5xx, by a seed. It keeps books
//! on what it has really done, which is what our records have to agree with.
//!
//! It speaks HTTP by hand, since no server library resets a connection on request.

pub(crate) mod books;
pub(crate) mod fault;
mod hold;
mod http;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use books::{Books, Kept};
use fault::Fault;
use hold::Hold;
pub(crate) use hold::Step;
use http::{Asked, answer};

/// How long a slow one takes: longer than the calls of the tests may.
pub(crate) const SLOW: Duration = Duration::from_millis(1_600);

/// What a provider promises.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// What the faults follow from.
    pub(crate) seed: u64,
    /// How many of a hundred requests go wrong.
    pub(crate) faults: u64,
    /// Whether it answers a repeated idempotency key with the first result.
    pub(crate) remembers_keys: bool,
}

/// The provider. It stops when it is dropped.
pub(crate) struct Faulty {
    pub(crate) origin: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    rules: Rules,
    books: Mutex<Books>,
    hold: Hold,
}

impl Faulty {
    pub(crate) async fn start(rules: Rules) -> Self {
        let shared = Arc::new(Shared { rules, books: Mutex::default(), hold: Hold::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&serving), stream));
            }
        });
        Self { origin, shared, task }
    }

    /// What it has done.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.shared.books.lock().unwrap()
    }

    /// How many payments are being worked on.
    pub(crate) fn at_work(&self) -> usize {
        self.books().at_work()
    }

    /// Has requests wait when they come to a step, until they are let go.
    pub(crate) fn hold_at(&self, step: Step) {
        self.shared.hold.at(step);
    }

    /// How many wait.
    pub(crate) fn held(&self) -> usize {
        self.shared.hold.count()
    }

    /// Lets those go that wait. `goes_on` says whether they are carried on with or dropped.
    pub(crate) fn let_go(&self, goes_on: bool) {
        self.shared.hold.release(goes_on);
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    while let Ok(1..) = stream.peek(&mut [0]).await {
        if !shared.hold.pass(Step::Arrived).await {
            return;
        }
        let Some(asked) = Asked::read(&mut stream).await else { return };
        let goes_on = match asked.method.as_str() {
            "POST" => pay(&shared, &mut stream, &asked).await,
            _ => list(&shared, &mut stream, &asked).await,
        };
        if !goes_on {
            return;
        }
    }
}

/// Answers a payment. Whether the connection is kept.
async fn pay(shared: &Shared, stream: &mut TcpStream, asked: &Asked) -> bool {
    // Where keys are not remembered none is sent; the gateway keeps its own with the payment.
    let form = asked.form();
    let key = asked.header("idempotency-key").unwrap_or_else(|| form["metadata[gatehouse_key]"].clone());
    let nth = shared.books.lock().unwrap().see(&key);
    let fault = Fault::of(&shared.rules, &key, nth);
    if fault == Fault::CloseBefore {
        return false;
    }
    if fault == Fault::ResetBefore {
        return reset(stream);
    }
    if shared.rules.remembers_keys && !shared.books.lock().unwrap().begin(&key) {
        let error = json!({ "type": "invalid_request_error", "code": "idempotency_key_in_use", "message": "in use" });
        return send(stream, 409, &json!({ "error": error })).await;
    }
    let goes_on = shared.hold.pass(Step::Read).await;
    if goes_on && fault == Fault::SlowWork {
        tokio::time::sleep(SLOW).await;
    }
    let kept = goes_on.then(|| shared.books.lock().unwrap().carry_out(&key, &form, fault, shared.rules));
    shared.books.lock().unwrap().end(&key);
    let Some(kept) = kept else { return false };
    if !shared.hold.pass(Step::Done).await {
        return false;
    }
    let sent = deliver(stream, &kept, fault).await;
    shared.hold.pass(Step::Answered).await && sent
}

async fn deliver(stream: &mut TcpStream, kept: &Kept, fault: Fault) -> bool {
    match fault {
        Fault::CloseAfter | Fault::DeclineLost => false,
        Fault::ResetAfter => reset(stream),
        Fault::Truncate => {
            let whole = answer(kept.status, &kept.body);
            let half = whole.get(..whole.len() - 20).unwrap();
            stream.write_all(half).await.ok();
            false
        }
        Fault::SlowAnswer => {
            tokio::time::sleep(SLOW).await;
            send(stream, kept.status, &kept.body).await
        }
        Fault::Fail500After => send(stream, 500, &json!({ "error": { "type": "api_error", "message": "oops" } })).await,
        _ => send(stream, kept.status, &kept.body).await,
    }
}

/// The list of payments, newest first, in pages. It has its own bad moments.
async fn list(shared: &Shared, stream: &mut TcpStream, asked: &Asked) -> bool {
    let nth = shared.books.lock().unwrap().see("list");
    match Fault::of(&shared.rules, "list", nth) {
        Fault::CloseBefore | Fault::CloseAfter => return false,
        Fault::Fail500Before => return send(stream, 500, &json!({ "error": { "message": "oops" } })).await,
        Fault::Truncate => return reset(stream),
        _ => {}
    }
    let page = shared.books.lock().unwrap().page(&asked.query());
    send(stream, 200, &page).await
}

async fn send(stream: &mut TcpStream, status: u16, body: &serde_json::Value) -> bool {
    stream.write_all(&answer(status, body)).await.is_ok()
}

/// Ends the connection with a reset instead of an orderly close.
fn reset(stream: &TcpStream) -> bool {
    stream.set_zero_linger().ok();
    false
}
