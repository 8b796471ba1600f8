//! Each limit, hit.

use std::time::{Duration, Instant};

use gatehouse_broker::{Body, Method, Request, SendError};

use crate::provider::{Provider, Reply, answer, json};
use crate::setup::{Setup, get, post};

fn check(result: Result<gatehouse_broker::Response, SendError>, name: &str) {
    match result {
        Err(SendError::Limit(text)) => assert!(text.starts_with(name), "{text}"),
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn requests_are_counted() {
    let provider = Provider::agreeable().await;
    let mut setup = Setup::at(&provider.origin);
    setup.limits.requests = 2;
    let session = setup.open();
    assert!(matches!(session.send(get("/v2/x")).await, Err(SendError::Denied(_))), "a denial uses nothing up");
    session.send(get("/v1/x")).await.unwrap();
    session.send(get("/v1/x")).await.unwrap();
    check(session.send(get("/v1/x")).await, "requests:");
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test]
async fn a_body_has_a_size() {
    let provider = Provider::agreeable().await;
    let mut setup = Setup::at(&provider.origin);
    setup.limits.request_bytes = 10;
    let session = setup.open();
    let sized = |size: usize| Request { body: Body::Bytes(vec![b'x'; size]), ..Request::new(Method::Post, "/v1/x") };
    session.send(sized(10)).await.unwrap();
    check(session.send(sized(11)).await, "request_bytes:");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_has_a_size_announced_or_not() {
    let announced = Provider::start(|_| Reply::Bytes(answer("200 OK", &[], &[b'x'; 101]))).await;
    let chunked = Provider::start(|_| {
        let chunk = [b"33\r\n".as_slice(), &[b'x'; 0x33], b"\r\n"].concat();
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".as_slice();
        Reply::Bytes([head, &chunk, &chunk, b"0\r\n\r\n"].concat())
    })
    .await;
    let until_closed =
        Provider::start(|_| Reply::Close([b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &[b'x'; 102]].concat())).await;
    for provider in [announced, chunked, until_closed] {
        let mut setup = Setup::at(&provider.origin);
        setup.limits.response_bytes = 100;
        let session = setup.open();
        assert_eq!(session.send(post("/v1/x", "{}")).await, Err(SendError::TooLarge(100)));
        let call = session.calls().remove(0);
        assert!(call.answer_lost && call.status == Some(200), "{call:?}");
        setup.limits.response_bytes = 102;
        assert!(setup.open().send(get("/v1/x")).await.is_ok());
    }
}

#[tokio::test]
async fn time_with_the_provider_adds_up() {
    let provider = Provider::start(|seen| match seen.line.contains("slow") {
        true => Reply::Stall(Vec::new()),
        false => json(b"{}"),
    })
    .await;
    let mut setup = Setup::at(&provider.origin);
    setup.limits.egress_ms = 150;
    let session = setup.open();
    session.send(get("/v1/x")).await.unwrap();
    let began = Instant::now();
    assert_eq!(session.send(post("/v1/slow", "{}")).await, Err(SendError::Timeout));
    assert!(began.elapsed() < Duration::from_secs(5));
    check(session.send(get("/v1/x")).await, "egress_ms:");
    assert!(session.calls()[1].answer_lost);
}

#[tokio::test]
async fn the_deadline_holds_for_head_and_body() {
    for reply in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
        let provider = Provider::start(move |_| Reply::Stall(reply.as_bytes().to_vec())).await;
        let mut setup = Setup::at(&provider.origin);
        setup.deadline = Duration::from_millis(150);
        let session = setup.open();
        assert_eq!(session.send(post("/v1/x", "{}")).await, Err(SendError::Timeout), "{reply:?}");
        check(session.send(get("/v1/x")).await, "wall_ms:");
    }
}

#[tokio::test]
async fn an_answers_head_is_bounded() {
    let with = |count: usize, size: usize| {
        let value = "v".repeat(size);
        let headers: String = (0..count).map(|n| format!("x-{n}: {value}\r\n")).collect();
        move |_: &crate::provider::Seen| {
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{headers}\r\n").into_bytes())
        }
    };
    for (count, size, fits) in [(99, 10, true), (101, 10, false), (50, 2_000, false)] {
        let provider = Provider::start(with(count, size)).await;
        let session = Setup::at(&provider.origin).open();
        let result = session.send(post("/v1/x", "{}")).await;
        assert_eq!(result.is_ok(), fits, "{count} {size}");
        assert_eq!(session.calls()[0].answer_lost, !fits);
    }
}
