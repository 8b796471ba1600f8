//! One trace from the API through the engine and the component to the provider.

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use super::collector::{Collector, attribute, hex};
use crate::harness::Story;
use crate::harness::client::Answer;
use crate::harness::story::payment;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const OTHER_TRACE: &str = "1bf7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

async fn begin(collector: &Collector) -> Story {
    Story::begin_with(&[
        ("GATEHOUSE_TELEMETRY__OTLP_ENDPOINT", collector.endpoint.clone()),
        ("GATEHOUSE_LOG__FORMAT", "json".to_owned()),
    ])
    .await
}

async fn pay(story: &Story, headers: &[(&str, &str)]) -> Answer {
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("a book") });
    story.tenant.post_with(&format!("/integrations/{}/execute", story.integration), ask, headers).await
}

fn named<'s>(spans: &'s [Span], name: &str) -> Vec<&'s Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn only<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found = named(spans, name);
    assert_eq!(found.len(), 1, "{name} in {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    found[0]
}

fn has(span: &Span, attributes: &[(&str, &str)]) {
    for (name, value) in attributes {
        assert_eq!(attribute(&span.attributes, name).as_deref(), Some(*value), "{name} of {span:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_through_all_layers() {
    let collector = Collector::start().await;
    let story = begin(&collector).await;
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let answer = pay(&story, &[("traceparent", &parent), ("x-correlation-id", "order 1042")]).await;
    assert_eq!(answer.headers["x-correlation-id"], "order 1042");
    let body = answer.expect(200);

    let spans = collector.trace(TRACE).await;
    let server = only(&spans, "http.server");
    let execute = only(&spans, "execute");
    let component = only(&spans, "component.call");
    let egress = only(&spans, "egress");
    assert_eq!(hex(&server.parent_span_id), CALLER);
    assert_eq!(execute.parent_span_id, server.span_id);
    assert_eq!(component.parent_span_id, execute.span_id);
    assert_eq!(egress.parent_span_id, component.span_id);
    let commits = named(&spans, "store.commit");
    assert_eq!(commits.len(), 2, "the intent and the outcome");
    assert!(commits.iter().all(|commit| commit.parent_span_id == execute.span_id), "{commits:#?}");

    let route = "/api/v1/integrations/{integration}/execute";
    has(server, &[("http.request.method", "POST"), ("http.route", route), ("http.response.status_code", "200")]);
    has(server, &[("correlation.id", "order 1042")]);
    let id = body["execution"].as_str().unwrap();
    has(execute, &[("gatehouse.provider", "stripe"), ("gatehouse.capability", "PROCESS_PAYMENT")]);
    has(execute, &[("gatehouse.outcome", "succeeded"), ("gatehouse.execution", id)]);
    has(component, &[("plugin.id", "stripe"), ("function", "process-payment"), ("answer", "ok")]);
    assert!(attribute(&component.attributes, "cost.memory_bytes").is_some_and(|bytes| bytes.len() > 5));
    has(
        egress,
        &[("http.request.method", "POST"), ("server.address", "127.0.0.1"), ("http.response.status_code", "200")],
    );
    assert!(!format!("{egress:?}").contains("payment_intents"), "a path can hold what a provider echoed");
    assert_eq!((server.kind, egress.kind), (2, 3), "server and client");
    assert_eq!(attribute(&collector.resource(), "service.name").as_deref(), Some("gatehouse"));
    let inside = |span: &&Span| {
        span.start_time_unix_nano >= server.start_time_unix_nano && span.end_time_unix_nano <= server.end_time_unix_nano
    };
    assert!(spans.iter().all(|span| inside(&span)), "{spans:#?}");

    for request in story.upstream.requests() {
        for header in ["traceparent", "tracestate", "x-correlation-id", "x-request-id"] {
            assert!(!request.headers.contains_key(header), "the provider was told {header}");
        }
    }
    let lines: Vec<Value> = story.server.output().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = lines.iter().find(|line| line["request"]["trace.id"] == TRACE).expect("a line of the request");
    assert_eq!(line["request"]["correlation.id"], "order 1042", "{line:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_begins_here_or_is_left_to_its_caller() {
    let collector = Collector::start().await;
    let story = begin(&collector).await;
    let unsampled = format!("00-{OTHER_TRACE}-{CALLER}-00");
    pay(&story, &[("traceparent", &unsampled)]).await.expect(200);
    pay(&story, &[("traceparent", "00-nonsense-01")]).await.expect(200);
    let number = pay(&story, &[]).await;
    let request = number.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(number.headers["x-correlation-id"].to_str().unwrap(), request);

    let of_request = |span: &Span| attribute(&span.attributes, "request.id").as_deref() == Some(request.as_str());
    let found = crate::harness::eventually("the request's span", async || {
        collector.spans().into_iter().find(|span| span.name == "http.server" && of_request(span))
    })
    .await;
    assert!(found.parent_span_id.is_empty(), "{found:#?}");
    let spans = collector.trace(&hex(&found.trace_id)).await;
    assert_eq!(only(&spans, "execute").parent_span_id, found.span_id);
    // Spans leave in order, so the caller's own decision not to collect was kept to.
    assert!(collector.spans().iter().all(|span| hex(&span.trace_id) != OTHER_TRACE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_do_not_wait_for_a_collector_that_is_not_there() {
    let nobody = "http://127.0.0.1:9".to_owned();
    let story = Story::begin_with(&[("GATEHOUSE_TELEMETRY__OTLP_ENDPOINT", nobody)]).await;
    pay(&story, &[]).await.expect(200);
    assert_eq!(story.upstream.payments(), 1);
}
