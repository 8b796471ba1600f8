//! What the dashboards show exists, and what is counted is shown.

use std::collections::BTreeSet;

use gatehouse_engine::metrics::{Declared, Kind, Metrics};
use serde_json::Value;

use super::{files, text};

/// Metrics that no dashboard shows, and why. None so far.
const NOT_SHOWN: &[&str] = &[];

/// What Grafana and Prometheus themselves add to a series.
const ADDED_LABELS: &[&str] = &["le", "job", "instance"];

fn declared() -> Vec<&'static Declared> {
    Metrics::declared().chain(gatehouse_api::METRICS.iter().copied()).collect()
}

/// Every query of a dashboard, those of its variables included.
fn queries(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(query) if name == "expr" || name == "definition" => found.push(query.clone()),
                    value => queries(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, found)),
        _ => {}
    }
}

fn words(query: &str) -> impl Iterator<Item = &str> {
    query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

fn is_metric(word: &&str) -> bool {
    word.starts_with("gatehouse_") || word.starts_with("process_")
}

/// The metric that a word of a query means: histograms are queried by their parts.
fn meant(word: &str) -> Option<&'static Declared> {
    declared().into_iter().find(|declared| match declared.kind {
        Kind::Histogram(_) => {
            ["_bucket", "_sum", "_count"].iter().any(|end| word.strip_suffix(end) == Some(declared.name))
        }
        Kind::Counter | Kind::Gauge => word == declared.name,
    })
}

/// The labels in `by (…)` and `{…}`.
fn labels(query: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (open, close) in [("by (", ')'), ("ignoring (", ')')] {
        for part in query.split(open).skip(1) {
            found.extend(words(part.split(close).next().unwrap()));
        }
    }
    for part in query.split('{').skip(1) {
        let matchers = part.split('}').next().unwrap().split(',');
        found.extend(matchers.filter_map(|matcher| words(matcher.split(['=', '!']).next().unwrap()).next()));
    }
    found
}

fn check(file: &str, query: &str, shown: &mut BTreeSet<&'static str>) {
    let metrics: Vec<&str> = words(query).filter(is_metric).collect();
    assert!(!metrics.is_empty(), "{file}: a query without a metric of ours: {query}");
    let mut known: Vec<&str> = ADDED_LABELS.to_vec();
    for word in metrics {
        let metric = meant(word).unwrap_or_else(|| panic!("{file}: `{word}` is not declared: {query}"));
        shown.insert(metric.name);
        known.extend(metric.labels);
    }
    for label in labels(query) {
        assert!(known.contains(&label), "{file}: no metric has the label `{label}`: {query}");
    }
}

#[test]
fn dashboards_and_metrics_fit_each_other() {
    let all = files().into_iter().filter(|path| path.starts_with("dashboards"));
    let (boards, rules): (Vec<_>, Vec<_>) = all.partition(|path| path.extension().is_some_and(|end| end == "json"));
    assert!(boards.len() >= 3 && rules.len() == 1, "{boards:?} {rules:?}");
    let mut shown = BTreeSet::new();
    let mut uids = BTreeSet::new();
    for path in boards {
        let name = path.display().to_string();
        let board: Value = serde_json::from_str(&text(&path)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(uids.insert(board["uid"].as_str().unwrap().to_owned()), "{name}: two dashboards have one uid");
        let mut found = Vec::new();
        queries(&board, &mut found);
        assert!(found.len() > 10, "{name} has {} queries", found.len());
        found.iter().for_each(|query| check(&name, query, &mut shown));
    }
    for rule in text(&rules[0]).split("expr: >-").skip(1) {
        // The expression ends where its indentation does.
        let lines = rule.lines().skip(1).take_while(|line| line.starts_with("          "));
        let query = lines.collect::<Vec<_>>().join(" ");
        // What a rule has recorded has colons in its name, and is no metric of ours.
        let words = query.split_whitespace().filter(|word| !word.contains(':')).collect::<Vec<_>>().join(" ");
        if words.contains("gatehouse_") {
            check("the rules", &words, &mut BTreeSet::new());
        }
    }
    for metric in declared() {
        let listed = NOT_SHOWN.contains(&metric.name);
        assert_ne!(shown.contains(metric.name), listed, "{}: show it in a dashboard, or list it", metric.name);
    }
}
