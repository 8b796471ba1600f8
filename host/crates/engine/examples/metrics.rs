//! What counting costs: everything that one write execution counts and times in the engine, over
//! and over, and one scrape of it. `cargo build --release --workspace --example metrics`.

#![allow(clippy::print_stdout, reason = "it is a program that answers with a line")]

use std::time::{Duration, Instant};

use gatehouse_domain::Result;
use gatehouse_domain::execution::{Cost, ProviderCall};
use gatehouse_domain::time::Timestamp;
use gatehouse_engine::metrics::{Declared, Metrics, Operation, SECONDS, Value};
use gatehouse_runtime::{Answer, Report};

const HTTP: Declared = Declared::counter("http_total", "Requests.", &["method", "route", "status"]);
const HTTP_TIME: Declared = Declared::histogram("http_seconds", "Time.", SECONDS, &["method", "route", "status"]);

const ROUNDS: u32 = 1_000_000;
/// Reads of the store in one execution.
const READS: usize = 8;

fn main() -> Result<()> {
    let metrics = Metrics::new(Timestamp::UNIX_EPOCH);
    // The API counts its requests with the same parts.
    let (requests, times) = (metrics.registry.counters(&HTTP), metrics.registry.histograms(&HTTP_TIME));
    let report = Report {
        outcome: Answer::Ok(serde_json::Value::Null),
        cost: Cost { cpu_ticks: 0, memory_bytes: 1 << 20, host_calls: 4, wall_us: 900 },
        log: Vec::new(),
        instantiation: Some(Duration::from_micros(8)),
    };
    let calls = [ProviderCall {
        method: "POST".to_owned(),
        url: "https://api.example.com/v1/payments".to_owned(),
        status: Some(200),
        error: None,
        request_bytes: 100,
        response_bytes: 900,
        duration_us: 700,
        answer_lost: false,
        reads: false,
        failure: None,
        rate: None,
    }];
    let took = Duration::from_micros(90);
    let provider = Value::Name("acme");
    let place = [Value::Word("POST"), Value::Name("/api/v1/integrations/{integration}/execute"), Value::Name("200")];
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let running = metrics.executions.begin();
        for _ in 0..READS {
            metrics.store.ended(Operation::Read, &Ok(()), took);
        }
        for _ in 0..2 {
            metrics.store.ended(Operation::Commit, &Ok(()), took);
        }
        metrics.plugins.called("acme", &report);
        metrics.egress.requested("acme", &calls);
        metrics.executions.counted(provider, Value::Name("PROCESS_PAYMENT"), "succeeded", took);
        requests.one(&place);
        times.time(&place, took);
        drop(running);
    }
    let each = began.elapsed() / ROUNDS;
    let began = Instant::now();
    let text = metrics.registry.render()?;
    println!("{} ns an execution; a scrape of {} bytes takes {:?}", each.as_nanos(), text.len(), began.elapsed());
    Ok(())
}
