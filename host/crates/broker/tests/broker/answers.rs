//! What a gateway sees of an answer.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use gatehouse_broker::{Method, Request, Response, SendError};
use serde_json::json;

use crate::provider::{Provider, Reply, Seen, answer};
use crate::setup::{CANARY, Setup, get, post};

async fn send(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Result<Response, SendError> {
    let provider = Provider::start(reply).await;
    Setup::at(&provider.origin).open().send(get("/v1/x")).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_secret_that_comes_back_is_taken_out_in_every_form() {
    let echo = |seen: &Seen| {
        let token = seen.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        let hex: String = token.bytes().map(|byte| format!("{byte:02X}")).collect();
        let body = format!(
            "{token} {} {} {hex} {} {}",
            STANDARD.encode(&token),
            STANDARD.encode(format!("ab{token}")),
            token.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
            token.replace('/', "\\/"),
        );
        Reply::Bytes(answer(
            "200 OK",
            &[("x-echo", &token), ("location", &format!("https://a/?k={token}"))],
            body.as_bytes(),
        ))
    };
    let response = send(echo).await.unwrap();
    let shown = format!("{:?} {}", response.headers, String::from_utf8_lossy(&response.body));
    assert!(!shown.contains("canary") && !shown.contains("4242"), "{shown}");
    assert!(!shown.contains(&STANDARD.encode(&CANARY[..9])), "{shown}");
    assert_eq!(shown.matches("[redacted]").count(), 8, "{shown}");
}

#[tokio::test]
async fn a_field_that_is_no_secret_is_left_in() {
    let response = send(|_| Reply::Bytes(answer("200 OK", &[], b"acct_123456"))).await.unwrap();
    assert_eq!(response.body, b"acct_123456");
}

#[tokio::test]
async fn logs_and_results_are_scrubbed_as_answers_are() {
    let provider = Provider::agreeable().await;
    let session = Setup::at(&provider.origin).open();
    assert_eq!(session.scrub_text(&format!("token {CANARY}!")), "token [redacted]!");
    assert_eq!(session.scrub_text(&STANDARD.encode(format!("acct_123456:{CANARY}"))).matches("[redacted]").count(), 1);
    let mut value = json!({ "a": [CANARY] });
    session.scrub_json(&mut value);
    assert_eq!(value, json!({ "a": ["[redacted]"] }));
}

#[tokio::test]
async fn cookies_challenges_and_framing_stay_behind() {
    let headers = [
        ("Set-Cookie", "a=b"),
        ("WWW-Authenticate", "Bearer"),
        ("Proxy-Authenticate", "Basic"),
        ("Keep-Alive", "timeout=5"),
        ("Authentication-Info", "x"),
        ("X-Request-Id", "req_1"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
    ];
    let response = send(move |_| Reply::Bytes(answer("401 Unauthorized", &headers, b"no"))).await.unwrap();
    assert_eq!(response.status, 401);
    let expected = [("x-request-id", "req_1"), ("x-twice", "1"), ("x-twice", "2")];
    assert_eq!(response.headers, crate::setup::pairs(&expected));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let provider = Provider::start(move |_| {
            Reply::Bytes(answer(status, &[("location", "http://169.254.169.254/latest")], b""))
        })
        .await;
        let response = Setup::at(&provider.origin).open().send(post("/v1/x", "{}")).await.unwrap();
        assert_eq!(response.status, status[..3].parse::<u16>().unwrap());
        assert_eq!(response.headers, crate::setup::pairs(&[("location", "http://169.254.169.254/latest")]));
        assert_eq!(provider.seen().len(), 1);
    }
}

#[tokio::test]
async fn gzip_is_unpacked_and_other_codings_are_not_believed() {
    let packed = |bytes: Vec<u8>, coding: &'static str| {
        move |_: &Seen| Reply::Bytes(answer("200 OK", &[("content-encoding", coding)], &bytes))
    };
    let text = format!("hello {CANARY}").into_bytes();
    assert_eq!(send(packed(gzip(&text), "gzip")).await.unwrap().body, b"hello [redacted]");
    let two = [gzip(b"one "), gzip(b"two")].concat();
    assert_eq!(send(packed(two, "GZip")).await.unwrap().body, b"one two");
    let plain = send(packed(text.clone(), "identity")).await.unwrap();
    assert_eq!(plain.body, b"hello [redacted]");
    for (bytes, coding) in [
        (gzip(&text), "br"),
        (gzip(&text), "gzip, gzip"),
        (gzip(&text)[..20].to_vec(), "gzip"),
        (b"not gzip at all".to_vec(), "gzip"),
        ([gzip(&text), b"junk".to_vec()].concat(), "gzip"),
    ] {
        let result = send(packed(bytes, coding)).await;
        assert!(matches!(result, Err(SendError::Interrupted(_))), "{coding}: {result:?}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_needs_no_unpacking() {
    let head =
        |_: &Seen| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 500\r\n\r\n".to_vec());
    let provider = Provider::start(head).await;
    let session = Setup::at(&provider.origin).open();
    let response = session.send(Request::new(Method::Head, "/v1/x")).await.unwrap();
    assert_eq!((response.status, response.body.len()), (200, 0));
    let none =
        send(|_| Reply::Bytes(b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n".to_vec())).await.unwrap();
    assert_eq!((none.status, none.body.len()), (204, 0));
}

#[tokio::test]
async fn a_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![0; 6 << 20]);
    assert!(bomb.len() < 10_000);
    let sent = send(move |_| Reply::Bytes(answer("200 OK", &[("content-encoding", "gzip")], &bomb))).await;
    assert_eq!(sent, Err(SendError::TooLarge(8 << 20)));
    let small = gzip(&vec![0; 900 << 10]);
    let sent = send(move |_| Reply::Bytes(answer("200 OK", &[("content-encoding", "gzip")], &small))).await;
    assert_eq!(sent.unwrap().body.len(), 900 << 10);
}
