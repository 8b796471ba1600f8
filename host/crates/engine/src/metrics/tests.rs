//! Every metric is counted once; hostile names make a bounded number of series.

use std::collections::HashSet;
use std::time::Duration;

use gatehouse_domain::Error;
use gatehouse_domain::execution::{Cost, Fault, ProviderCall};
use gatehouse_domain::id::{IntegrationId, RunId};
use gatehouse_domain::sync::{Counts, SyncRun};
use gatehouse_runtime::plugin::Source;
use gatehouse_runtime::{Answer, Report};

use super::*;

fn fresh() -> Metrics {
    Metrics::new(Timestamp::UNIX_EPOCH)
}

/// The series of a metric, without the buckets of a histogram.
fn series(metrics: &Metrics, name: &str) -> Vec<String> {
    let text = metrics.registry.render().unwrap();
    let own = |line: &&str| line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "));
    text.lines().filter(own).map(str::to_owned).collect()
}

fn report(outcome: Answer) -> Report {
    let cost = Cost { cpu_ticks: 3, memory_bytes: 1 << 20, host_calls: 2, wall_us: 1_000 };
    Report { outcome, cost, log: Vec::new(), instantiation: Some(Duration::from_micros(7)) }
}

fn request(status: Option<u16>) -> ProviderCall {
    ProviderCall {
        method: "POST".to_owned(),
        url: "https://api.example.com/v1/things".to_owned(),
        status,
        error: None,
        request_bytes: 10,
        response_bytes: 20,
        duration_us: 5_000,
        answer_lost: false,
        reads: false,
        failure: None,
        rate: None,
    }
}

fn run() -> SyncRun {
    let epoch = Timestamp::UNIX_EPOCH;
    serde_json::from_value(serde_json::json!({
        "id": RunId::from_bytes([1; 16]), "integration": IntegrationId::from_bytes([1; 16]), "entity": "contacts",
        "mode": "full", "direction": "pull", "trigger": "manual", "state": "succeeded", "phase": "pull",
        "from_start": true, "read_all": true, "complete": true, "pages": 1, "counts": Counts::default(),
        "known_before": 0, "approved": false, "rounds": 0, "failures": 0, "created_at": epoch, "updated_at": epoch,
        "busy_ms": 7,
    }))
    .unwrap()
}

