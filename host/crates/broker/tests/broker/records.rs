//! What is known, afterwards, of every request.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use gatehouse_broker::{Method, Request, SendError};
use gatehouse_domain::capability::Effect;
use gatehouse_domain::execution::{CallFailure, ProviderCall, RateSeen};
use gatehouse_domain::manifest::{RateLimit, ReadBy};

use crate::provider::{Provider, Reply, answer, json};
use crate::setup::{CANARY, Setup, get, pairs, post};

async fn lone_call(reply: Reply, request: Request) -> (Result<u16, SendError>, ProviderCall) {
    let reply = std::sync::Mutex::new(Some(reply));
    let provider = Provider::start(move |_| reply.lock().unwrap().take().unwrap_or(Reply::Close(Vec::new()))).await;
    let mut setup = Setup::at(&provider.origin);
    setup.deadline = Duration::from_millis(500);
    let session = setup.open();
    let result = session.send(request).await.map(|response| response.status);
    let mut calls = session.calls();
    assert_eq!(calls.len(), 1);
    (result, calls.remove(0))
}

#[tokio::test]
async fn an_answered_call_is_recorded_without_its_secrets() {
    let request =
        Request { query: pairs(&[("card", "4242")]), auth: Some("query".to_owned()), ..post("/v1/x?a=b", "{\"a\":1}") };
    let (result, call) = lone_call(json(b"{\"ok\":true}"), request).await;
    assert_eq!(result, Ok(200));
    assert!(call.url.starts_with("http://127.0.0.1:") && call.url.ends_with("/v1/x"), "{}", call.url);
    assert_eq!(
        (call.method.as_str(), call.status, call.request_bytes, call.response_bytes),
        ("POST", Some(200), 7, 11)
    );
    assert!(call.error.is_none() && !call.answer_lost && call.duration_us > 0);
    assert!(!format!("{call:?}").contains("canary") && !format!("{call:?}").contains("4242"));
}

#[tokio::test]
async fn a_secret_in_a_path_is_not_recorded() {
    let path = format!("/v1/{}", CANARY.replace('+', "%2B").replace('=', "%3D"));
    let (result, call) = lone_call(json(b"{}"), get(&path)).await;
    assert_eq!(result, Ok(200));
    assert!(!call.url.contains("canary"), "{}", call.url);
}

#[tokio::test]
async fn only_a_write_without_its_whole_answer_is_lost() {
    let cut = || Reply::Close(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec());
    let (result, call) = lone_call(Reply::Close(Vec::new()), post("/v1/x", "{}")).await;
    assert!(matches!(result, Err(SendError::Interrupted(_))), "{result:?}");
    assert!(call.answer_lost && call.status.is_none() && call.error.is_some());
    let (result, call) = lone_call(cut(), post("/v1/x", "{}")).await;
    assert!(matches!(result, Err(SendError::Interrupted(_))), "{result:?}");
    assert!(call.answer_lost && call.status == Some(200));
    let (result, call) = lone_call(Reply::Stall(Vec::new()), Request::new(Method::Delete, "/v1/x")).await;
    assert!(result == Err(SendError::Timeout) && call.answer_lost);
    let (_, call) = lone_call(cut(), get("/v1/x")).await;
    assert!(!call.answer_lost);
    let (result, call) = lone_call(Reply::Bytes(answer("500 Oops", &[], b"")), post("/v1/x", "{}")).await;
    assert!(result == Ok(500) && !call.answer_lost);
    let (result, call) = lone_call(Reply::Bytes(b"garbage\r\n\r\n".to_vec()), post("/v1/x", "{}")).await;
    assert!(matches!(result, Err(SendError::Interrupted(_))) && call.answer_lost, "{result:?}");
}

