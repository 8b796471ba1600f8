//! Metrics of the real server: who may read them, what they count, and what they never hold.

use std::collections::BTreeSet;

use gatehouse_engine::metrics::Metrics;
use reqwest::Method;
use serde_json::json;

use crate::harness::server::OPERATOR;
use crate::harness::story::payment;
use crate::harness::{Server, Story, canary, eventually};

/// The text of a scrape, from the root as from the API.
pub(crate) async fn scrape(server: &Server) -> String {
    let http = crate::harness::client::http();
    let answer = http.get(format!("{}/metrics", server.base)).bearer_auth(OPERATOR).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    canary::check("the metrics", text.as_bytes());
    text
}

/// The value of a series, 0 where there is none.
pub(crate) fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// A story in which everything happened that is counted.
pub(crate) async fn eventful() -> Story {
    let story = Story::begin().await;
    let path = format!("/integrations/{}/execute", story.integration);
    let ask = json!({ "capability": "PROCESS_PAYMENT", "parameters": payment("a book") });
    for _ in 0..2 {
        story.tenant.post_with(&path, ask.clone(), &[("idempotency-key", "once")]).await.expect(200);
    }
    story.execute("PROCESS_PAYMENT", payment("decline")).await.expect(402);
    story.execute("PROCESS_PAYMENT", payment("lose")).await.expect(504);
    story.tenant.post(&format!("/integrations/{}/test", story.integration), json!({})).await.expect(200);
    crate::api::webhooks::deliver_one(&story).await;
    story
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_counted() {
    let story = eventful().await;
    let parsed = "gatehouse_webhook_deliveries_total{provider=\"stripe\",result=\"parsed\"}";
    let text = eventually("the parsed delivery", async || {
        let text = scrape(&story.server).await;
        (value(&text, parsed) == 1.0).then_some(text)
    })
    .await;
    let route = "/api/v1/integrations/{integration}/execute";
    for (series, expect) in [
        (r#"gatehouse_executions_total{capability="PROCESS_PAYMENT",outcome="succeeded",provider="stripe"}"#, 1.0),
        (r#"gatehouse_executions_total{capability="PROCESS_PAYMENT",outcome="failed",provider="stripe"}"#, 1.0),
        (r#"gatehouse_executions_total{capability="PROCESS_PAYMENT",outcome="unknown",provider="stripe"}"#, 1.0),
        (r#"gatehouse_execution_duration_seconds_count{capability="PROCESS_PAYMENT",provider="stripe"}"#, 3.0),
        ("gatehouse_executions_in_flight", 0.0),
        (r#"gatehouse_idempotent_replays_total{provider="stripe"}"#, 1.0),
        (r#"gatehouse_egress_requests_total{provider="stripe",status_class="4xx"}"#, 1.0),
        // The lost answer had a head, so its status is known.
        (r#"gatehouse_egress_requests_total{provider="stripe",status_class="2xx"}"#, 3.0),
        // Three executions, a connection test and a delivery.
        (r#"gatehouse_plugin_instantiation_duration_seconds_count{plugin="stripe"}"#, 5.0),
        (r#"gatehouse_plugin_calls_total{answer="ok",plugin="stripe"}"#, 3.0),
        (r#"gatehouse_plugin_calls_total{answer="refused",plugin="stripe"}"#, 2.0),
        (r#"gatehouse_plugin_load_duration_seconds_count{plugin="stripe",source="compiler"}"#, 1.0),
        (r#"gatehouse_webhook_deliveries_total{provider="stripe",result="accepted"}"#, 1.0),
        (r#"gatehouse_webhook_deliveries_total{provider="stripe",result="duplicate"}"#, 1.0),
        (r#"gatehouse_webhook_deliveries_total{provider="stripe",result="quarantined"}"#, 1.0),
        (r#"gatehouse_webhook_parse_delay_seconds_count{provider="stripe"}"#, 1.0),
        ("gatehouse_webhook_pending_deliveries", 0.0),
        (r#"gatehouse_jobs_queued{kind="execution.resolve",state="dead"}"#, 0.0),
        ("gatehouse_store_writable", 1.0),
        (&format!(r#"gatehouse_http_requests_total{{method="POST",route="{route}",status="200"}}"#), 2.0),
        (&format!(r#"gatehouse_http_requests_total{{method="POST",route="{route}",status="402"}}"#), 1.0),
        (
            &format!(
                r#"gatehouse_http_request_duration_seconds_count{{method="POST",route="{route}",status_class="5xx"}}"#
            ),
            1.0,
        ),
        (&format!(r#"gatehouse_http_requests_in_flight{{method="POST",route="{route}"}}"#), 0.0),
        (r#"gatehouse_http_requests_in_flight{method="GET",route="/metrics"}"#, 1.0),
    ] {
        assert_eq!(value(&text, series), expect, "{series} in\n{text}");
    }
    // What became of the lost answer is being looked for: now, or again in a while.
    let resolving =
        |state: &str| value(&text, &format!("gatehouse_jobs_queued{{kind=\"execution.resolve\",state=\"{state}\"}}"));
    assert_eq!(["ready", "delayed", "queued", "running"].map(resolving).iter().sum::<f64>(), 1.0, "{text}");
    for series in ["gatehouse_store_disk_bytes", "process_resident_memory_bytes", "process_cpu_seconds_total"] {
        assert!(value(&text, series) > 0.0, "{series} in\n{text}");
    }
    assert!(value(&text, r#"gatehouse_store_operations_total{operation="commit",result="ok"}"#) > 10.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_is_declared_and_names_no_tenant() {
    let story = eventful().await;
    let text = scrape(&story.server).await;
    let declared: BTreeSet<&str> =
        Metrics::declared().chain(gatehouse_api::METRICS.iter().copied()).map(|metric| metric.name).collect();
    let shown: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(shown.len() > 30, "{shown:?}");
    assert!(shown.iter().all(|name| declared.contains(name)), "{shown:?}");
    for secret in [story.integration.as_str(), story.webhook_path().rsplit('/').next().unwrap(), "ten_", "req_"] {
        assert!(!text.contains(secret), "the metrics name {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_make_no_series() {
    let server = Server::start(&[]);
    for n in 0..300 {
        let method = Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
        server.client().send(method, &format!("/made/up/{n}"), &[], Vec::new()).await.expect(404);
    }
    let text = scrape(&server).await;
    let series: Vec<&str> = text.lines().filter(|line| line.starts_with("gatehouse_http_requests_total")).collect();
    assert_eq!(series.len(), 1, "{series:#?}");
    let one = r#"gatehouse_http_requests_total{method="other",route="none",status="404"}"#;
    assert_eq!(value(&text, one), 300.0, "{series:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_needed_unless_the_operator_says_otherwise() {
    let get = async |server: &Server, path: &str| {
        let answer = crate::harness::client::http().get(format!("{}{path}", server.base)).send().await.unwrap();
        answer.status().as_u16()
    };
    let story = Story::begin().await;
    for path in ["/metrics", "/api/v1/metrics"] {
        assert_eq!(get(&story.server, path).await, 401, "{path}");
    }
    story.tenant.get("/metrics").await.expect_problem(403, "admin:system:read");
    let open = Server::start_with(&[("GATEHOUSE_METRICS__PUBLIC", "true".to_owned())]);
    for path in ["/metrics", "/api/v1/metrics"] {
        assert_eq!(get(&open, path).await, 200, "{path}");
    }
    let document = open.client().get("/openapi.json").await.expect(200);
    assert!(document["paths"]["/api/v1/metrics"]["get"]["x-permission"].is_null());
}