#[test]
fn names_follow_the_rules_and_are_unique() {
    let mut seen = HashSet::new();
    for declared in Metrics::declared() {
        let Declared { name, help, kind, labels } = declared;
        assert!(seen.insert(*name), "{name} is declared twice");
        assert!(help.ends_with('.') && help.len() > 20, "{name}: {help}");
        assert!(name.starts_with("gatehouse_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}: only counters end in _total");
        if let Kind::Histogram(buckets) = kind {
            assert!(name.ends_with("_seconds") || name.ends_with("_bytes"), "{name} has no unit");
            assert!(buckets.is_sorted_by(|a, b| a < b) && buckets.len() < 20, "{name}");
        }
        assert!(!labels.contains(&"le") && labels.len() <= 3, "{name}");
    }
}

/// Everything that can be counted is counted once: a metric that is used with other labels
/// than it declares has no series, and this finds it.
#[test]
fn every_declared_metric_can_be_counted() {
    let metrics = fresh();
    let took = Duration::from_millis(3);
    let execution = crate::execute::tests::execution("acme", "DO_IT");
    drop(metrics.executions.begin());
    metrics.executions.ended(&execution);
    metrics.executions.replayed("acme");
    metrics.egress.requested("acme", &[request(Some(201)), request(None)]);
    metrics.plugins.called("acme", &report(Answer::Fault(Fault::Limit { limit: "cpu_ms".to_owned(), max: 1 })));
    metrics.plugins.loaded("acme", Source::Compiler, took);
    metrics.store.ended(Operation::Commit, &Err::<(), _>(Error::conflict("x")), took);
    metrics.webhooks.received("acme", Received::Quarantined, took);
    metrics.webhooks.parsed("acme", Some(took));
    metrics.webhooks.parsed("acme", None);
    metrics.webhooks.listed("acme", 3, 2);
    metrics.webhooks.not_parsed("acme", true);
    metrics.subscriptions.delivered(took, took);
    metrics.subscriptions.failed("throttled", took);
    metrics.subscriptions.waiting(2, 7);
    metrics.subscriptions.waiting(7, 4);
    metrics.connections.tried("acme", true);
    metrics.syncs.ended("acme", &run());
    metrics.jobs.finished("sync", "done", took);
    metrics.jobs.queued("sync", "ready", 3);
    metrics.jobs.oldest_due(took);
    metrics.circuits.turned("acme", "open");
    metrics.circuits.standing([(("acme".to_owned(), "open"), 1)].into());
    metrics.system.note(&Readings {
        store: gatehouse_store::storage::Storage::health(&gatehouse_store::MemoryStorage::default()),
        instances: (3, 5),
        in_memory: 2,
        backlog: Some(crate::webhook::Backlog::default()),
        now: Timestamp::UNIX_EPOCH,
    });
    let text = metrics.registry.render().unwrap();
    for declared in Metrics::declared() {
        let name = declared.name;
        assert!(text.contains(&format!("# TYPE {name} ")), "{name} has no series");
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        let labels = declared.labels.iter().all(|label| text.contains(&format!("{label}=\"")));
        assert!(labels, "{name} lacks a label");
    }
    for line in [
        "gatehouse_executions_total{capability=\"DO_IT\",outcome=\"succeeded\",provider=\"acme\"} 1",
        "gatehouse_executions_in_flight 0",
        "gatehouse_egress_requests_total{provider=\"acme\",status_class=\"none\"} 1",
        "gatehouse_egress_received_bytes_total{provider=\"acme\"} 40",
        "gatehouse_plugin_calls_total{answer=\"limit\",plugin=\"acme\"} 1",
        "gatehouse_plugin_cpu_seconds_total{plugin=\"acme\"} 0.03",
        "gatehouse_plugin_instantiation_duration_seconds_bucket{plugin=\"acme\",le=\"0.00001\"} 1",
        "gatehouse_store_operations_total{operation=\"commit\",result=\"conflict\"} 1",
        "gatehouse_webhook_deliveries_total{provider=\"acme\",result=\"failed\"} 1",
        "gatehouse_webhook_deliveries_total{provider=\"acme\",result=\"parsed\"} 2",
        "gatehouse_webhook_parse_delay_seconds_count{provider=\"acme\"} 1",
        "gatehouse_webhook_listed_events_total{provider=\"acme\",result=\"found\"} 3",
        "gatehouse_webhook_listed_events_total{provider=\"acme\",result=\"known\"} 2",
        "gatehouse_subscription_attempts_total{result=\"throttled\"} 1",
        "gatehouse_subscription_attempt_duration_seconds_count 2",
        "gatehouse_subscription_delivery_delay_seconds_count 1",
        "gatehouse_subscription_pending_deliveries 2",
        "gatehouse_runtime_instances{state=\"taken\"} 2",
        "gatehouse_circuits_not_closed{provider=\"acme\",state=\"open\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "no `{line}` in\n{text}");
    }
}

#[test]
fn circuits_leave_the_state_that_they_were_in() {
    let metrics = fresh();
    let check = |now: &[(&'static str, u32)], expect: &[&str]| {
        metrics.circuits.standing(now.iter().map(|(state, count)| (("acme".to_owned(), *state), *count)).collect());
        let mut shown = series(&metrics, "gatehouse_circuits_not_closed");
        shown.sort();
        let shown: Vec<&str> =
            shown.iter().filter_map(|line| line.split_once("state=")).map(|(_, rest)| rest).collect();
        assert_eq!(shown, expect);
    };
    check(&[("open", 3)], &["\"open\"} 3"]);
    check(&[("open", 1), ("half_open", 2)], &["\"half_open\"} 2", "\"open\"} 1"]);
    check(&[], &["\"half_open\"} 0", "\"open\"} 0"]);
}

/// Names that a hostile plugin could bring make no more series than the bounds allow.
#[test]
fn made_up_names_make_a_bounded_number_of_series() {
    let metrics = fresh();
    let mut execution = crate::execute::tests::execution("acme", "DO_IT");
    for n in 0..10_000 {
        execution.capability = format!("MADE_UP_{n}");
        metrics.executions.ended(&execution);
        metrics.plugins.called(&format!("plugin-{n}"), &report(Answer::Ok(serde_json::Value::Null)));
    }
    assert_eq!(series(&metrics, "gatehouse_executions_total").len(), MOST_VALUES + 1);
    assert_eq!(series(&metrics, "gatehouse_plugin_calls_total").len(), MOST_VALUES + 1);
    let rest = 10_000 - MOST_VALUES;
    let other =
        format!("gatehouse_executions_total{{capability=\"other\",outcome=\"succeeded\",provider=\"acme\"}} {rest}");
    assert!(series(&metrics, "gatehouse_executions_total").contains(&other));
    // One that was there before keeps its place.
    execution.capability = "MADE_UP_7".to_owned();
    metrics.executions.ended(&execution);
    let known = "gatehouse_executions_total{capability=\"MADE_UP_7\",outcome=\"succeeded\",provider=\"acme\"} 2";
    assert!(series(&metrics, "gatehouse_executions_total").contains(&known.to_owned()));
}

/// Two labels of many values each do not multiply.
#[test]
fn combinations_are_bounded_as_well() {
    let metrics = fresh();
    let mut execution = crate::execute::tests::execution("acme", "DO_IT");
    for n in 0..10_000 {
        execution.provider = format!("provider-{}", n % 100);
        execution.capability = format!("MADE_UP_{}", n / 100);
        metrics.executions.ended(&execution);
    }
    let count = series(&metrics, "gatehouse_executions_total").len();
    assert_eq!(count, MOST_SERIES + 1);
}

/// A value can be long, or hold what ends a line of the text.
#[test]
fn odd_names_stay_within_their_quotes() {
    let metrics = fresh();
    metrics.executions.replayed("a\"} 1\nevil_total{b=\"c\\");
    metrics.executions.replayed(&"x".repeat(10_000));
    metrics.executions.replayed("a\u{1f}b");
    let text = metrics.registry.render().unwrap();
    assert!(!text.lines().any(|line| line.starts_with("evil")), "{text}");
    assert!(text.contains("provider=\"other\"} 2"), "{text}");
    assert!(text.lines().all(|line| line.len() < 300), "{text}");
}
