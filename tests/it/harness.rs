//! What every test stands on. A [`Server`] that goes away is searched for secrets: each
//! answer, each log line and each file that it leaves behind.

pub(crate) mod artefacts;
pub(crate) mod authority;
pub(crate) mod books;
pub(crate) mod canary;
pub(crate) mod client;
pub(crate) mod contract;
pub(crate) mod faulty;
pub(crate) mod receiver;
pub(crate) mod server;
pub(crate) mod story;
pub(crate) mod upstream;

pub(crate) use authority::Authority;
pub(crate) use books::Books;
pub(crate) use client::Client;
pub(crate) use faulty::Faulty;
pub(crate) use receiver::{Receiver, Reply};
pub(crate) use server::Server;
pub(crate) use story::Story;
pub(crate) use upstream::Upstream;

use std::time::{Duration, Instant};

/// Polls until `found` gives something; fails with `what` after the bound.
pub(crate) async fn eventually<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(value) = found().await {
            return value;
        }
        assert!(Instant::now() < end, "{what} did not happen within 20 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