#[tokio::test]
async fn a_post_that_only_reads_may_be_sent_by_a_read_and_is_never_a_lost_write() {
    let provider = Provider::start(|_| Reply::Close(Vec::new())).await;
    let query = r#"{"query":"{ shop { name } }"}"#;
    let mutation = r#"{"query":"mutation { close }"}"#;
    for (by, body, may_leave) in [
        (None, query, false),
        (Some(ReadBy::Graphql), query, true),
        (Some(ReadBy::Graphql), mutation, false),
        (Some(ReadBy::Path), mutation, true),
    ] {
        let mut setup = Setup::at(&provider.origin);
        setup.effect = Effect::Read;
        setup.manifest.egress.allow.iter_mut().for_each(|rule| rule.reads = by);
        let session = setup.open();
        let left = !matches!(session.send(post("/v1/x", body)).await, Err(SendError::Denied(_)));
        assert_eq!(left, may_leave, "{by:?} {body}");
        if left {
            let call = session.calls().remove(0);
            assert!(call.reads && !call.writes() && !call.answer_lost, "{call:?}");
        }
    }
    let mut setup = Setup::at(&provider.origin);
    setup.manifest.egress.allow.iter_mut().for_each(|rule| rule.reads = Some(ReadBy::Graphql));
    let session = setup.open();
    session.send(post("/v1/x", mutation)).await.unwrap_err();
    let call = session.calls().remove(0);
    assert!(!call.reads && call.writes() && call.answer_lost, "{call:?}");
}

#[tokio::test]
async fn a_write_that_found_no_connection_is_known_not_to_have_happened() {
    // Bound and never listening, so that nobody else is given the port meanwhile.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let session = Setup::at(&format!("http://{}", silent.local_addr().unwrap())).open();
    assert!(matches!(session.send(post("/v1/x", "{}")).await, Err(SendError::Connect(_))));
    let call = session.calls().remove(0);
    assert!(!call.answer_lost && call.error.is_some() && call.status.is_none(), "{call:?}");
}

#[tokio::test]
async fn a_call_that_is_stopped_leaves_its_record() {
    let provider = Provider::start(|_| Reply::Stall(Vec::new())).await;
    let session = Setup::at(&provider.origin).open();
    {
        let mut sending = Box::pin(session.send(post("/v1/x", "{}")));
        while provider.seen().is_empty() {
            assert!(is_pending(&mut sending));
            tokio::task::yield_now().await;
        }
        assert!(session.calls()[0].answer_lost, "under way is unanswered");
    }
    let call = session.calls().remove(0);
    assert!(call.answer_lost && call.error.as_deref() == Some("the call ended before the answer came"), "{call:?}");
}

#[tokio::test]
async fn a_call_that_is_stopped_before_it_connects_did_nothing() {
    let provider = Provider::agreeable().await;
    let session = Setup::at(&provider.origin).open();
    let mut sending = Box::pin(session.send(post("/v1/x", "{}")));
    assert!(is_pending(&mut sending));
    drop(sending);
    assert!(!session.calls()[0].answer_lost);
    assert!(provider.seen().is_empty());
}

fn is_pending(future: &mut Pin<Box<impl Future>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[tokio::test]
async fn what_the_answer_says_of_limits_is_recorded() {
    let bytes = answer("429 Too Many Requests", &[("x-left", "3"), ("x-max", "40"), ("retry-after", "7")], b"{}");
    let provider = Provider::start(move |_| Reply::Bytes(bytes.clone())).await;
    let mut setup = Setup::at(&provider.origin);
    let ask = async |setup: &Setup| {
        let session = setup.open();
        session.send(get("/v1/x")).await.unwrap();
        session.calls().remove(0).rate
    };
    let after = RateSeen { retry_after_ms: Some(7_000), ..RateSeen::default() };
    assert_eq!(ask(&setup).await, Some(after), "without names only `Retry-After` is read");
    setup.manifest.rate_limit = Some(RateLimit {
        requests: 1,
        window_seconds: 1,
        sandbox: None,
        remaining_header: Some("X-Left".to_owned()),
        limit_header: Some("x-max".to_owned()),
        reset_header: None,
        reset_form: None,
    });
    assert_eq!(ask(&setup).await, Some(RateSeen { remaining: Some(3), limit: Some(40), ..after }));
}

#[tokio::test]
async fn each_failure_has_its_kind() {
    for (reply, request, expect) in [
        (json(b"{}"), get("/v1/x"), None),
        (Reply::Close(Vec::new()), get("/v1/x"), Some(CallFailure::Interrupted)),
        (Reply::Stall(Vec::new()), get("/v1/x"), Some(CallFailure::Timeout)),
        (Reply::Bytes(answer("200 OK", &[], &[b'x'; 9 << 20])), get("/v1/x"), Some(CallFailure::TooLarge)),
    ] {
        let (result, call) = lone_call(reply, request).await;
        assert_eq!(call.failure, expect, "{result:?}");
    }
    let setup = Setup::at("http://127.0.0.1:9");
    let session = setup.open();
    session.send(get("/v1/x")).await.unwrap_err();
    assert_eq!(session.calls().remove(0).failure, Some(CallFailure::Connect));
}
