//! Every line that a request leaves in the log says which request it belongs to.

use serde_json::{Value, json};

use crate::harness::Story;
use crate::harness::story::payment;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn lines_of_an_echo(level: &str) -> (Vec<Value>, String) {
    let settings = [("GATEHOUSE_LOG__FORMAT", "json".to_owned()), ("GATEHOUSE_LOG__LEVEL", level.to_owned())];
    let story = Story::begin_with(&settings).await;
    // The broker writes a line when the provider sends a secret back: far below the API, in a task of its own.
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("echo") });
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = [("traceparent", parent.as_str()), ("x-correlation-id", "order-1042")];
    let path = format!("/integrations/{}/execute", story.integration);
    let answer = story.tenant.post_with(&path, ask, &headers).await;
    let request = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    answer.expect(200);
    let lines = crate::harness::eventually("the broker's line", async || {
        let output = story.server.output();
        let lines: Vec<Value> = output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        lines.iter().any(|line| line["target"] == "gatehouse_broker::session::exchange").then_some(lines)
    })
    .await;
    (lines, request)
}

fn check(lines: &[Value], target: &str, request: &str) {
    let found: Vec<&Value> =
        lines.iter().filter(|line| line["target"] == target && line["request"]["request.id"] == request).collect();
    assert!(!found.is_empty(), "no line of {target} names its request: {lines:#?}");
    for line in found {
        let span = &line["request"];
        assert_eq!((&span["correlation.id"], &span["trace.id"]), (&json!("order-1042"), &json!(TRACE)), "{line:#}");
        assert!(span["tenant.id"].as_str().is_some_and(|tenant| tenant.starts_with("ten_")), "{line:#}");
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_name_their_request_in_every_layer() {
    let (lines, request) = lines_of_an_echo("info").await;
    check(&lines, "gatehouse_broker::session::exchange", &request);
    check(&lines, "gatehouse_api::request", &request);
}

/// The request's span is there although the log shows no line of its level.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_warnings_alone_names_requests_too() {
    let (lines, request) = lines_of_an_echo("warn").await;
    check(&lines, "gatehouse_broker::session::exchange", &request);
    assert!(lines.iter().all(|line| line["level"] != "INFO"), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correlation_id_that_does_not_fit_is_refused() {
    let story = Story::begin().await;
    for value in [" ".repeat(200) + "x", "x".repeat(129)] {
        let headers = [("x-correlation-id", value.trim())];
        let answer = story.tenant.send(reqwest::Method::GET, "/integrations", &headers, Vec::new()).await;
        if value.trim().len() > 128 {
            assert!(answer.headers["x-correlation-id"].to_str().unwrap().starts_with("req_"));
            answer.expect_problem(422, "128 printable ASCII");
        } else {
            answer.expect(200);
        }
    }
}
